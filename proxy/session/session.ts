// Observes one connection: copies of its bytes go in, observations come out.
// Invariant: no bytes make it throw, it keeps no chunk that it was given, and it changes nothing of the traffic.
// When framing is lost the session is opaque for good: it reads no more, and counts that.
// Not here: sockets (watch/, connection/), the observer link (link/).

import { limits } from '../../config/limits.js';
import type { LossReason } from '../stream/observation.js';
import type { MessageTable } from '../wire/message-codes.js';
import { MessageScanner } from '../wire/message-scanner.js';
import { loseAll, recover } from './adrift.js';
import type { Execution } from './execution.js';
import { RequestKind } from './outstanding.js';
import { cutOff, textAhead } from './portals.js';
import { Replies } from './replies.js';
import { Requests } from './requests.js';
import { type SessionEvents, type SessionLimits, SessionState, type TrackerCounters } from './session-state.js';
import type { PreparedText, TextTable } from './texts.js';

export interface SessionShared {
  events: SessionEvents;
  counters: TrackerCounters;
  limits: SessionLimits;
  texts: TextTable;
  clientTable: MessageTable;
  serverTable: MessageTable;
}

/** A request that has been in flight for a second. */
export interface Running {
  /** Monotonic clock; 0 = the last one that was told is in flight no more, and no other is. */
  startedMs: number;
  prepared: PreparedText | undefined;
}

const NONE_RUNS: Running = { startedMs: 0, prepared: undefined };

export class Session {
  readonly state: SessionState;
  readonly #client: MessageScanner;
  readonly #server: MessageScanner;
  readonly #replies: Replies;
  /** Framing is lost, or the stream is none to read (replication, protocol 2). */
  opaque = false;
  #lastChunkMs = 0;
  /** Told to run, and not told to run no more. */
  #told: Execution | undefined = undefined;

  constructor(sessionId: number, shared: SessionShared) {
    this.state = new SessionState(sessionId, shared);
    const lost = () => this.goOpaque();
    this.#replies = new Replies(this.state, lost);
    this.#client = new MessageScanner(shared.clientTable, new Requests(this.state, lost));
    this.#server = new MessageScanner(shared.serverTable, this.#replies);
  }

  /** Bytes from the client; `nowMs` monotonic, `wallMs` wall clock. */
  client(chunk: Buffer, nowMs: number, wallMs: number): void {
    if (this.opaque) return;
    this.#clock(nowMs, wallMs);
    this.#client.feed(chunk);
  }

  /** Bytes from the server; clocks as for client(). */
  server(chunk: Buffer, nowMs: number, wallMs: number): void {
    if (this.opaque) return;
    this.#clock(nowMs, wallMs);
    this.#server.feed(chunk);
  }

  /** The upstream was not read for `stallMs`, because the client did not take its bytes. */
  stalled(stallMs: number): void {
    const execution = this.state.outstanding.size > 0 ? this.state.head()?.execution : undefined;
    if (execution !== undefined) execution.clientStallMs += stallMs;
  }

  goOpaque(): void {
    if (this.opaque) return;
    this.opaque = true;
    this.state.counters.opaqueTotal++;
    loseAll(this.state, 'opaque');
    this.state.names.dropStatements();
    this.#client.stop();
    this.#server.stop();
  }

  /** Called about once a second. Returns what is to be told: a request in flight for a second, or NONE_RUNS. */
  tick(nowMs: number): Running | undefined {
    const state = this.state;
    if (this.opaque) return this.#nothingRuns();
    if (nowMs - this.#lastChunkMs > limits.runningAfterMs) {
      // Flush without Sync: no ReadyForQuery will tell the transaction status soon.
      if (state.finished.length > 0) state.send();
      // The connection is silent after a ReadyForQuery: whatever was owed has come, or never will.
      if (state.adrift && this.#server.atBoundary && state.unsynced === 0 && state.lastReplyWasReady) recover(state);
    }
    const near = state.adrift || state.doubt !== undefined ? 0 : state.outstanding.near;
    for (let i = 0; i < near; i++) {
      const { execution } = state.outstanding.at(i);
      if (execution === undefined) continue;
      if (execution === this.#told) return undefined;
      const startedMs = Math.max(execution.startMs, state.finishedMs);
      if (nowMs - startedMs < limits.runningAfterMs) break;
      this.#told = execution;
      return { startedMs, prepared: textAhead(state, i, execution) };
    }
    return this.#nothingRuns();
  }

  /** Answered, or its portal is suspended, or the session is no longer followed: an observer need not tell which. */
  #nothingRuns(): Running | undefined {
    if (this.#told === undefined) return undefined;
    this.#told = undefined;
    return NONE_RUNS;
  }

  /** Another observer comes: what runs is told again at the next tick. */
  tellAgain(): void {
    this.#told = undefined;
  }

  /** Nothing outstanding, not in a transaction. */
  get idle(): boolean {
    const { state } = this;
    if (state.transaction.status !== 'I') return false;
    return state.doubt === undefined ? state.head() === undefined : state.doubt.mayBeIdle;
  }

  /** The server's last message is whole: a message of our own may follow it. */
  get atBoundary(): boolean {
    return !this.opaque && this.#server.atBoundary;
  }

  /** The connection ended: sends what has finished, counts what was in flight as lost. */
  close(nowMs: number, wallMs: number): void {
    if (this.opaque) return;
    this.#clock(nowMs, wallMs);
    const state = this.state;
    this.#replies.held.ended();
    const head = state.head();
    // A Query that failed with a FATAL error gets no ReadyForQuery, but it has its answer.
    if (!state.adrift && head?.kind === RequestKind.query && head.execution?.sqlstate) {
      const execution = head.execution;
      state.complete(execution);
      state.shift();
      state.finish(execution);
    }
    state.names.dropPortals((portal) => cutOff(state, portal));
    loseAll(state, 'connection_closed');
    state.names.dropStatements();
  }

  /** Observation ends while the connection goes on. What is in flight is counted as lost for `reason`. */
  abandon(reason: LossReason): void {
    if (this.opaque) return;
    this.opaque = true;
    loseAll(this.state, reason);
    this.state.names.dropStatements();
    this.#client.stop();
    this.#server.stop();
  }

  /** Checks what must hold between two chunks. Throws an Error that names what does not; tests call it. */
  invariants(): void {
    this.#client.invariants();
    this.#server.invariants();
    this.state.invariants();
  }

  #clock(nowMs: number, wallMs: number): void {
    this.state.nowMs = nowMs;
    this.state.wallMs = wallMs;
    this.#lastChunkMs = nowMs;
  }
}
