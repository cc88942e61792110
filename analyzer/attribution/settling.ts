// When a session is settled: from then on its statements are stored with the verdict of the moment, and no later one changes them.
// Invariant: pure; a settled session stays settled. Not here: holding back what is not settled (analyzer/pipeline.ts).

import { limits } from '../../config/limits.js';
import type { Standing } from './connection/connection-profile.js';

export interface SettlingState {
  /** Statements seen on the session so far. */
  statements: number;
  /** Milliseconds since the epoch of its first statement; the caller's clock. */
  firstAtMs: number;
  nowMs: number;
}

/** Its profile is strong or certain, or it has had 64 statements, or its first one is 2 s ago. Closing settles too, without asking. */
export function isSettled(standing: Standing, state: SettlingState): boolean {
  if (standing.strength === 'strong' || standing.strength === 'certain') return true;
  if (state.statements === 0) return false;
  const { settlingStatementsMax, settlingMs } = limits;
  return state.statements >= settlingStatementsMax || state.nowMs - state.firstAtMs >= settlingMs;
}
