// Gives up matching replies to requests, and finds where it can begin again.
// It gives up when they no longer fit.
// Invariant: what was open is counted as lost exactly once; names are kept as well as they can be known.
// While a session is adrift its messages are still walked. The ReadyForQuery messages owed are counted down; when
// none is owed, the session is tracked again.
// Not here: what makes a session adrift (requests.ts, replies.ts).

import type { LossReason } from '../stream/observation.js';
import { type Request, RequestKind } from './outstanding.js';
import { textsInFlight } from './portals.js';
import type { SessionState } from './session-state.js';

/** Replies no longer fit the requests, or requests are too many: counts what is open as lost. */
export function goAdrift(state: SessionState): void {
  state.adrift = true;
  state.lastReplyWasReady = false;
  state.counters.adriftTotal++;
  state.send();
  state.readyOwed = 0;
  state.unsynced = 0;
  const answered = state.doubt?.oldestOpen ?? 0;
  const swallowed = state.copying ? state.outstanding.syncsBehind(0, state.outstanding.size) : 0;
  let index = 0;
  loseOpen(state, { reason: 'adrift', counted: 0 }, ({ kind, prepared }) => {
    if (isSynchronising(kind)) {
      if (index >= answered && (index === 0 || index > swallowed)) state.readyOwed++;
      state.unsynced = 0;
    } else if (kind !== RequestKind.copyEnd) state.unsynced++;
    if (kind === RequestKind.parse && prepared !== undefined) state.names.define(prepared, state.readings.inDoubt);
    index++;
  });
  state.discarding = false;
  state.copying = false;
}

/** Counts everything that is open as lost and forgets it. */
export function loseAll(state: SessionState, reason: LossReason): void {
  state.send();
  // A client that leaves does so in the middle of a statement: what it was decides whether it matters.
  const texts = reason === 'connection_closed' ? textsInFlight(state) : [];
  const counted = texts.length === 0 ? 0 : (state.events.lostTexts?.(state, reason, texts) ?? 0);
  loseOpen(state, { reason, counted }, ({ kind, prepared }) => {
    if (kind === RequestKind.parse && prepared !== undefined) state.names.discard(prepared);
  });
}

/** `counted`: those that lostTexts() has counted already. */
function loseOpen(
  state: SessionState,
  { reason, counted }: { reason: LossReason; counted: number },
  onRequest: (request: Request) => void,
): void {
  let open = -counted;
  while (state.outstanding.size > 0) {
    onRequest(state.outstanding.head);
    if (state.outstanding.head.execution !== undefined) open++;
    state.shift();
  }
  state.names.dropPortals(() => open++);
  state.doubt = undefined;
  state.outstandingTextBytes = 0;
  if (open > 0) state.events.lost(reason, open);
}

/** A ReadyForQuery came while the session is adrift. */
export function readyWhileAdrift(state: SessionState): void {
  state.lastReplyWasReady = true;
  if (state.readyOwed === 0 && state.unsynced === 0) recover(state);
}

/** The server said ReadyForQuery and owes nothing: replies can be matched to requests again. */
export function recover(state: SessionState): void {
  state.adrift = false;
  state.readyOwed = 0;
  state.unsynced = 0;
  state.finishedMs = state.nowMs;
}

function isSynchronising(kind: RequestKind): boolean {
  return kind === RequestKind.sync || kind === RequestKind.query || kind === RequestKind.functionCall;
}
