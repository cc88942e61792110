// Carries observations to the observer in batches, with a bounded queue.
//
//   down ──attach──► greeting ──welcome──► live ◄──drained── shedding
//     ▲                                      │ queue full ───────▲
//     └────────────── detach ────────────────┴────────────────────┘
//
// Invariant: an execution is written into a batch or counted as lost, never both. A batch is never sent twice. The
// queue never holds more than linkQueueBytesMax. Whenever the link becomes live, all open sessions are announced again
// (resync): a restart and an overload end in the same way.
// Not here: what is unacknowledged or lost (ledger.ts), frames from the observer (observer-answers.ts), how texts
// travel (known-texts.ts), the observer's process (observer-process.ts), the bytes of records (stream/writer.ts).

import type { Duplex } from 'node:stream';
import type { Log } from '../../config/log.js';
import { minuteOf } from '../../config/values/minute.js';
import type { Execution } from '../session/execution.js';
import type { Running } from '../session/session.js';
import type { SessionEvents, SessionState } from '../session/session-state.js';
import type { PreparedText, SharedText, TextTable } from '../session/texts.js';
import { controlFrame, FrameKind } from '../stream/frames.js';
import { type CloseReason, executionCount, type LossReason, type SessionOpened } from '../stream/observation.js';
import { KeyedHash } from '../stream/parameters.js';
import type { RelayFigures } from '../stream/relay-status.js';
import { BatchWriter, type StatementFields } from '../stream/writer.js';
import { type AnnouncedSession, announce } from './announce.js';
import type { Clock } from './clock.js';
import { KnownTexts } from './known-texts.js';
import { Ledger } from './ledger.js';
import { greet } from './observer-answers.js';
import { emptyFields, fillFields, readyFields } from './statement-fields.js';

export type LinkLimits = Readonly<
  Record<'linkQueueBytesMax' | 'batchBytes' | 'batchAgeMs' | 'unacknowledgedBatchesMax' | 'lossMinutesMax', number>
>;

export interface LinkOptions {
  relayId: string;
  version: string;
  limits: LinkLimits;
  clock: Clock;
  texts: TextTable;
  sessions: () => Iterable<AnnouncedSession>;
  log: Log;
}

/** A larger batch goes to the socket with its buffer. A smaller one is copied, so that its buffer is used again. */
const COPY_BYTES_MAX = 16 * 1024;

export class ObserverLink implements SessionEvents {
  readonly #options: LinkOptions;
  readonly #ledger: Ledger;
  readonly #texts = new KnownTexts();
  readonly parameters = new KeyedHash();
  #writer: BatchWriter;
  #socket: Duplex | undefined;
  /** 'ending': the goodbye is sent, and nothing may follow it. */
  #mode: 'down' | 'greeting' | 'live' | 'shedding' | 'ending' = 'down';
  /** Executions in the batch that is being written. */
  #executions = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Called after each welcome. */
  onLive: () => void = () => {};
  #fields: StatementFields = emptyFields();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.clock, options.limits.lossMinutesMax);
    this.#writer = new BatchWriter(options.limits.batchBytes + COPY_BYTES_MAX);
    options.texts.onForgotten = (shared) => this.#forget(shared);
  }

  get live(): boolean {
    return this.#mode === 'live';
  }

  /** An observer is there, or is being greeted. */
  get attached(): boolean {
    return this.#socket !== undefined;
  }

  /** … and its store takes nothing. */
  get storeFails(): boolean {
    return this.attached && this.#ledger.storeFails;
  }

  get queueBytes(): number {
    return (this.#socket?.writableLength ?? 0) + this.#writer.length;
  }

  /** Executions that no observer is known to have stored, lost ones included. */
  get unstored(): number {
    return this.#ledger.unstored;
  }

  /** Monotonic ms since the last acknowledgement while a batch waits for one; 0 when none does. */
  silentForMs(nowMs: number): number {
    return this.#ledger.silentForMs(nowMs);
  }

  /** Greets a new observer at the other end of `socket`. */
  attach(socket: Duplex): void {
    this.detach();
    this.#socket = socket;
    this.#mode = 'greeting';
    const { relayId, version, log } = this.#options;
    greet(socket, {
      hello: { relayId, version },
      isPresent: () => socket === this.#socket,
      onWelcome: ({ lastSequence, parameterKey }) => {
        if (parameterKey !== undefined) this.parameters.use(parameterKey);
        this.#ledger.settle(lastSequence);
        this.#goLive();
        this.onLive();
      },
      onAcknowledged: (sequence) => this.#ledger.acknowledged(sequence),
      onGone: () => this.detach(),
      log,
    });
  }

  /** The observer is gone. Sent batches stay in the ledger until the next observer says what was stored. */
  detach(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#mode = 'down';
    this.#dropBatch('observer_lost');
    socket?.destroy();
  }

  /**
   * Sends the last batch and closes this side of the link. Resolves when the observer closed its side, or after
   * `deadlineMs`. Waits for an observer that is being started again, because it has to be told what was lost.
   */
  async end(deadlineMs: number): Promise<void> {
    const untilMs = this.#options.clock.now() + deadlineMs;
    const isAway = () => this.#mode === 'down' || this.#mode === 'greeting';
    while (isAway() && this.#ledger.owes && this.#options.clock.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, 20));
    // While shedding nothing is sent, but the losses have to be sent before the end.
    if (this.#mode === 'shedding') {
      this.#writer.reset();
      this.#mode = 'live';
    }
    this.flush();
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#mode = 'ending';
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end(controlFrame(FrameKind.goodbye, {}));
    });
  }

  /** Sends changed options behind everything written before. An absent observer will start with them. */
  configure(changed: object): void {
    this.flush();
    if (this.#mode !== 'ending') this.#socket?.write(controlFrame(FrameKind.configure, changed));
  }

  opened(opened: Omit<SessionOpened, 'kind' | 'resumed'>): void {
    if (this.#mode !== 'live') return;
    this.#writer.sessionOpened({ ...opened, resumed: false });
    this.#written();
  }

  ready(state: SessionState): void {
    if (this.#mode !== 'live') return;
    this.#writer.sessionReady(readyFields(state));
    this.#written();
  }

  closed(sessionId: number, closedAtMs: number, by: CloseReason): void {
    if (this.#mode !== 'live') return;
    this.#writer.sessionClosed(sessionId, closedAtMs, by);
    this.#written();
  }

  status(status: RelayFigures): void {
    if (this.#mode !== 'live') return;
    this.#writer.relayStatus(status);
    this.#written();
  }

  lost(reason: LossReason, executions: number): void {
    this.#lose(reason, executions);
  }

  /** Losses travel with the records or before them, so that an observer never knows of more than was lost. */
  lostTexts(state: SessionState, reason: LossReason, texts: readonly PreparedText[]): number {
    if (this.#mode !== 'live') return 0;
    const atMs = this.#options.clock.wall(this.#options.clock.now());
    this.#lose(reason, texts.length, atMs);
    const lost = { sessionId: state.sessionId, minute: minuteOf(atMs), reason };
    for (const prepared of texts) {
      if (!this.live) break;
      this.#writer.lostStatement({ ...lost, ...this.#texts.fieldsOf(prepared, this.#writer) });
      this.#written(); // A batch exceeds batchBytes by one text at most.
    }
    return texts.length;
  }

  running(sessionId: number, running: Running): void {
    if (this.#mode !== 'live') return;
    const text = this.#texts.fieldsOf(running.prepared, this.#writer);
    const startedAtMs = running.startedMs === 0 ? 0 : this.#options.clock.wall(running.startedMs);
    this.#writer.running({ sessionId, startedAtMs, ...text });
    this.#written();
  }

  statement(state: SessionState, execution: Execution): void {
    const executions = executionCount(execution);
    const completedAtMs = state.wallMs - (state.nowMs - execution.completedMs);
    if (this.#mode !== 'live') {
      this.#lose(this.#mode === 'shedding' ? 'queue_full' : 'observer_down', executions, completedAtMs);
      return;
    }
    const { text, textMissingBytes, textId, reading } = this.#texts.fieldsOf(execution.prepared, this.#writer);
    const fields = fillFields(this.#fields, { state, execution, completedAtMs });
    fields.text = text;
    fields.textMissingBytes = textMissingBytes;
    fields.textId = textId;
    fields.reading = reading;
    this.#writer.statement(fields);
    this.#executions += executions;
    this.#written();
  }

  /** Sends the batch that is being written, if it has anything. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    if (socket === undefined || this.#mode !== 'live') return;
    this.#ledger.writeLosses((minute, reason, count) => this.#writer.loss(minute, reason, count));
    if (this.#writer.empty) return;
    const frame = this.#writer.seal(this.#ledger.sent(this.#executions), this.#executions);
    this.#executions = 0;
    if (frame.length <= COPY_BYTES_MAX) {
      socket.write(Buffer.from(frame));
      this.#writer.reset();
    } else {
      socket.write(frame);
      this.#writer = new BatchWriter(this.#options.limits.batchBytes + COPY_BYTES_MAX);
    }
    const { linkQueueBytesMax, batchBytes, unacknowledgedBatchesMax } = this.#options.limits;
    if (
      socket.writableLength + batchBytes > linkQueueBytesMax ||
      this.#ledger.unacknowledged > unacknowledgedBatchesMax
    )
      this.#shed();
  }

  #shed(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#mode = 'shedding';
    this.#options.log.warn('the observer is too slow: statements are counted as not observed', {
      queueBytes: socket.writableLength,
    });
  }

  /** Ends shedding when the queue is empty and the observer acknowledges again. Called once a second. */
  recover(): void {
    if (this.#mode !== 'shedding' || this.#socket === undefined) return;
    if (this.#socket.writableLength > 0) return;
    if (this.#ledger.unacknowledged > this.#options.limits.unacknowledgedBatchesMax / 2) return;
    this.#goLive();
    this.#options.log.info('the observer keeps up again: open sessions are announced to it');
  }

  #goLive(): void {
    this.#mode = 'live';
    this.#texts.reset();
    this.#ledger.resend();
    this.#writer.reset();
    this.#writer.resyncBegin();
    for (const session of this.#options.sessions()) {
      announce(session, this.#writer);
      if (this.#writer.length >= this.#options.limits.batchBytes) this.flush();
      if (!this.live) return;
    }
    this.#writer.resyncEnd();
    this.flush();
  }

  #forget(shared: SharedText): void {
    if (this.#mode !== 'live' || !this.#texts.isKnown(shared)) return;
    this.#writer.textForgotten(shared.id);
    this.#written();
  }

  #written(): void {
    if (this.#writer.length >= this.#options.limits.batchBytes) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.limits.batchAgeMs);
  }

  #dropBatch(reason: LossReason): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#executions > 0) this.lost(reason, this.#executions);
    this.#executions = 0;
    this.#writer.reset();
  }

  /** `atMs`: wall clock; now when not given. */
  #lose(reason: LossReason, executions: number, atMs?: number): void {
    this.#ledger.lose(reason, executions, atMs);
    if (this.#mode === 'live') this.#timer ??= setTimeout(() => this.flush(), this.#options.limits.batchAgeMs);
  }
}
