// The health of storing: what failed and how often, and what waits.
// Not here: what is stored (facts/flush.ts), who keeps account of it (observer/accounts/storing.ts).

/** Why a store may refuse a flush; each is a series from the start, so that its first failure is an increase. */
const FLUSH_FAILURES = ['full', 'unwritable', 'busy', 'stuck', 'corrupt', 'refused', 'io'] as const;

/** No failure yet, of any kind. */
export function noFailures(): Map<string, number> {
  return new Map(FLUSH_FAILURES.map((code) => [code, 0]));
}

/** Before the first flush. */
export function noHealth(): StoringHealth {
  const failures = { failures: noFailures(), upkeepFailures: noFailures() };
  return { failing: false, storedMs: 0, unstoredExecutions: 0, ...failures };
}

/** How storing goes. */
export interface StoringHealth {
  readonly failing: boolean;
  /** Unix ms of the last flush that was stored; 0 = none yet. */
  readonly storedMs: number;
  /** Flushes that were refused, by the store's code. */
  readonly failures: ReadonlyMap<string, number>;
  /** Executions that are counted and wait. */
  readonly unstoredExecutions: number;
  /** Turns of upkeep that failed, by the store's code. */
  readonly upkeepFailures: ReadonlyMap<string, number>;
}
