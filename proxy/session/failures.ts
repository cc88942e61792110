// Says what an ErrorResponse ends.
// It ends a statement of a Query, an Execute, a Parse or Bind, or nothing that is outstanding.
// Invariant: after an error of an extended request the server skips everything up to Sync, and that is counted as
// skipped.
// Source: src/backend/tcop/postgres.c, PostgresMain.
// Not here: reading the message (wire/field-reader.ts).

import { takeParameters } from '../stream/parameters.js';
import { copyInFails } from './copy-in.js';
import { Execution } from './execution.js';
import { type Request, RequestKind } from './outstanding.js';
import { cutOffYoung, endPortal, resume, takeUnit } from './portals.js';
import type { SessionState } from './session-state.js';
import { ownCopy, type PreparedText } from './texts.js';

const CHARACTER_NOT_IN_REPERTOIRE = '22021';

/** An ErrorResponse came; `head` is the oldest outstanding request, if there is one. */
export function fail(state: SessionState, head: Request | undefined, sqlstate: string): void {
  if (head === undefined || head.kind === RequestKind.sync) {
    // At commit inside Sync, or out of the blue (57P01): no execution failed by it.
    state.counters.sessionErrorsTotal++;
  } else if (head.kind === RequestKind.query) failQuery(state, head.execution as Execution, sqlstate);
  else if (head.kind !== RequestKind.functionCall) {
    state.finish(failed(state, head, sqlstate));
    discardToSync(state);
  }
  cutOffYoung(state);
}

const INTEGRITY_CONSTRAINT = '23';

function failQuery(state: SessionState, execution: Execution, sqlstate: string): void {
  // A Query that began to run has ended the unnamed portal before; one that could not be read has not.
  if (execution.responseBytes > 0 || sqlstate.startsWith(INTEGRITY_CONSTRAINT))
    endPortal(state, state.names.dropPortal(''));
  // A second error of one Query (57P01 after 08P01) does not count twice.
  if (execution.sqlstate === '') execution.sqlstate = sqlstate;
  execution.completedMs = state.nowMs;
  state.doubtfulSyncs = copyInFails(state);
}

/** The execution that an error of an extended request ends. */
function failed(state: SessionState, head: Request, sqlstate: string): Execution {
  let execution = head.execution;
  let prepared: PreparedText | undefined;
  if (execution !== undefined) {
    const portal = state.names.portal(head.portalName);
    prepared = portal?.prepared;
    resume(state, execution, portal);
    if (portal !== undefined) takeParameters(execution, portal);
  } else {
    // It stands for the execution that never came.
    execution = new Execution(false, {
      arrivedMs: head.arrivedMs,
      startMs: head.arrivedMs,
      flushGroup: Number.NaN, // shares its flush point with nothing that ran
      pipelineDepth: 0,
    });
    execution.requestBytes = head.bytes;
    takeParameters(execution, head);
    if (head.kind === RequestKind.parse) {
      prepared = readWithError(state, head.prepared, sqlstate);
      // The server lets the old unnamed statement go before it looks at the new one.
      if (prepared?.name === '') state.names.dropStatement('');
    } else if (head.ofPortal) prepared = state.names.portal(head.portalName)?.prepared;
    else prepared = state.names.statement(head.statementName);
  }
  execution.sqlstate = sqlstate;
  takeUnit(state, execution, prepared);
  state.complete(execution);
  return execution;
}

/** What a failed Parse read. A text refused for its encoding goes with its error, not by a name that others may use. */
function readWithError(
  state: SessionState,
  prepared: PreparedText | undefined,
  sqlstate: string,
): PreparedText | undefined {
  if (prepared === undefined) return undefined;
  state.names.read(prepared, state.readings);
  return sqlstate === CHARACTER_NOT_IN_REPERTOIRE ? ownCopy(prepared) : prepared;
}

/** Skips what is queued up to the next Sync. Without one in the queue, what still comes before it is skipped too. */
function discardToSync(state: SessionState): void {
  const queue = state.outstanding;
  const syncs = copyInFails(state);
  // The failed request itself was not skipped.
  const failedRequest = queue.head;
  failedRequest.execution = undefined;
  state.skip();
  if (syncs > 0) {
    state.doubtSyncs({ syncs, skipping: true });
    return;
  }
  while (queue.size > 0 && queue.head.kind !== RequestKind.sync) state.skip();
  state.discarding = queue.size === 0;
}
