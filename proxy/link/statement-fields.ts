// What the tracker measured of an execution, as the fields of a statement observation.
// Invariant: one object is filled again and again: the hot path makes none. Not here: its SQL (link.ts knows how that travels).

import type { Execution } from '../session/execution.js';
import type { SessionState } from '../session/session-state.js';
import { emptyStatement } from '../stream/observation.js';
import type { StatementFields } from '../stream/writer.js';

const NS_PER_MS = 1e6;

/** `completedAtMs`: wall clock. */
export function fillFields(
  fields: StatementFields,
  of: { state: SessionState; execution: Execution; completedAtMs: number },
): StatementFields {
  const { execution } = of;
  fields.sessionId = of.state.sessionId;
  fields.completedAtMs = of.completedAtMs;
  fields.protocol = execution.simple ? 'simple' : 'extended';
  fields.statementName = execution.prepared?.name ?? '';
  fields.completions = execution.completions;
  fields.sqlstate = execution.sqlstate;
  fields.dataRows = execution.dataRows;
  fields.requestBytes = execution.requestBytes;
  fields.responseBytes = execution.responseBytes;
  fields.serviceNs = execution.serviceMs * NS_PER_MS;
  fields.waitNs = execution.waitMs * NS_PER_MS;
  fields.firstRowNs = execution.firstRowMs < 0 ? -1 : (execution.firstRowMs - execution.startMs) * NS_PER_MS;
  fields.clientStallNs = execution.clientStallMs * NS_PER_MS;
  fields.transactionBefore = execution.transactionBefore;
  fields.transactionAfter = execution.transactionAfter;
  fields.suspensions = execution.suspensions;
  fields.pipelineDepth = execution.pipelineDepth;
  fields.batched = execution.batched;
  fields.copy = execution.copy;
  return fields;
}

export function emptyFields(): StatementFields {
  return { ...emptyStatement(), text: null };
}
