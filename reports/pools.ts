// The pools of a window: what opened the connections, how many were held, and how many were needed.
// Invariant: a pool is answered when it had connections or statements in the window; "now" is always now.
// Not here: formatting, what a pool is (facts/pool.ts).

import type { PoolFacts, PoolsReport } from '../facts/answers.js';
import { addTo } from '../facts/counts.js';
import { noActivity } from '../facts/pool-minute.js';
import type { Evidence } from '../facts/verdict.js';
import type { Rows } from '../storage/sqlite/file/rows.js';
import {
  fleetPeaks,
  type PoolRecord,
  type PoolSums,
  poolRecords,
  poolSourceSums,
  poolSums,
  transactionHistograms,
} from '../storage/sqlite/read/query-pools.js';
import type { Reader } from '../storage/sqlite/read/reader.js';
import { type Frame, frameOf, type TimeBounds } from '../storage/sqlite/read/span.js';

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportPools(reader: Reader, bounds: TimeBounds = {}): PoolsReport {
  return reader.read((rows) => {
    const frame = frameOf(rows, bounds);
    const peaks = fleetPeaks(rows, frame.segments);
    return {
      window: frame.window,
      pools: poolsIn(rows, frame),
      connectionsMax: Math.max(0, ...peaks.map((peak) => peak.connectionsMax ?? 0)),
      busyMax: Math.max(0, ...peaks.map((peak) => peak.busyMax ?? 0)),
    };
  });
}

function poolsIn(rows: Rows, frame: Frame): PoolFacts[] {
  const all = new Map(poolRecords(rows).map((record) => [record.pool_id, emptyPool(record)]));
  const seen = new Set<PoolFacts>();
  const lifetimesMs = new Map<PoolFacts, number>();
  for (const sums of poolSums(rows, frame.segments)) {
    const pool = all.get(sums.pool_id);
    if (pool === undefined) continue;
    seen.add(pool);
    addSums(pool, sums);
    addTo(lifetimesMs, pool, sums.lifetime_total_ms);
  }
  for (const { pool_id, source, executions } of poolSourceSums(rows, frame.segments)) {
    const pool = all.get(pool_id);
    if (pool === undefined) continue;
    seen.add(pool);
    pool.statements += executions;
    addTo(pool.sources, source, executions);
  }
  for (const { pool_id, histogram } of transactionHistograms(rows, frame.segments)) {
    all.get(pool_id)?.transactionHistogram.mergeEncoded(histogram);
  }
  for (const [pool, totalMs] of lifetimesMs) if (pool.closed > 0) pool.lifetimeMeanMs = totalMs / pool.closed;
  return [...all.values()].filter((pool) => frame.whole || seen.has(pool) || pool.connectionsNow > 0);
}

function addSums(pool: PoolFacts, sums: PoolSums): void {
  pool.opened += sums.opened;
  pool.closed += sums.closed;
  pool.connectionsMax = Math.max(pool.connectionsMax, sums.connections_max);
  pool.busyMax = Math.max(pool.busyMax, sums.busy_max);
  pool.activeMs += sums.active_ms;
  pool.idleMs += sums.idle_ms;
  pool.idleInTransactionMs += sums.idle_in_transaction_ms;
  pool.transactions += sums.transactions;
  pool.transactionStatements += sums.transaction_statements;
  pool.transactionTotalMs += sums.transaction_total_ms;
  pool.transactionMaxMs = Math.max(pool.transactionMaxMs, sums.transaction_max_ms);
}

function emptyPool(record: PoolRecord): PoolFacts {
  return {
    id: record.pool_id,
    name: record.name,
    owner: record.owner,
    user: record.user,
    database: record.database,
    applicationName: record.application_name,
    options: record.options,
    clientNetwork: record.client_network,
    clientAddress: record.client_address,
    serverVersion: record.server_version,
    driver: record.driver,
    connectionsNow: Math.max(0, record.opened - record.closed),
    lifetimeMeanMs: 0,
    ...noActivity(),
    statements: 0,
    sources: new Map(),
    habits: JSON.parse(record.habits) as string[],
    evidence: JSON.parse(record.evidence) as Evidence[],
    firstSeenMs: record.first_seen_ms,
    lastSeenMs: record.last_seen_ms,
  };
}
