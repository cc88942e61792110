// What is counted of one pool in one minute: deltas since the last flush, and peaks.
// Not here: whose minutes are open, and when they are stored (pools.ts).

import { LogHistogram } from './histogram.js';

/** What connections of a pool did in some time. */
export interface PoolActivity {
  opened: number;
  closed: number;
  connectionsMax: number;
  /** Most sessions of this pool busy within one second. */
  busyMax: number;
  activeMs: number;
  idleMs: number;
  idleInTransactionMs: number;
  transactions: number;
  /** Of transactions that ended: statements without BEGIN and COMMIT, and durations. */
  transactionStatements: number;
  transactionTotalMs: number;
  transactionMaxMs: number;
  /** In ns. */
  transactionHistogram: LogHistogram;
}

export interface PoolMinute extends PoolActivity {
  minute: number;
  pool: string;
  /** Of closed connections. */
  lifetimeTotalMs: number;
}

export function newPoolMinute(pool: string, minute: number): PoolMinute {
  return { minute, pool, lifetimeTotalMs: 0, ...noActivity() };
}

export function noActivity(): PoolActivity {
  return {
    opened: 0,
    closed: 0,
    connectionsMax: 0,
    busyMax: 0,
    activeMs: 0,
    idleMs: 0,
    idleInTransactionMs: 0,
    transactions: 0,
    transactionStatements: 0,
    transactionTotalMs: 0,
    transactionMaxMs: 0,
    transactionHistogram: new LogHistogram(),
  };
}

/** One that ended. */
export function addTransaction(minute: PoolMinute, ended: { statements: number; durationMs: number }): void {
  minute.transactions++;
  minute.transactionStatements += ended.statements;
  minute.transactionTotalMs += ended.durationMs;
  minute.transactionMaxMs = Math.max(minute.transactionMaxMs, ended.durationMs);
  minute.transactionHistogram.add(ended.durationMs * 1e6);
}
