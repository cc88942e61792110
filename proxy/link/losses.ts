// Counts losses by minute and reason, cumulative for the life of the relay process.
// Invariant: a count only grows, so sending it again after a restart of the observer neither drops nor doubles
// anything. A minute is forgotten only when it is over and its last count is acknowledged as stored.
// Not here: when something counts as lost (link.ts, session/), batches (ledger.ts).

import type { LossReason } from '../stream/observation.js';

interface Entry {
  minute: number;
  reason: LossReason;
  count: number;
  /** How much of the count is acknowledged as stored. */
  stored: number;
  /** Sequence of the batch with this count; 0 = not sent since the count grew. */
  sentIn: number;
}

export class Losses {
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Entry>();
  #unsent = false;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  add(reason: LossReason, count: number, minute: number): void {
    const key = `${minute} ${reason}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= this.#entriesMax) entry = this.#oldestOf(reason);
      if (entry === undefined) {
        entry = { minute, reason, count: 0, stored: 0, sentIn: 0 };
        this.#entries.set(key, entry);
      }
    }
    entry.count += count;
    entry.sentIn = 0;
    this.#unsent = true;
  }

  get unsent(): boolean {
    return this.#unsent;
  }

  /** Hands out the counts that grew since they were last sent. They travel in batch `sequence`. */
  send(sequence: number, write: (minute: number, reason: LossReason, count: number) => void): void {
    for (const entry of this.#entries.values()) {
      if (entry.sentIn !== 0) continue;
      entry.sentIn = sequence;
      write(entry.minute, entry.reason, entry.count);
    }
    this.#unsent = false;
  }

  /** All counts are to be sent again. */
  resend(): void {
    for (const entry of this.#entries.values()) entry.sentIn = 0;
    this.#unsent = this.#entries.size > 0;
  }

  acknowledged(sequence: number, currentMinute: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.sentIn === 0 || entry.sentIn > sequence) continue;
      entry.stored = entry.count;
      if (entry.minute < currentMinute - 1) this.#entries.delete(key);
    }
  }

  /** Lost executions that no observer is known to have stored. */
  get unstored(): number {
    let unstored = 0;
    for (const { count, stored } of this.#entries.values()) unstored += count - stored;
    return unstored;
  }

  /** The sum of all counts that are still held: for tests. */
  total(): number {
    let total = 0;
    for (const entry of this.#entries.values()) total += entry.count;
    return total;
  }

  #oldestOf(reason: LossReason): Entry | undefined {
    for (const entry of this.#entries.values()) if (entry.reason === reason) return entry;
    return undefined;
  }
}
