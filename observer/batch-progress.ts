// The last batch taken of each relay: stored with what its batches said, then acknowledged.
// Invariant: a batch is acknowledged only after it is stored. Not here: where acknowledgements go (service.ts).

import type { RelayProgress } from '../facts/flush.js';
import type { Pending } from '../facts/pending.js';

export class BatchProgress implements Pending<RelayProgress> {
  readonly #acknowledge: (relayId: string, sequence: number) => void;
  readonly #taken = new Map<string, number>();
  /** Relays whose link ended: the next flush stores the last of them. */
  readonly #ended = new Set<string>();

  constructor(acknowledge: (relayId: string, sequence: number) => void) {
    this.#acknowledge = acknowledge;
  }

  begins(relayId: string): void {
    this.#ended.delete(relayId);
  }

  taken(relayId: string, sequence: number): void {
    this.#taken.set(relayId, sequence);
  }

  ends(relayId: string): void {
    this.#ended.add(relayId);
  }

  /** A relay that runs is in each flush: the store tells by it which relays are alive. */
  *pending(): Iterable<RelayProgress> {
    for (const [relayId, lastSequence] of this.#taken) yield { relayId, lastSequence };
  }

  stored(): void {
    for (const [relayId, sequence] of this.#taken) this.#acknowledge(relayId, sequence);
    for (const relayId of this.#ended) this.#taken.delete(relayId);
    this.#ended.clear();
  }
}
