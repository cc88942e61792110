// Fills the fields of observations from the state of a session and from what the tracker measured.
// Invariant: the fields of a statement are one reused object, because the hot path must not make new ones.
// Not here: the SQL of a statement (known-texts.ts).

import type { Execution } from '../session/execution.js';
import type { SessionState } from '../session/session-state.js';
import { emptyStatement, type SessionReady } from '../stream/observation.js';
import { takeParameters } from '../stream/parameters.js';
import { fillValues } from '../stream/statement-values.js';
import { USUAL_READING } from '../stream/text-reading.js';
import type { StatementFields } from '../stream/writer.js';

/** Fills `fields` and returns them. `completedAtMs`: wall clock. */
export function fillFields(
  fields: StatementFields,
  measured: { state: SessionState; execution: Execution; completedAtMs: number },
): StatementFields {
  const { execution } = measured;
  fields.sessionId = measured.state.sessionId;
  fields.completedAtMs = measured.completedAtMs;
  fields.protocol = execution.simple ? 'simple' : 'extended';
  fields.statementName = execution.prepared?.name ?? '';
  fields.completions = execution.completions;
  fields.sqlstate = execution.sqlstate;
  fields.dataRows = execution.dataRows;
  fillValues(fields, execution);
  takeParameters(fields, execution);
  fields.transactionBefore = execution.transactionBefore;
  fields.transactionAfter = execution.transactionAfter;
  fields.suspensions = execution.suspensions;
  fields.pipelineDepth = execution.pipelineDepth;
  fields.batched = execution.batched;
  fields.copy = execution.copy;
  return fields;
}

export function emptyFields(): StatementFields {
  return { ...emptyStatement(), text: null, reading: USUAL_READING };
}

export function readyFields(state: SessionState): Omit<SessionReady, 'kind'> {
  return {
    sessionId: state.sessionId,
    serverVersion: state.serverVersion,
    applicationName: state.applicationName,
    clientEncoding: state.clientEncoding,
    serverTimeZone: state.serverTimeZone,
    backslashEscapes: state.backslashEscapes,
    backendPid: state.backendPid,
    transactionStatus: state.transaction.status,
    transactionSinceMs: state.transaction.sinceMs,
  };
}
