// The relays that an observer has to do with: who is connected, what each said of itself last, and what all of them are together.
// Invariant: a counter of all relays never falls while this process lives, whichever relay comes or goes; it is told only when every relay
// that is expected has spoken, so that a scraper does not take an observer's restart for one relay's share of the traffic.
// Not here: their sessions (sessions.ts).

import { limits } from '../config/limits.js';
import { type RelayCounts, type RelayStatus, sumOfCounts, sumOfStatuses } from '../proxy/stream/relay-status.js';

export interface ExpectedRelays {
  /** How many there are; undefined = not known, as with relays that run by themselves. */
  count: number | undefined;
  /** Counters of relays that ended before this process began. */
  ended: RelayCounts;
}

/** Relays look for an observer every two seconds: who has not come after this does not run. */
const WAIT_MS = 5_000;

export class Relays {
  readonly #expected: number | undefined;
  readonly #startedMs = performance.now();
  readonly #connected = new Set<string>();
  readonly #statuses = new Map<string, RelayStatus>();
  /** Of relays that went and may come back under their name, latest last. */
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

  /** Whoever still runs has come: what the store has of others is over. */
  get complete(): boolean {
    return this.#reached(this.#connected.size);
  }

  /** All as one; undefined while not all have spoken. */
  get together(): RelayStatus | undefined {
    if (!this.#allSpoke) return undefined;
    return sumOfStatuses(this.#statuses.values(), sumOfCounts([this.#endedCounts, ...this.#gone.values()]));
  }

  #reached(count: number): boolean {
    return (this.#expected !== undefined && count >= this.#expected) || performance.now() - this.#startedMs > WAIT_MS;
  }
}
