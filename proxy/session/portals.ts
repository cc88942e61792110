// Says what becomes of an Execute's measurements, and which text an unanswered one runs.
// A portal goes on, is suspended, or ends.
// Invariant: one portal is one call, however many Executes it takes. What it measured while suspended is in one place.
// Not here: names of portals (names.ts), the measurements themselves (execution.ts).

import { takeParameters } from '../stream/parameters.js';
import type { Execution } from './execution.js';
import type { Portal } from './names.js';
import { type Request, RequestKind } from './outstanding.js';
import type { SessionState } from './session-state.js';
import type { PreparedText } from './texts.js';

/** CommandComplete or EmptyQuery for an Execute; `command` is '' for an empty query. */
export function executed(
  state: SessionState,
  head: Request,
  { command, rows }: { command: string; rows: number },
): void {
  const execution = head.execution as Execution;
  const portal = state.names.portal(head.portalName);
  state.shift();
  takeUnit(state, execution, portal?.prepared);
  if (portal !== undefined) takeParameters(execution, portal);
  state.complete(execution);
  resume(state, execution, portal);
  execution.complete(command, execution.suspensions > 0 ? execution.dataRows : rows);
  // Executing a portal that already ran to its end gives an empty completion and is not another call.
  if (portal?.done) {
    state.counters.continuedTotal++;
    return;
  }
  if (portal !== undefined) portal.done = true;
  state.finish(execution);
}

/** PortalSuspended for an Execute. */
export function suspended(state: SessionState, head: Request): void {
  const execution = head.execution as Execution;
  const portal = state.names.portal(head.portalName);
  state.shift();
  takeUnit(state, execution, portal?.prepared);
  if (portal !== undefined) takeParameters(execution, portal);
  state.complete(execution);
  if (portal === undefined) {
    state.endSuspended(execution);
    return;
  }
  resume(state, execution, portal);
  execution.suspensions++;
  portal.suspended = execution;
}

/** Gives an Execute its SQL and the bytes of the replies before it that belong to it. */
export function takeUnit(state: SessionState, execution: Execution, prepared: PreparedText | undefined): void {
  execution.prepared = prepared;
  execution.responseBytes += state.unitResponseBytes;
  state.unitResponseBytes = 0;
}

/** Adds what earlier Executes of the portal measured. */
export function resume(state: SessionState, execution: Execution, portal: Portal | undefined): void {
  if (portal?.suspended === undefined) return;
  execution.resume(portal.suspended);
  portal.suspended = undefined;
  state.counters.continuedTotal++;
}

/** The portal is no more, in good order. When it was suspended, it was a call all the same, for the server too. */
export function endPortal(state: SessionState, portal: Portal | undefined): void {
  if (portal?.suspended === undefined) return;
  state.endSuspended(portal.suspended);
  portal.suspended = undefined;
}

/** Its transaction was rolled back, or its connection ended: when it was suspended, the server counts no call. */
export function cutOff(state: SessionState, portal: Portal): void {
  if (portal.suspended === undefined) return;
  portal.suspended = undefined;
  const { prepared } = portal;
  if (prepared !== undefined && state.events.lostTexts?.(state, 'cut_off', [prepared])) return;
  state.events.lost('cut_off', 1);
}

/** An error, or a ROLLBACK TO: portals that are older than the last savepoint may live on. */
export function cutOffYoung(state: SessionState): void {
  state.names.sinceSavepoint((portal) => cutOff(state, portal));
}

/** ReadyForQuery. Portals live as long as their transaction. */
export function portalsAtReady(state: SessionState): void {
  const { transaction } = state;
  if (transaction.status === 'I') {
    const end = transaction.rolledBack ? cutOff : endPortal;
    state.names.dropPortals((portal) => end(state, portal));
  } else if (transaction.rolledBack) cutOffYoung(state);
  transaction.rolledBack = false;
}

/** The SQL of an unanswered request that is near. The Bind and Parse that name it may stand before it. */
export function textAhead(state: SessionState, index: number, execution: Execution): PreparedText | undefined {
  if (execution.simple) return execution.prepared;
  const portalName = state.outstanding.at(index).portalName;
  for (let i = index - 1; i >= 0; i--) {
    const bind = state.outstanding.at(i);
    if (bind.kind !== RequestKind.bind || bind.portalName !== portalName) continue;
    for (let j = i - 1; j >= 0; j--) {
      const parse = state.outstanding.at(j);
      if (parse.kind === RequestKind.parse && parse.prepared?.name === bind.statementName) return parse.prepared;
    }
    return state.names.statement(bind.statementName);
  }
  return state.names.portal(portalName)?.prepared;
}

/** A client leaves with one; the rest of a long pipeline is as well counted without its text. */
const TEXTS_MAX = 16;

/** Texts of the oldest executions in flight. */
export function textsInFlight(state: SessionState): PreparedText[] {
  const texts: PreparedText[] = [];
  if (state.doubt !== undefined || state.adrift) return texts;
  for (let i = 0; i < state.outstanding.near && texts.length < TEXTS_MAX; i++) {
    const { execution } = state.outstanding.at(i);
    const prepared = execution === undefined ? undefined : textAhead(state, i, execution);
    if (prepared !== undefined) texts.push(prepared);
  }
  return texts;
}
