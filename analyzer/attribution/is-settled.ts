// Says when a session is settled: its statements no longer wait for their verdicts.
// From then on each is stored at once, with the verdict of that moment; no later verdict changes it.
// Invariant: pure; a settled session stays settled. Not here: holding back unsettled
// statements (analyzer/waiting-executions.ts).

import { limits } from '../../config/limits.js';
import type { Standing } from './connection/connection-profile.js';

export interface SettlingState {
  /** Statements seen on the session so far. */
  statements: number;
  /** Milliseconds since the epoch of its first statement; the caller's clock. */
  firstAtMs: number;
  nowMs: number;
}

/**
 * Settled: the profile is strong or certain, or 64 statements were seen, or the first one is 2 s old. Closing settles
 * too.
 */
export function isSettled(standing: Standing, state: SettlingState): boolean {
  if (standing.strength === 'strong' || standing.strength === 'certain') return true;
  if (state.statements === 0) return false;
  const { settlingStatementsMax, settlingMs } = limits;
  return state.statements >= settlingStatementsMax || state.nowMs - state.firstAtMs >= settlingMs;
}
