// What the two directions of one connection share: the outstanding requests, the names, the transaction, and what has finished.
//
//   client bytes ► requests.ts ─┐                       ┌─► SessionEvents (statement, ready, lost)
//                               ├─► SessionState ───────┤
//   server bytes ► replies.ts ──┘                       └─► finished, until ReadyForQuery tells the transaction status
//
// Invariant: every execution that arrived is, at any time, in exactly one place: outstanding, a suspended portal, finished, or counted
// (sent, skipped by the server, or lost with a reason).
// Not here: which message does what (requests.ts, replies.ts).

import { executionCount, type LossReason, type TransactionStatus } from '../stream/observation.js';
import type { Execution } from './execution.js';
import { Names } from './names.js';
import { Outstanding, type Request, RequestKind } from './outstanding.js';
import { type TextTable, textBytes } from './texts.js';
import { Transaction } from './transaction.js';

export interface SessionLimits {
  /** Outstanding requests; beyond it tracking is given up until the session resynchronises. */
  outstandingMax: number;
  /** Octets of SQL text held by outstanding requests; the same again by what has finished, and by open named portals. */
  outstandingTextBytesMax: number;
  /** Statement names, and as many portal names. */
  statementNamesMax: number;
  /** Completions kept of one Query; executions beyond it are counted as not observed. */
  completionsMax: number;
}

/** Counters of the relay process over all sessions, cumulative. */
export class TrackerCounters {
  adriftTotal = 0;
  opaqueTotal = 0;
  unmatchedReadyTotal = 0;
  /** Executions that the server skipped after an error, up to Sync. */
  skippedTotal = 0;
  /** Executes that continued a suspended portal, or ran one again at its end: part of a call counted elsewhere. */
  continuedTotal = 0;
  /** Queries without a statement: nothing to count. */
  emptyTotal = 0;
  functionCallsTotal = 0;
  /** Errors outside any request: at commit in Sync, or while idle. */
  sessionErrorsTotal = 0;
}

/** What the tracker says of a session. Called synchronously; must not keep the execution. */
export interface SessionEvents {
  statement(state: SessionState, execution: Execution): void;
  /** First ReadyForQuery, or a reported parameter changed. */
  ready(state: SessionState): void;
  lost(reason: LossReason, executions: number): void;
}

/** Finished executions wait for ReadyForQuery; a longer wait is cut, with their transaction status after unknown. */
const FINISHED_MAX = 1024;

export class SessionState {
  readonly sessionId: number;
  readonly events: SessionEvents;
  readonly counters: TrackerCounters;
  readonly limits: SessionLimits;
  readonly outstanding = new Outstanding();
  readonly names: Names;
  readonly transaction = new Transaction();

  /** Clock readings of the chunk being walked: monotonic ms and wall ms. */
  nowMs = 0;
  wallMs = 0;

  /** Until the first ReadyForQuery. */
  starting = true;
  authenticated = false;
  /** Tracking is lost: headers are walked, requests are counted as not observed. */
  adrift = false;
  /** While adrift: ReadyForQuery still owed for Sync, Query and FunctionCall, and requests sent since the last of those. */
  readyOwed = 0;
  unsynced = 0;
  /** While adrift: ReadyForQuery was the server's last message. */
  lastReplyWasReady = false;
  /** The server skips everything up to the next Sync. */
  discarding = false;
  /** COPY FROM STDIN is running (CopyInResponse came) and the client has not ended it. */
  copyInOpen = false;

  outstandingTextBytes = 0;
  /** Query and Execute among the outstanding requests. */
  executionsOutstanding = 0;
  flushGroup = 0;
  /** Executions that arrived in the current flush group. */
  flushGroupSize = 0;
  /** When the last request's completion arrived; 0 = none yet. */
  finishedMs = 0;
  readonly finished: Execution[] = [];
  #finishedTextBytes = 0;
  #lastSentGroup = Number.NaN;

  serverVersion = '';
  applicationName = '';
  clientEncoding = '';
  serverTimeZone = '';
  backslashEscapes = false;
  backendPid = 0;

  constructor(
    sessionId: number,
    from: { events: SessionEvents; counters: TrackerCounters; limits: SessionLimits; texts: TextTable },
  ) {
    this.sessionId = sessionId;
    this.events = from.events;
    this.counters = from.counters;
    this.limits = from.limits;
    this.names = new Names(from.texts, from.limits);
  }

  /** The oldest request that a reply may answer; undefined when there is none. */
  head(): Request | undefined {
    const queue = this.outstanding;
    while (queue.size > 0 && queue.head.kind === RequestKind.copyEnd) queue.shift();
    return queue.size > 0 ? queue.head : undefined;
  }

  /** Removes the head; what it refers to is in the caller's hands. */
  shift(): void {
    const head = this.outstanding.head;
    if (head.kind === RequestKind.query || head.kind === RequestKind.execute) this.executionsOutstanding--;
    if (head.prepared !== undefined) this.outstandingTextBytes -= textBytes(head.prepared);
    if (head.kind === RequestKind.query) this.outstandingTextBytes -= textBytes(head.execution?.prepared);
    this.outstanding.shift();
  }

  /** Drops the head because the server will not run it. */
  skip(): void {
    const head = this.outstanding.head;
    if (head.execution !== undefined) this.counters.skippedTotal++;
    if (head.kind === RequestKind.parse && head.prepared !== undefined) this.names.discard(head.prepared);
    this.shift();
  }

  /** An execution's last reply arrived: what came before it on the connection was not its time. */
  complete(execution: Execution): void {
    const startMs = Math.max(execution.startMs, this.finishedMs);
    execution.completedMs = this.nowMs;
    execution.serviceMs += this.nowMs - startMs;
    execution.waitMs += Math.max(0, this.finishedMs - execution.arrivedMs);
    execution.transactionBefore = this.transaction.status;
    this.finishedMs = this.nowMs;
  }

  /** It is ready to be sent; it waits for ReadyForQuery. */
  finish(execution: Execution): void {
    this.finished.push(execution);
    this.#finishedTextBytes += textBytes(execution.prepared);
    if (this.finished.length >= FINISHED_MAX || this.#finishedTextBytes > this.limits.outstandingTextBytesMax)
      this.send();
  }

  /**
   * Sends what is finished; `after` is the status of the ReadyForQuery that ended it, if it came. Executions that were
   * answered at one flush point share its time equally.
   */
  send(after: TransactionStatus = ''): void {
    const finished = this.finished;
    for (const execution of finished) execution.transactionAfter = after;
    if (finished.length === 0) return;
    this.#finishedTextBytes = 0;
    if (finished.length === 1) {
      // Setting a length is a call into the engine; this is not.
      this.#emit(finished.pop() as Execution);
      return;
    }
    for (let from = 0; from < finished.length; ) {
      let to = from + 1;
      let totalMs = finished[from].serviceMs;
      while (to < finished.length && finished[to].flushGroup === finished[from].flushGroup)
        totalMs += finished[to++].serviceMs;
      if (to - from > 1) {
        for (let i = from; i < to; i++) {
          finished[i].serviceMs = totalMs / (to - from);
          finished[i].batched = true;
        }
      }
      for (let i = from; i < to; i++) this.#emit(finished[i]);
      from = to;
    }
    finished.length = 0;
  }

  #emit(execution: Execution): void {
    // A group that was cut in two by FINISHED_MAX is batched in both halves.
    if (execution.flushGroup === this.#lastSentGroup) execution.batched = true;
    this.#lastSentGroup = execution.flushGroup;
    if (executionCount(execution) > 0) this.events.statement(this, execution);
    else this.counters.emptyTotal++;
  }

  /** A portal ended without running to its end: one call, its rows are those it gave. */
  endSuspended(execution: Execution): void {
    execution.complete('SELECT', execution.dataRows);
    execution.completedMs = this.nowMs;
    this.finish(execution);
  }

  /** Replies no longer fit the requests, or there are too many: count what is open and wait for a point of certainty. */
  goAdrift(): void {
    this.adrift = true;
    this.lastReplyWasReady = false;
    this.counters.adriftTotal++;
    this.send();
    this.readyOwed = 0;
    this.unsynced = 0;
    for (let i = 0; i < this.outstanding.size; i++) {
      const request = this.outstanding.at(i);
      if (isSynchronising(request.kind) && !request.voidable) {
        this.readyOwed++;
        this.unsynced = 0;
      } else if (request.kind !== RequestKind.copyEnd) this.unsynced++;
      if (request.kind === RequestKind.parse && request.prepared !== undefined) this.names.define(request.prepared);
    }
    this.#loseOpen('adrift');
    this.discarding = false;
    this.copyInOpen = false;
  }

  /** Counts everything that is open as lost and forgets it. */
  loseAll(reason: LossReason): void {
    this.send();
    for (let i = 0; i < this.outstanding.size; i++) {
      const request = this.outstanding.at(i);
      if (request.kind === RequestKind.parse && request.prepared !== undefined) this.names.discard(request.prepared);
    }
    this.#loseOpen(reason);
  }

  #loseOpen(reason: LossReason): void {
    let open = 0;
    while (this.outstanding.size > 0) {
      if (this.outstanding.head.execution !== undefined) open++;
      this.shift();
    }
    this.names.dropPortals(() => open++);
    this.outstandingTextBytes = 0;
    if (open > 0) this.events.lost(reason, open);
  }

  /** The server said ReadyForQuery and owes nothing: requests and replies can be matched again. */
  recover(): void {
    this.adrift = false;
    this.readyOwed = 0;
    this.unsynced = 0;
    this.finishedMs = this.nowMs;
  }
}

export function isSynchronising(kind: RequestKind): boolean {
  return kind === RequestKind.sync || kind === RequestKind.query || kind === RequestKind.functionCall;
}
