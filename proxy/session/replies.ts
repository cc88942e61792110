// Reads the server's messages: each answers the oldest outstanding request, or none.
//
//   reply                                        answers                    note
//   ParseComplete BindComplete CloseComplete     Parse, Bind, Close         the name takes effect now
//   RowDescription NoData                        Describe                   inside a simple Query nothing
//   CommandComplete EmptyQuery PortalSuspended   Execute                    of a Query one statement; the Query stays
//   ErrorResponse                                the head fails             extended: all up to Sync is skipped
//   ReadyForQuery                                Sync, Query, FunctionCall  says the transaction status; a resync point
//   Notice Notification ParameterStatus          nothing                    may come at any time
//
// Invariant: a reply that cannot answer the head makes the session adrift; an unmatched ReadyForQuery is counted.
// Not here: bytes to messages (wire/), an execution's end (portals.ts). Source: PostgreSQL, Message Flow; postgres.c.

import type { TransactionStatus } from '../stream/observation.js';
import { CommandTag, readError } from '../wire/field-reader.js';
import { Server } from '../wire/message-codes.js';
import type { BodyRange, FramingLost, MessageSink } from '../wire/message-sink.js';
import { goAdrift, readyWhileAdrift } from './adrift.js';
import { copyInEnds, HeldReplies } from './copy-in.js';
import type { Execution } from './execution.js';
import { fail } from './failures.js';
import { type Request, RequestKind } from './outstanding.js';
import { endPortal, executed, portalsAtReady, suspended } from './portals.js';
import type { SessionState } from './session-state.js';
import { takeParameter } from './settings.js';

const HEADER_BYTES = 5;
const AUTHENTICATION_OK = 0;

export class Replies implements MessageSink {
  readonly #state: SessionState;
  readonly #onFramingLost: (why: FramingLost) => void;
  readonly #tag = new CommandTag();
  readonly held: HeldReplies;

  constructor(state: SessionState, onFramingLost: (why: FramingLost) => void) {
    this.#state = state;
    this.#onFramingLost = onFramingLost;
    this.held = new HeldReplies(state, this);
  }

  framingLost(why: FramingLost): void {
    this.#onFramingLost(why);
  }

  /** DataRow and CopyData. */
  headers(code: number, count: number, bodyBytes: number): void {
    const state = this.#state;
    if (state.adrift || state.starting) {
      state.lastReplyWasReady = false;
      return;
    }
    if (state.doubt !== undefined) {
      this.held.headers(state.doubt, { code, count, bodyBytes });
      return;
    }
    const execution = state.head()?.execution;
    if (execution === undefined) {
      goAdrift(state);
      return;
    }
    execution.responseBytes += bodyBytes + count * HEADER_BYTES;
    if (code !== Server.dataRow) return;
    if (execution.firstRowMs < 0) execution.firstRowMs = state.nowMs;
    execution.dataRows += count;
  }

  message(code: number, bodyBytes: number, range: BodyRange): void {
    const state = this.#state;
    if (state.doubt !== undefined && this.held.takes(state.doubt, { code, bodyBytes, range })) return;
    switch (code) {
      case Server.authentication:
        if (range.end - range.start >= 4 && range.bytes.readInt32BE(range.start) === AUTHENTICATION_OK)
          state.authenticated = true;
        return;
      case Server.parameterStatus:
        this.#parameterStatus(range);
        return;
      case Server.backendKeyData:
        if (range.end - range.start >= 4) state.backendPid = range.bytes.readInt32BE(range.start);
        return;
      case Server.notice:
      case Server.notification:
      case Server.negotiateProtocolVersion:
      case Server.copyDone:
        return;
      case Server.readyForQuery:
        this.#readyForQuery(range.bytes[range.start]);
        return;
    }
    if (state.starting) {
      if (code === Server.error) state.counters.sessionErrorsTotal++;
      return;
    }
    if (state.adrift) {
      state.lastReplyWasReady = false;
      return;
    }
    const head = state.head();
    if (code === Server.error) {
      fail(state, head, readError(range.bytes, range.start, range.end).sqlstate);
      return;
    }
    if (head === undefined) {
      goAdrift(state);
      return;
    }
    if (head.execution !== undefined) head.execution.responseBytes += bodyBytes + HEADER_BYTES;
    else state.unitResponseBytes += bodyBytes + HEADER_BYTES;
    if (!this.#answers(code, head, range)) goAdrift(state);
  }

  /** False when the reply cannot belong to the head. */
  #answers(code: number, head: Request, range: BodyRange): boolean {
    const state = this.#state;
    switch (code) {
      case Server.parseComplete:
        if (head.kind !== RequestKind.parse) return false;
        if (head.prepared !== undefined) state.names.define(head.prepared, state.readings);
        state.shift();
        return true;

      case Server.bindComplete:
        if (head.kind !== RequestKind.bind) return false;
        endPortal(state, state.names.bind(head.portalName, head.statementName, head));
        state.shift();
        return true;

      case Server.closeComplete:
        if (head.kind !== RequestKind.close) return false;
        if (head.ofPortal) endPortal(state, state.names.dropPortal(head.portalName));
        else state.names.dropStatement(head.statementName);
        state.shift();
        return true;

      case Server.parameterDescription:
        return head.kind === RequestKind.describe;

      case Server.rowDescription:
      case Server.noData:
        if (head.kind === RequestKind.describe) state.shift();
        else if (head.kind !== RequestKind.query) return false;
        return true;

      case Server.commandComplete:
        this.#tag.read(range.bytes, range.start, range.end);
        return this.#completed(head, this.#tag.command, this.#tag.rows);

      case Server.emptyQuery:
        return this.#completed(head, '', 0);

      case Server.portalSuspended: {
        const { execution } = head;
        if (head.kind !== RequestKind.execute || execution === undefined) return false;
        suspended(state, head);
        state.readings.executed('SELECT', execution.prepared, state.head());
        return true;
      }

      case Server.copyIn:
      case Server.copyOut:
      case Server.copyBoth:
        if (head.execution === undefined) return false;
        head.execution.copy = code === Server.copyIn ? 'in' : code === Server.copyOut ? 'out' : 'both';
        state.copying = code === Server.copyIn;
        return true;

      case Server.functionCallResponse:
        return head.kind === RequestKind.functionCall;
    }
    return false;
  }

  /** False when the head is nothing that completes. */
  #completed(head: Request, command: string, rows: number): boolean {
    const state = this.#state;
    const execution = head.execution;
    if (execution === undefined) return false;
    if (state.copying) copyInEnds(state);
    if (head.kind === RequestKind.query) {
      if (execution.completions.length < state.limits.completionsMax) execution.complete(command, rows);
      else if (command !== '') state.events.lost('adrift', 1);
      execution.completedMs = state.nowMs;
    } else {
      executed(state, head, { command, rows });
      state.readings.executed(command, execution.prepared, state.head());
    }
    if (command === 'ROLLBACK') state.transaction.rolledBack = true;
    else if (command === 'SAVEPOINT') state.names.savepoints++;
    else if (command === 'DEALLOCATE ALL' || command === 'DISCARD ALL') state.names.dropStatements();
    return true;
  }

  #parameterStatus(range: BodyRange): void {
    const state = this.#state;
    if (!takeParameter(state, range)) return;
    if (state.readings.report(state)) state.doubtReadings();
    if (!state.starting) state.events.ready(state);
  }

  #readyForQuery(status: number): void {
    const state = this.#state;
    const before = state.transaction.status;
    state.transaction.ready(status, state.wallMs);
    this.#answered(before);
    state.readings.ready();
  }

  /** What a ReadyForQuery ends. `before`: the transaction status before it. */
  #answered(before: TransactionStatus): void {
    const state = this.#state;
    if (state.starting) {
      state.starting = false;
      state.finishedMs = state.nowMs;
      state.events.ready(state);
      // This one ends the login and was owed to no request.
      if (state.adrift) readyWhileAdrift(state);
      return;
    }
    if (state.adrift) {
      if (state.readyOwed > 0) state.readyOwed--;
      readyWhileAdrift(state);
      return;
    }
    const head = state.head();
    if (head === undefined) state.counters.unmatchedReadyTotal++;
    else if (head.kind === RequestKind.sync || head.kind === RequestKind.functionCall) state.shift();
    else if (head.kind === RequestKind.query && head.execution?.answered) this.#queryEnds(head.execution, before);
    else state.counters.unmatchedReadyTotal++;
    portalsAtReady(state);
    state.send(state.transaction.status);
  }

  #queryEnds(execution: Execution, before: TransactionStatus): void {
    const state = this.#state;
    const now = state.nowMs;
    // Its time ended with its last completion; ReadyForQuery may come later (commit).
    state.nowMs = execution.completedMs;
    state.complete(execution);
    state.nowMs = now;
    execution.transactionBefore = before;
    if (execution.prepared !== undefined) execution.prepared.reading = state.readings.atReady;
    state.shift();
    // A simple Query replaces the unnamed statement and portal.
    endPortal(state, state.names.dropPortal(''));
    state.names.dropStatement('');
    state.finish(execution);
    if (state.doubtfulSyncs > 0) state.doubtSyncs({ syncs: state.doubtfulSyncs, skipping: false });
  }
}
