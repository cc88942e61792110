// Keeps executions until their session is settled, then has them counted.
// Invariant: an execution is counted at once or waits in its session, exactly one of the two; one that waits is counted
// once, when its session settles. At most unsettledRowsMax executions wait: beyond it the oldest session settles early.
// Not here: counting (counting.ts), what settles a session (attribution/is-settled.ts).

import { isSettled } from './attribution/is-settled.js';
import type { Counting } from './counting.js';
import type { ObservedSession, Waiting } from './sessions/observed-session.js';
import type { Sessions } from './sessions/sessions.js';

export interface WaitingOptions {
  sessions: Sessions;
  counting: Counting;
  unsettledRowsMax: number;
}

export class WaitingExecutions {
  readonly #options: WaitingOptions;
  #count = 0;

  /** Sessions whose executions got their verdict early, because too many waited. */
  settledEarlyTotal = 0;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** Hot path: once per execution. */
  take(session: ObservedSession, execution: Waiting): void {
    if (session.settled) {
      this.#options.counting.count(session, execution);
      return;
    }
    session.waiting.push(execution);
    session.changed = true;
    this.#count++;
    const nowMs = execution.measured.completedAtMs;
    if (isDue(session, nowMs)) this.settle(session, nowMs);
    else if (this.#count > this.#options.unsettledRowsMax) this.#settleOldest(nowMs);
  }

  /** A session came back from the store, with executions that wait. */
  restored(session: ObservedSession): void {
    this.#count += session.waiting.length;
  }

  settle(session: ObservedSession, nowMs: number): void {
    const { sessions, counting } = this.#options;
    sessions.settle(session, nowMs);
    const { waiting } = session;
    session.waiting = [];
    this.#count -= waiting.length;
    for (const execution of waiting) counting.count(session, execution);
  }

  /** Settles the sessions that have waited long enough. */
  settleDue(nowMs: number): void {
    for (const session of this.#options.sessions.unsettled()) if (isDue(session, nowMs)) this.settle(session, nowMs);
  }

  #settleOldest(nowMs: number): void {
    for (const session of this.#options.sessions.unsettled()) {
      if (session.waiting.length === 0) continue;
      this.settledEarlyTotal++;
      this.settle(session, nowMs);
      return;
    }
  }
}

function isDue(session: ObservedSession, nowMs: number): boolean {
  const { statements, firstStatementMs } = session;
  return isSettled(session.profile.standing, { statements, firstAtMs: firstStatementMs, nowMs });
}
