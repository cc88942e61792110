// The server's messages of one connection, in order: each answers the oldest outstanding request, or none.
//
//   reply                                        answers                         note
//   ParseComplete BindComplete CloseComplete     Parse, Bind, Close              the name takes effect now
//   RowDescription NoData                        Describe                        inside a simple Query nothing
//   CommandComplete EmptyQuery PortalSuspended   Execute                         in a simple Query one of its statements, Query stays
//   ErrorResponse                                the head fails                  extended: all up to Sync is skipped
//   ReadyForQuery                                Sync, Query, FunctionCall       the only truth about transactions; a resync point
//   Notice Notification ParameterStatus          nothing                         may come at any time
//
// Invariant: a reply that cannot answer the head makes the session adrift, except ReadyForQuery, which is then tolerated and counted:
// COPY FROM STDIN swallows Syncs, and whether it did cannot always be known.
// Source: PostgreSQL documentation "Message Flow"; src/backend/tcop/postgres.c. Not here: bytes to messages (wire/).

import type { TransactionStatus } from '../stream/observation.js';
import { CommandTag, readError } from '../wire/field-reader.js';
import type { BodyRange, FrameSink, FramingLost } from '../wire/frame-scanner.js';
import { Server } from '../wire/message-codes.js';
import { Execution } from './execution.js';
import type { Portal } from './names.js';
import { type Request, RequestKind } from './outstanding.js';
import { takeParameter } from './parameter-status.js';
import type { SessionState } from './session-state.js';
import type { PreparedText } from './texts.js';

const HEADER_BYTES = 5;
const AUTHENTICATION_OK = 0;

export class Replies implements FrameSink {
  readonly #state: SessionState;
  readonly #onFramingLost: (why: FramingLost) => void;
  readonly #tag = new CommandTag();
  /** Octets of ParseComplete … RowDescription before the Execute they belong to. */
  #unitBytes = 0;

  constructor(state: SessionState, onFramingLost: (why: FramingLost) => void) {
    this.#state = state;
    this.#onFramingLost = onFramingLost;
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
    const execution = state.head()?.execution;
    if (execution === undefined) {
      state.goAdrift();
      return;
    }
    execution.responseBytes += bodyBytes + count * HEADER_BYTES;
    if (code !== Server.dataRow) return;
    if (execution.firstRowMs < 0) execution.firstRowMs = state.nowMs;
    execution.dataRows += count;
  }

  message(code: number, bodyBytes: number, range: BodyRange): void {
    const state = this.#state;
    switch (code) {
      case Server.authentication:
        if (range.end - range.start >= 4 && range.bytes.readInt32BE(range.start) === AUTHENTICATION_OK)
          state.authenticated = true;
        return;
      case Server.parameterStatus:
        if (takeParameter(state, range) && !state.starting) state.events.ready(state);
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
      this.#error(head, readError(range.bytes, range.start, range.end).sqlstate);
      return;
    }
    if (head === undefined) {
      state.goAdrift();
      return;
    }
    if (head.execution !== undefined) head.execution.responseBytes += bodyBytes + HEADER_BYTES;
    else this.#unitBytes += bodyBytes + HEADER_BYTES;
    if (!this.#answers(code, head, range)) state.goAdrift();
  }

  /** False when the reply cannot belong to the head. */
  #answers(code: number, head: Request, range: BodyRange): boolean {
    const state = this.#state;
    switch (code) {
      case Server.parseComplete:
        if (head.kind !== RequestKind.parse) return false;
        if (head.prepared !== undefined) state.names.define(head.prepared);
        state.shift();
        return true;

      case Server.bindComplete:
        if (head.kind !== RequestKind.bind) return false;
        this.#endPortal(state.names.bind(head.portalName, head.statementName));
        state.shift();
        return true;

      case Server.closeComplete:
        if (head.kind !== RequestKind.close) return false;
        if (head.ofPortal) this.#endPortal(state.names.dropPortal(head.portalName));
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

      case Server.portalSuspended:
        if (head.kind !== RequestKind.execute || head.execution === undefined) return false;
        this.#suspended(head, head.execution);
        return true;

      case Server.copyIn:
      case Server.copyOut:
      case Server.copyBoth:
        if (head.execution === undefined) return false;
        head.execution.copy = code === Server.copyIn ? 'in' : code === Server.copyOut ? 'out' : 'both';
        if (code === Server.copyIn) this.#copyInBegins();
        return true;

      case Server.functionCallResponse:
        return head.kind === RequestKind.functionCall;
    }
    return false;
  }

  #completed(head: Request, command: string, rows: number): boolean {
    const state = this.#state;
    const execution = head.execution;
    if (execution === undefined) return false;
    if (execution.copy === 'in') this.#copyInEnds(head);
    if (head.kind === RequestKind.query) {
      if (execution.completions.length < state.limits.completionsMax) execution.complete(command, rows);
      else if (command !== '') state.events.lost('adrift', 1);
      execution.completedMs = state.nowMs;
      if (command === 'DEALLOCATE ALL' || command === 'DISCARD ALL') state.names.dropStatements();
      return true;
    }
    const portal = state.names.portal(head.portalName);
    state.shift();
    this.#takeUnit(execution, portal?.prepared);
    state.complete(execution);
    this.#resume(execution, portal);
    execution.complete(command, execution.suspensions > 0 ? execution.dataRows : rows);
    if (command === 'DEALLOCATE ALL' || command === 'DISCARD ALL') state.names.dropStatements();
    // Executing a portal that already ran to its end gives an empty completion and is not another call.
    if (portal?.done) {
      state.counters.continuedTotal++;
      return true;
    }
    if (portal !== undefined) portal.done = true;
    state.finish(execution);
    return true;
  }

  #suspended(head: Request, execution: Execution): void {
    const state = this.#state;
    const portal = state.names.portal(head.portalName);
    state.shift();
    this.#takeUnit(execution, portal?.prepared);
    state.complete(execution);
    if (portal === undefined) {
      state.endSuspended(execution);
      return;
    }
    this.#resume(execution, portal);
    execution.suspensions++;
    portal.suspended = execution;
  }

  #takeUnit(execution: Execution, prepared: PreparedText | undefined): void {
    execution.prepared = prepared;
    execution.responseBytes += this.#unitBytes;
    this.#unitBytes = 0;
  }

  /** What earlier Executes of the portal measured goes on in this one. */
  #resume(execution: Execution, portal: Portal | undefined): void {
    if (portal?.suspended === undefined) return;
    execution.resume(portal.suspended);
    portal.suspended = undefined;
    this.#state.counters.continuedTotal++;
  }

  #endPortal(portal: Portal | undefined): void {
    if (portal?.suspended === undefined) return;
    this.#state.endSuspended(portal.suspended);
    portal.suspended = undefined;
  }

  #error(head: Request | undefined, sqlstate: string): void {
    const state = this.#state;
    if (head === undefined || head.kind === RequestKind.sync) {
      // At commit inside Sync, or out of the blue (57P01): no execution failed by it.
      state.counters.sessionErrorsTotal++;
      return;
    }
    if (head.kind === RequestKind.functionCall) return;
    if (head.kind === RequestKind.query) {
      const execution = head.execution as Execution;
      // A second error of one Query (57P01 after 08P01) does not count twice.
      if (execution.sqlstate === '') execution.sqlstate = sqlstate;
      execution.completedMs = state.nowMs;
      state.copyInOpen = false;
      return;
    }
    state.finish(this.#failed(head, sqlstate));
    this.#discardToSync();
  }

  /** The execution that an error of an extended request ends; a Parse or Bind that fails stands for the one that never came. */
  #failed(head: Request, sqlstate: string): Execution {
    const state = this.#state;
    let execution = head.execution;
    let prepared: PreparedText | undefined;
    if (execution !== undefined) {
      const portal = state.names.portal(head.portalName);
      prepared = portal?.prepared;
      this.#resume(execution, portal);
    } else {
      execution = new Execution(false, {
        arrivedMs: head.arrivedMs,
        startMs: head.arrivedMs,
        flushGroup: Number.NaN, // shares its flush point with nothing that ran
        pipelineDepth: 0,
      });
      execution.requestBytes = head.bytes;
      if (head.kind === RequestKind.parse) {
        prepared = head.prepared;
        // The server lets the old unnamed statement go before it looks at the new one.
        if (prepared?.name === '') state.names.dropStatement('');
      } else if (head.ofPortal) prepared = state.names.portal(head.portalName)?.prepared;
      else prepared = state.names.statement(head.statementName);
    }
    execution.sqlstate = sqlstate;
    this.#takeUnit(execution, prepared);
    state.complete(execution);
    return execution;
  }

  /** The server reads on until Sync: everything queued before it is skipped, and what still comes before one is too. */
  #discardToSync(): void {
    const state = this.#state;
    const queue = state.outstanding;
    // The failed request itself was not skipped.
    const failed = queue.head;
    failed.execution = undefined;
    while (queue.size > 0 && queue.head.kind !== RequestKind.sync) state.skip();
    if (queue.size === 0) state.discarding = !state.copyInOpen;
    state.copyInOpen = false;
  }

  #copyInBegins(): void {
    const state = this.#state;
    const queue = state.outstanding;
    // The server is in copy mode from here to the client's CopyDone or CopyFail and ignores Sync there.
    for (let i = 1; i < queue.size; i++) {
      const request = queue.at(i);
      if (request.kind === RequestKind.copyEnd) return;
      if (request.kind === RequestKind.sync) request.voidable = true;
    }
    state.copyInOpen = true;
  }

  /** The COPY completed, so the Syncs sent within it were swallowed. */
  #copyInEnds(head: Request): void {
    const queue = this.#state.outstanding;
    while (queue.size > 1) {
      const next = queue.at(1);
      const isEnd = next.kind === RequestKind.copyEnd;
      if (!isEnd && !(next.kind === RequestKind.sync && next.voidable)) break;
      queue.removeSecond();
      if (isEnd) break;
    }
    if (head.execution !== undefined) head.execution.copy = 'in';
  }

  #readyForQuery(status: number): void {
    const state = this.#state;
    const before = state.transaction.status;
    state.transaction.ready(status, state.wallMs);
    if (state.starting) {
      state.starting = false;
      state.finishedMs = state.nowMs;
      state.events.ready(state);
      // This one ends the login and was owed to no request.
      if (state.adrift) this.#readyWhileAdrift();
      return;
    }
    if (state.adrift) {
      if (state.readyOwed > 0) state.readyOwed--;
      this.#readyWhileAdrift();
      return;
    }
    const head = state.head();
    if (head === undefined) state.counters.unmatchedReadyTotal++;
    else if (head.kind === RequestKind.sync) this.#synced(head);
    else if (head.kind === RequestKind.functionCall) state.shift();
    else if (head.kind === RequestKind.query && head.execution?.answered) this.#queryEnds(head.execution, before);
    else state.counters.unmatchedReadyTotal++;
    // Portals live as long as their transaction.
    if (state.transaction.status === 'I') state.names.dropPortals((portal) => this.#endPortal(portal));
    state.send(state.transaction.status);
  }

  #readyWhileAdrift(): void {
    const state = this.#state;
    state.lastReplyWasReady = true;
    if (state.readyOwed === 0 && state.unsynced === 0) state.recover();
  }

  #synced(head: Request): void {
    const state = this.#state;
    const voidable = head.voidable;
    state.shift();
    if (!voidable) return;
    // After a failed COPY the server may have swallowed this Sync; then the ReadyForQuery is the next one's.
    const next = state.head();
    if (next?.kind === RequestKind.sync && !next.voidable) state.shift();
  }

  #queryEnds(execution: Execution, before: TransactionStatus): void {
    const state = this.#state;
    const now = state.nowMs;
    // Its time ended with its last completion; ReadyForQuery may come later (commit).
    state.nowMs = execution.completedMs;
    state.complete(execution);
    state.nowMs = now;
    execution.transactionBefore = before;
    state.shift();
    // A simple Query replaces the unnamed statement and portal.
    this.#endPortal(state.names.dropPortal(''));
    state.names.dropStatement('');
    state.finish(execution);
  }
}
