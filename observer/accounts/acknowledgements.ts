// The last batch taken of each relay: stored with what its batches said, then acknowledged.
// Invariant: a batch is acknowledged only after it is stored. Not here: where acknowledgements go (observer-links.ts).

import type { RelayProgress } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';

export class Acknowledgements implements Pending<RelayProgress> {
  readonly #acknowledge: (relayId: string, sequence: number) => void;
  readonly #taken = new Map<string, number>();
  /** Relays whose link ended, and whether they said so: the next flush stores the last of them. */
  readonly #ended = new Map<string, boolean>();

  constructor(acknowledge: (relayId: string, sequence: number) => void) {
    this.#acknowledge = acknowledge;
  }

  begins(relayId: string): void {
    this.#ended.delete(relayId);
    // In every flush from now on, so that one that is killed is missed, even if it never observed anything.
    if (!this.#taken.has(relayId)) this.#taken.set(relayId, 0);
  }

  taken(relayId: string, sequence: number): void {
    this.#taken.set(relayId, sequence);
  }

  /** `known`: whatever is missing of it is counted, or noted as a gap. */
  ends(relayId: string, known: boolean): void {
    this.#ended.set(relayId, known);
  }

  /** A relay that runs is in each flush: the store tells by it which relays are alive. */
  *pending(): Iterable<RelayProgress> {
    for (const [relayId, lastSequence] of this.#taken) {
      yield { relayId, lastSequence, ended: this.#ended.get(relayId) ?? false };
    }
  }

  stored(): void {
    for (const [relayId, sequence] of this.#taken) this.#acknowledge(relayId, sequence);
    for (const [relayId, known] of this.#ended) {
      // One that may still come back, or was killed, stays in every flush until that is known.
      if (!known) continue;
      this.#taken.delete(relayId);
      this.#ended.delete(relayId);
    }
  }
}
