// Holds what both directions of one connection share.
// Outstanding requests, names, the transaction, and what has finished.
//
//   client bytes ► requests.ts ─┐                       ┌─► SessionEvents (statement, ready, lost)
//                               ├─► SessionState ───────┤
//   server bytes ► replies.ts ──┘                       └─► finished, until ReadyForQuery tells the transaction status
//
// Invariant: every execution that arrived is in exactly one place: outstanding, a suspended portal, finished, or
// counted (sent, skipped by the server, or lost with a reason).
// Not here: which message does what (requests.ts, replies.ts).

import { executionCount, type LossReason, type TransactionStatus } from '../stream/observation.js';
import type { KeyedHash } from '../stream/parameters.js';
import { Doubt } from './doubt.js';
import type { Execution } from './execution.js';
import { Names } from './names.js';
import { Outstanding, type Request, RequestKind } from './outstanding.js';
import { TextReadings } from './settings.js';
import { doubtedCopy, type PreparedText, type TextTable, textBytes } from './texts.js';
import { Transaction } from './transaction.js';

export interface SessionLimits {
  /** What outstanding requests take (Outstanding.bytes); beyond it the session goes adrift. */
  outstandingBytesMax: number;
  /** Bytes of SQL text of outstanding requests; the same again for what has finished, and for open named portals. */
  outstandingTextBytesMax: number;
  /** Statement names, and as many portal names. */
  statementNamesMax: number;
  /** Completions kept of one Query; the rest is counted as not observed. */
  completionsMax: number;
}

/** Counters of the relay process over all sessions, cumulative. */
export class TrackerCounters {
  adriftTotal = 0;
  opaqueTotal = 0;
  unmatchedReadyTotal = 0;
  /** Executions that the server skipped after an error, up to Sync. */
  skippedTotal = 0;
  /** Executes that continued a suspended portal, or ran one again at its end: parts of a call that is counted once. */
  continuedTotal = 0;
  /** Queries without a statement: nothing to count. */
  emptyTotal = 0;
  functionCallsTotal = 0;
  /** Errors outside any request: at commit in Sync, or while idle. */
  sessionErrorsTotal = 0;
}

/** What the tracker says of a session. Calls are synchronous; a receiver must not keep the execution. */
export interface SessionEvents {
  statement(state: SessionState, execution: Execution): void;
  /** The first ReadyForQuery came, or a reported parameter changed. */
  ready(state: SessionState): void;
  lost(reason: LossReason, executions: number): void;
  /** Counts an execution as lost for each text, and tells the text. Returns how many it counted: all or none. */
  lostTexts?(state: SessionState, reason: LossReason, texts: readonly PreparedText[]): number;
  /** Hashes what is bound, once it has a key; undefined = nothing is hashed. */
  readonly parameters?: KeyedHash;
}

/**
 * So many finished executions wait for ReadyForQuery. Beyond it they are sent without their transaction status after.
 */
const FINISHED_MAX = 1024;

export class SessionState {
  readonly sessionId: number;
  readonly events: SessionEvents;
  readonly counters: TrackerCounters;
  readonly limits: SessionLimits;
  readonly outstanding = new Outstanding();
  readonly names: Names;
  readonly transaction = new Transaction();
  readonly readings = new TextReadings();

  /** Clock readings of the chunk that is being walked: monotonic ms and wall ms. */
  nowMs = 0;
  wallMs = 0;

  /** Until the first ReadyForQuery. */
  starting = true;
  authenticated = false;
  /** Matching is lost: headers are walked, requests are counted as not observed (adrift.ts). */
  adrift = false;
  /** While adrift: ReadyForQuery messages still owed, and requests since the last that is answered by one. */
  readyOwed = 0;
  unsynced = 0;
  /** While adrift: ReadyForQuery was the server's last message. */
  lastReplyWasReady = false;
  /** The server skips everything up to the next Sync. */
  discarding = false;
  /** The head runs a COPY FROM STDIN: CopyInResponse came, and no end of it. */
  copying = false;
  /** Syncs that a failed COPY of the Query at the head may have swallowed. */
  doubtfulSyncs = 0;
  /** Open while it is not known which Syncs a failed COPY swallowed. */
  doubt: Doubt | undefined = undefined;
  /** Of the outstanding requests so many came after the reply that is read: more than 0 for replies that were held. */
  later = 0;
  /** The client said Terminate. */
  terminated = false;

  /** Bytes of ParseComplete … RowDescription before the Execute that they belong to. */
  unitResponseBytes = 0;
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
    shared: { events: SessionEvents; counters: TrackerCounters; limits: SessionLimits; texts: TextTable },
  ) {
    this.sessionId = sessionId;
    this.events = shared.events;
    this.counters = shared.counters;
    this.limits = shared.limits;
    this.names = new Names(shared.texts, shared.limits);
  }

  /** Observation begins again in mid-session, with what the server reported before it ended. */
  takeOver(before: SessionState): void {
    this.serverVersion = before.serverVersion;
    this.applicationName = before.applicationName;
    this.clientEncoding = before.clientEncoding;
    this.serverTimeZone = before.serverTimeZone;
    this.backslashEscapes = before.backslashEscapes;
    this.backendPid = before.backendPid;
    this.readings.missReports(this);
  }

  /** The oldest request that a reply may answer; undefined when there is none. */
  head(): Request | undefined {
    const queue = this.outstanding;
    while (queue.size > 0 && queue.head.kind === RequestKind.copyEnd) queue.shift();
    return queue.size > 0 ? queue.head : undefined;
  }

  /** Removes the head. The caller keeps what it needs of it. */
  shift(): void {
    const head = this.outstanding.head;
    if (head.kind === RequestKind.query || head.kind === RequestKind.execute) this.executionsOutstanding--;
    if (head.prepared !== undefined) this.outstandingTextBytes -= textBytes(head.prepared);
    if (head.kind === RequestKind.query) this.outstandingTextBytes -= textBytes(head.execution?.prepared);
    this.outstanding.shift();
  }

  /** Drops the head, which the server does not run. */
  skip(): void {
    const head = this.outstanding.head;
    if (head.execution !== undefined) this.counters.skippedTotal++;
    if (head.kind === RequestKind.parse && head.prepared !== undefined) this.names.discard(head.prepared);
    this.shift();
  }

  /** A COPY FROM STDIN failed: so many of the oldest requests are Syncs that it may have swallowed. */
  doubtSyncs(open: { syncs: number; skipping: boolean }): void {
    this.doubt = new Doubt(this.outstanding, open);
    this.doubtfulSyncs = 0;
    this.transaction.keep();
  }

  /** The last reply of an execution arrived. Its time begins when the request before it on the connection ended. */
  complete(execution: Execution): void {
    const startMs = Math.max(execution.startMs, this.finishedMs);
    execution.completedMs = this.nowMs;
    execution.serviceMs += this.nowMs - startMs;
    execution.waitMs += Math.max(0, this.finishedMs - execution.arrivedMs);
    execution.transactionBefore = this.transaction.status;
    this.finishedMs = this.nowMs;
  }

  /** The execution is complete and waits for ReadyForQuery. */
  finish(execution: Execution): void {
    this.finished.push(execution);
    this.#finishedTextBytes += textBytes(execution.prepared);
    if (this.finished.length >= FINISHED_MAX || this.#finishedTextBytes > this.limits.outstandingTextBytesMax)
      this.send();
  }

  /**
   * Sends what is finished. `after` is the status of the ReadyForQuery, '' when none came.
   * Executions that were answered at one flush point share its time equally.
   */
  send(after: TransactionStatus = ''): void {
    const finished = this.finished;
    for (const execution of finished) execution.transactionAfter = after;
    if (finished.length === 0) return;
    this.#finishedTextBytes = 0;
    if (finished.length === 1) {
      // pop() is cheap; setting the length is a call into the engine.
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
    // A group that FINISHED_MAX cut in two is batched in both halves.
    if (execution.flushGroup === this.#lastSentGroup) execution.batched = true;
    this.#lastSentGroup = execution.flushGroup;
    if (executionCount(execution) > 0) this.events.statement(this, execution);
    else this.counters.emptyTotal++;
  }

  /** Checks what must always hold. Throws an Error that names what does not; tests call it. */
  invariants(): void {
    this.outstanding.invariants();
    const { near, size } = this.outstanding;
    let executions = 0;
    let textBytesHeld = 0;
    for (let i = 0; i < near; i++) {
      const { kind, prepared, execution } = this.outstanding.at(i);
      if (kind === RequestKind.query || kind === RequestKind.execute) executions++;
      textBytesHeld += textBytes(kind === RequestKind.query ? execution?.prepared : prepared);
    }
    // Those that are packed cannot be looked at.
    if (near === size && executions !== this.executionsOutstanding)
      throw new Error(`${executions} executions are outstanding, counted are ${this.executionsOutstanding}`);
    if (near === size && textBytesHeld !== this.outstandingTextBytes)
      throw new Error(`${textBytesHeld} bytes of text are outstanding, counted are ${this.outstandingTextBytes}`);
    if (this.finished.length >= FINISHED_MAX) throw new Error(`${this.finished.length} finished executions wait`);
  }

  /** A setting changed that decides how SQL is read. What the server read since it was last ready is in doubt. */
  doubtReadings(): void {
    const { span } = this.readings;
    this.names.doubt(span);
    // A finished execution may hold a text whose name is gone: it gets a copy of its own.
    for (const execution of this.finished)
      if (execution.prepared?.readIn === span) execution.prepared = doubtedCopy(execution.prepared);
  }

  /** A portal ended before its last row: one call with the rows that it gave. */
  endSuspended(execution: Execution): void {
    execution.complete('SELECT', execution.dataRows);
    execution.completedMs = this.nowMs;
    this.finish(execution);
  }
}
