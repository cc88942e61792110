// Knows which Syncs a COPY FROM STDIN may swallow.
// The server ignores Sync while it reads the client's data.
// Invariant: a Sync is voidable only when it was sent while a COPY was running or starting.
// Source: src/backend/commands/copyfromparse.c, CopyGetData.
// Not here: what a failed COPY skips (failures.ts).

import { type Request, RequestKind } from './outstanding.js';
import type { SessionState } from './session-state.js';

/** CopyInResponse came: the server reads data up to the client's CopyDone or CopyFail. */
export function copyInBegins(state: SessionState): void {
  const queue = state.outstanding;
  for (let i = 1; i < queue.size; i++) {
    const request = queue.at(i);
    if (request.kind === RequestKind.copyEnd) return;
    if (request.kind === RequestKind.sync) request.voidable = true;
  }
  state.copyInOpen = true;
}

/** The COPY completed, so it swallowed the Syncs that were sent within it. */
export function copyInEnds(state: SessionState, head: Request): void {
  const queue = state.outstanding;
  while (queue.size > 1) {
    const next = queue.at(1);
    const isEnd = next.kind === RequestKind.copyEnd;
    if (!isEnd && !(next.kind === RequestKind.sync && next.voidable)) break;
    queue.removeSecond();
    if (isEnd) break;
  }
  if (head.execution !== undefined) head.execution.copy = 'in';
}

/** ReadyForQuery for a Sync. After a failed COPY it may be the answer to the next one, if this one was swallowed. */
export function synced(state: SessionState, sync: Request): void {
  const voidable = sync.voidable;
  state.shift();
  if (!voidable) return;
  const next = state.head();
  if (next?.kind === RequestKind.sync && !next.voidable) state.shift();
}
