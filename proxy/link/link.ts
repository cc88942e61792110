// Carries observations to the observer: batches, a bounded queue, acknowledgements, and the count of what did not arrive.
//
//   down ──attach──► greeting ──welcome──► live ◄──drained── shedding
//     ▲                                      │ queue full ───────▲
//     └────────────── detach ────────────────┴────────────────────┘
//
// Invariant: an execution is encoded into a batch or added to the losses, never both; a batch that no observer stored is added to the
// losses when the next observer says what it stored last. Batches are never sent twice. The queue never holds more than queueBytesMax.
// Whenever the link turns live, all open sessions are announced again (resync): one way back for a restart and for overload.
// Not here: the observer's process (observer-process.ts), bytes of records (writer.ts).

import type { Duplex } from 'node:stream';
import type { Log } from '../../config/log.js';
import { minuteOf } from '../../config/values/minute.js';
import type { Execution } from '../session/execution.js';
import type { Running } from '../session/session.js';
import type { SessionEvents, SessionState } from '../session/session-state.js';
import type { PreparedText, SharedText, TextTable } from '../session/texts.js';
import { controlFrame, FrameKind, FrameReader, type Hello, type Welcome } from '../stream/frames.js';
import {
  type CloseReason,
  executionCount,
  type LossReason,
  SCHEMA_VERSION,
  type SessionOpened,
} from '../stream/observation.js';
import type { RelayFigures } from '../stream/relay-status.js';
import { BatchWriter, type StatementFields } from '../stream/writer.js';
import type { Clock } from './clock.js';
import { Losses } from './losses.js';
import { emptyFields, fillFields } from './statement-fields.js';

export interface LinkLimits {
  linkQueueBytesMax: number;
  batchBytes: number;
  batchAgeMs: number;
  unacknowledgedBatchesMax: number;
  lossMinutesMax: number;
}

/** An open session as the link announces it. */
export interface AnnouncedSession {
  opened: Omit<SessionOpened, 'kind' | 'resumed'>;
  state: SessionState;
}

export interface LinkOptions {
  relayId: string;
  version: string;
  limits: LinkLimits;
  clock: Clock;
  texts: TextTable;
  sessions: () => Iterable<AnnouncedSession>;
  log: Log;
}

/** A batch this large is handed to the socket as it is; a smaller one is copied so that its buffer serves again. */
const COPY_BYTES_MAX = 16 * 1024;

export class ObserverLink implements SessionEvents {
  readonly #options: LinkOptions;
  readonly #losses: Losses;
  #writer: BatchWriter;
  #socket: Duplex | undefined;
  #mode: 'down' | 'greeting' | 'live' | 'shedding' = 'down';
  /** Which texts this observer was told: SharedText.announcedIn equals it. */
  #generation = 1;
  #sequence = 0;
  #executions = 0;
  /** Sent and not known to be stored. */
  #unacknowledged: Array<{ sequence: number; executions: number; minute: number }> = [];
  #timer: NodeJS.Timeout | undefined;
  #lastAckMs = 0;
  /** Called after each welcome. */
  onLive: () => void = () => {};
  #fields: StatementFields = emptyFields();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#losses = new Losses(options.limits.lossMinutesMax);
    this.#writer = new BatchWriter(options.limits.batchBytes + COPY_BYTES_MAX);
    options.texts.onForgotten = (shared) => this.#forget(shared);
  }

  get live(): boolean {
    return this.#mode === 'live';
  }

  get queueBytes(): number {
    return (this.#socket?.writableLength ?? 0) + this.#writer.length;
  }

  /** Monotonic ms since the observer last acknowledged anything while something waits for it; 0 when nothing does. */
  silentForMs(nowMs: number): number {
    return this.#unacknowledged.length === 0 ? 0 : nowMs - this.#lastAckMs;
  }

  /** A new observer's end of the link. */
  attach(socket: Duplex): void {
    this.detach();
    this.#socket = socket;
    this.#mode = 'greeting';
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      if (socket !== this.#socket) return;
      try {
        reader.feed(chunk, (kind, body) => this.#frame(kind, body));
      } catch (error) {
        this.#options.log.warn('the observer sent a damaged frame: the link is closed', { error: String(error) });
        socket.destroy();
      }
    });
    const gone = () => {
      if (socket === this.#socket) this.detach();
    };
    socket.on('close', gone);
    socket.on('error', gone);
    const hello: Hello = {
      schemaVersion: SCHEMA_VERSION,
      relayId: this.#options.relayId,
      version: this.#options.version,
    };
    socket.write(controlFrame(FrameKind.hello, hello));
  }

  /** The observer is gone. What was sent is kept as numbers until the next one says what it has. */
  detach(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#mode = 'down';
    this.#dropBatch('observer_lost');
    socket?.destroy();
  }

  /**
   * Sends what waits and tells the observer that there is no more; resolves when it closed its end, or after `deadlineMs`.
   * An observer that is just being started again is waited for, because it has to be told what was lost.
   */
  async end(deadlineMs: number): Promise<void> {
    const untilMs = this.#options.clock.now() + deadlineMs;
    while (this.#owesNumbers && this.#options.clock.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, 20));
    // While shedding nothing is sent, but what was lost meanwhile has to be said before the end.
    if (this.#mode === 'shedding') {
      this.#writer.reset();
      this.#mode = 'live';
    }
    this.flush();
    const socket = this.#socket;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    });
  }

  /** No observer is there to be told what was lost. */
  get #owesNumbers(): boolean {
    const down = this.#mode === 'down' || this.#mode === 'greeting';
    return down && (this.#losses.unsent || this.#unacknowledged.length > 0);
  }

  /** What of the configuration changes while an observer runs; one that is not there is started with it. Comes in its turn. */
  configure(changed: object): void {
    this.flush();
    this.#socket?.write(controlFrame(FrameKind.configure, changed));
  }

  opened(opened: Omit<SessionOpened, 'kind' | 'resumed'>): void {
    if (this.#mode !== 'live') return;
    this.#writer.sessionOpened({ ...opened, resumed: false });
    this.#written();
  }

  ready(state: SessionState): void {
    if (this.#mode !== 'live') return;
    this.#writeReady(state);
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
    this.#lose(reason, executions, this.#options.clock.wall(this.#options.clock.now()));
  }

  running(sessionId: number, running: Running): void {
    if (this.#mode !== 'live') return;
    const { clock } = this.#options;
    const text = this.#text(running.prepared);
    this.#writer.running({ sessionId, startedAtMs: clock.wall(running.startedMs), ...text });
    this.#written();
  }

  statement(state: SessionState, execution: Execution): void {
    const executions = executionCount(execution);
    const completedAtMs = state.wallMs - (state.nowMs - execution.completedMs);
    if (this.#mode !== 'live') {
      this.#lose(this.#mode === 'shedding' ? 'queue_full' : 'observer_down', executions, completedAtMs);
      return;
    }
    const { text, textMissingBytes, textId } = this.#text(execution.prepared);
    const fields = fillFields(this.#fields, { state, execution, completedAtMs });
    fields.text = text;
    fields.textMissingBytes = textMissingBytes;
    fields.textId = textId;
    this.#writer.statement(fields);
    this.#executions += executions;
    this.#written();
  }

  /** Sends the batch begun, if any. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const socket = this.#socket;
    if (socket === undefined || this.#mode !== 'live') return;
    if (this.#losses.unsent) {
      this.#losses.send(this.#sequence + 1, (minute, reason, count) => this.#writer.loss(minute, reason, count));
    }
    if (this.#writer.empty) return;
    const sequence = ++this.#sequence;
    const frame = this.#writer.seal(sequence, this.#executions);
    const minute = this.#minute(this.#options.clock.wall(this.#options.clock.now()));
    if (this.#unacknowledged.length === 0) this.#lastAckMs = this.#options.clock.now();
    this.#unacknowledged.push({ sequence, executions: this.#executions, minute });
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
      this.#unacknowledged.length > unacknowledgedBatchesMax
    )
      this.#shed();
  }

  #shed(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#mode = 'shedding';
    this.#options.log.warn('the observer does not keep up: statements are counted as not observed', {
      queueBytes: socket.writableLength,
    });
  }

  /** While shedding: back to live when the queue is empty and the observer acknowledges again. Called by the relay's second tick. */
  recover(): void {
    if (this.#mode !== 'shedding' || this.#socket === undefined) return;
    if (this.#socket.writableLength > 0) return;
    if (this.#unacknowledged.length > this.#options.limits.unacknowledgedBatchesMax / 2) return;
    this.#goLive();
    this.#options.log.info('the observer keeps up again: open sessions are announced to it');
  }

  #goLive(): void {
    this.#mode = 'live';
    this.#generation++;
    this.#losses.resend();
    this.#writer.reset();
    this.#writer.resyncBegin();
    for (const { opened, state } of this.#options.sessions()) {
      this.#writer.sessionOpened({ ...opened, resumed: true });
      if (!state.starting) this.#writeReady(state);
      if (this.#writer.length >= this.#options.limits.batchBytes) this.flush();
      if (!this.live) return;
    }
    this.#writer.resyncEnd();
    this.flush();
  }

  #frame(kind: number, body: Buffer): void {
    if (kind === FrameKind.ack) this.#acknowledged(body.readDoubleLE(0));
    else if (kind === FrameKind.welcome) this.#welcome(JSON.parse(body.toString('utf8')) as Welcome);
  }

  #welcome(welcome: Welcome): void {
    if (welcome.schemaVersion !== SCHEMA_VERSION) {
      this.#options.log.error('observer and relay are of different releases: use one', {
        observer: welcome.schemaVersion,
        relay: SCHEMA_VERSION,
      });
      this.detach();
      return;
    }
    for (const batch of this.#unacknowledged) {
      if (batch.sequence > welcome.lastSequence && batch.executions > 0)
        this.#losses.add('observer_lost', batch.executions, batch.minute);
    }
    this.#unacknowledged = [];
    this.#goLive();
    this.onLive();
  }

  #acknowledged(sequence: number): void {
    const now = this.#options.clock.now();
    this.#lastAckMs = now;
    const waiting = this.#unacknowledged;
    let stored = 0;
    while (stored < waiting.length && waiting[stored].sequence <= sequence) stored++;
    if (stored > 0) waiting.splice(0, stored);
    this.#losses.acknowledged(sequence, this.#minute(this.#options.clock.wall(now)));
  }

  #writeReady(state: SessionState): void {
    this.#writer.sessionReady({
      sessionId: state.sessionId,
      serverVersion: state.serverVersion,
      applicationName: state.applicationName,
      clientEncoding: state.clientEncoding,
      serverTimeZone: state.serverTimeZone,
      backslashEscapes: state.backslashEscapes,
      backendPid: state.backendPid,
      transactionStatus: state.transaction.status,
      transactionSinceMs: state.transaction.sinceMs,
    });
  }

  /** How a statement's SQL travels: by id when the observer knows (or is now told) a shared text, else inline. */
  #text(prepared: PreparedText | undefined): { text: string | null; textMissingBytes: number; textId: number } {
    if (prepared === undefined) return UNKNOWN;
    const shared = prepared.shared;
    if (shared === undefined) return { text: prepared.text, textMissingBytes: prepared.missingBytes, textId: 0 };
    if (shared.announcedIn !== this.#generation) {
      if (shared.text === undefined) return UNKNOWN;
      this.#writer.textDefined(shared.id, shared.text, shared.missingBytes);
      shared.announcedIn = this.#generation;
    }
    return { text: null, textMissingBytes: 0, textId: shared.id };
  }

  #forget(shared: SharedText): void {
    if (this.#mode !== 'live' || shared.announcedIn !== this.#generation) return;
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

  #lose(reason: LossReason, executions: number, atMs: number): void {
    this.#losses.add(reason, executions, this.#minute(atMs));
    if (this.#mode === 'live') this.#timer ??= setTimeout(() => this.flush(), this.#options.limits.batchAgeMs);
  }

  #minute(wallMs: number): number {
    return minuteOf(wallMs);
  }
}

const UNKNOWN = { text: null, textMissingBytes: 0, textId: 0 };
