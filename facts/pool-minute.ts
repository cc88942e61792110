// The counts of one pool in one minute: deltas since the last flush, and peaks.
// Invariant: it has every measure of POOL_MEASURES. Not here: which minutes are open, and when they are stored
// (analyzer/pools/).

import { LogHistogram } from './histogram.js';
import type { PoolMeasureName } from './measures.js';
import { noSums, POOL_RULES } from './sums.js';

/** What the connections of a pool did in some time. */
export interface PoolActivity extends Record<PoolMeasureName, number> {
  /** Durations of transactions that ended, in ns. */
  transactionHistogram: LogHistogram;
}

export interface PoolMinute extends PoolActivity {
  /** In minutes since the Unix epoch. */
  minute: number;
  /** Pool id. */
  pool: string;
}

export function newPoolMinute(pool: string, minute: number): PoolMinute {
  return { minute, pool, ...noActivity() };
}

export function noActivity(): PoolActivity {
  return { ...noSums(POOL_RULES), transactionHistogram: new LogHistogram() };
}

/** Mean over closed connections; 0 when none was closed. */
export function lifetimeMeanMs({ closed, lifetimeTotalMs }: Pick<PoolActivity, 'closed' | 'lifetimeTotalMs'>): number {
  return closed === 0 ? 0 : lifetimeTotalMs / closed;
}

/** Adds a transaction that ended. */
export function addTransaction(minute: PoolMinute, ended: { statements: number; durationMs: number }): void {
  minute.transactions++;
  minute.transactionStatements += ended.statements;
  minute.transactionTotalMs += ended.durationMs;
  minute.transactionMaxMs = Math.max(minute.transactionMaxMs, ended.durationMs);
  minute.transactionHistogram.add(ended.durationMs * 1e6);
}
