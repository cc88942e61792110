// Keeps the accounts of the link: unacknowledged batches and executions that were not observed.
//
// Invariant: an execution is in the losses or in one batch, never in both. A batch that the observer did not store
// before it ended is moved to the losses when the next observer says what it stored last.
// Not here: when something counts as lost, bytes and sockets (link.ts), the counts of each minute (losses.ts).

import { minuteOf } from '../../config/values/minute.js';
import type { LossReason } from '../stream/observation.js';
import type { Clock } from './clock.js';
import { Losses } from './losses.js';

interface SentBatch {
  readonly sequence: number;
  readonly executions: number;
  /** The minute in which it was sent. */
  readonly minute: number;
}

export class Ledger {
  readonly #clock: Clock;
  readonly #losses: Losses;
  #sequence = 0;
  #unacknowledged: SentBatch[] = [];
  #lastAckMs = 0;
  #lastAck = 0;
  #storeFails = false;

  constructor(clock: Clock, lossMinutesMax: number) {
    this.#clock = clock;
    this.#losses = new Losses(lossMinutesMax);
  }

  /** Batches sent and not acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged.length;
  }

  /** Executions in batches that no observer acknowledged, and losses that none stored. */
  get unstored(): number {
    return this.#unacknowledged.reduce((sum, { executions }) => sum + executions, this.#losses.unstored);
  }

  /** An observer has yet to be told of losses, or to say which batches it stored. */
  get owes(): boolean {
    return this.#losses.unsent || this.#unacknowledged.length > 0;
  }

  /** Monotonic ms since the last acknowledgement while a batch waits for one; 0 when none does. */
  silentForMs(nowMs: number): number {
    return this.#unacknowledged.length === 0 ? 0 : nowMs - this.#lastAckMs;
  }

  /** `atMs`: wall clock; now when not given. */
  lose(reason: LossReason, executions: number, atMs = this.#wallMs()): void {
    this.#losses.add(reason, executions, minuteOf(atMs));
  }

  /** Hands out the losses that grew since they were last sent. They travel in the next batch. */
  writeLosses(write: (minute: number, reason: LossReason, count: number) => void): void {
    if (this.#losses.unsent) this.#losses.send(this.#sequence + 1, write);
  }

  /** A batch with so many executions is sent now. Returns its sequence. */
  sent(executions: number): number {
    const sequence = ++this.#sequence;
    if (this.#unacknowledged.length === 0) this.#lastAckMs = this.#clock.now();
    this.#unacknowledged.push({ sequence, executions, minute: minuteOf(this.#wallMs()) });
    return sequence;
  }

  /** The observer stored every batch up to `sequence`. */
  acknowledged(sequence: number): void {
    this.#lastAckMs = this.#clock.now();
    // It says the last one again only while its store fails, so that it does not count as hung.
    this.#storeFails = sequence <= this.#lastAck;
    this.#lastAck = sequence;
    const waiting = this.#unacknowledged;
    let stored = 0;
    while (stored < waiting.length && waiting[stored].sequence <= sequence) stored++;
    if (stored > 0) waiting.splice(0, stored);
    this.#losses.acknowledged(sequence, minuteOf(this.#wallMs()));
  }

  /** A new observer has stored up to `lastSequence`: every later batch was lost with the observer before it. */
  settle(lastSequence: number): void {
    for (const { sequence, executions, minute } of this.#unacknowledged) {
      if (sequence > lastSequence && executions > 0) this.#losses.add('observer_lost', executions, minute);
    }
    this.#unacknowledged = [];
    this.#lastAck = lastSequence;
    this.#storeFails = false;
  }

  /** The observer said last that its store takes nothing. */
  get storeFails(): boolean {
    return this.#storeFails;
  }

  /** All losses are to be sent again. */
  resend(): void {
    this.#losses.resend();
  }

  #wallMs(): number {
    return this.#clock.wall(this.#clock.now());
  }
}
