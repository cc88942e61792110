// Knows the relays of an observer: who is connected, the last status of each, and their sum.
// Invariant: the sum of a counter never falls while this process lives, whichever relay comes or goes. There is no sum
// until every expected relay has spoken: otherwise a scraper would see one relay's share after a restart. Not here:
// their sessions (analyzer/sessions/).

import { limits } from '../../config/limits.js';
import { type RelayCounts, type RelayStatus, sumOfCounts, sumOfStatuses } from '../../proxy/stream/relay-status.js';

export interface ExpectedRelays {
  /** Their number; undefined = not known, as with relays that run by themselves. */
  count: number | undefined;
  /** Counters of relays that ended before this process began. */
  ended: RelayCounts;
}

/** Relays look for an observer every two seconds: one that has not come by then does not run. */
const WAIT_MS = 5_000;

export class Relays {
  readonly #expected: number | undefined;
  readonly #startedMs = performance.now();
  readonly #connected = new Set<string>();
  readonly #statuses = new Map<string, RelayStatus>();
  /** Statuses of relays that went and may come back under their id, latest last. */
  readonly #gone = new Map<string, RelayStatus>();
  #endedCounts: RelayCounts;
  #allSpoke = false;

  constructor({ count, ended }: ExpectedRelays) {
    this.#expected = count;
    this.#endedCounts = ended;
  }

  begins(relayId: string): void {
    this.#connected.add(relayId);
  }

  ends(relayId: string): void {
    this.#connected.delete(relayId);
    const status = this.#statuses.get(relayId);
    if (status === undefined) return;
    this.#statuses.delete(relayId);
    this.#gone.set(relayId, status);
    for (const [oldest, counts] of this.#gone) {
      if (this.#gone.size <= limits.relaysMax) break;
      this.#gone.delete(oldest);
      this.#endedCounts = sumOfCounts([this.#endedCounts, counts]);
    }
  }

  says(relayId: string, status: RelayStatus): void {
    this.#gone.delete(relayId);
    this.#statuses.set(relayId, { ...status });
    this.#allSpoke ||= this.#reached(this.#statuses.size);
  }

  get connected(): readonly string[] {
    return [...this.#connected];
  }

  /** All running relays have come: sessions of others in the store are over. */
  get complete(): boolean {
    return this.#reached(this.#connected.size);
  }

  /** The sum of all relays; undefined until all have spoken. */
  get together(): RelayStatus | undefined {
    if (!this.#allSpoke) return undefined;
    return sumOfStatuses(this.#statuses.values(), sumOfCounts([this.#endedCounts, ...this.#gone.values()]));
  }

  #reached(count: number): boolean {
    return (this.#expected !== undefined && count >= this.#expected) || performance.now() - this.#startedMs > WAIT_MS;
  }
}
