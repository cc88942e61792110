// The pools of a window: who opened the connections, how many were held, and how many were needed.
// Invariant: a pool is in the answer when it had connections or statements in the window; "now" is always now.
// Not here: the identity of a pool (facts/pool.ts), its JSON (forms/pools-json.ts).

import type { PoolFacts, PoolInstance, PoolsReport } from '../facts/answers.js';
import { noActivity } from '../facts/pool-minute.js';
import { addSums, addTo, FLEET_RULES, noSums, POOL_RULES } from '../facts/sums.js';
import type { Evidence } from '../facts/verdict.js';
import type { PoolRecord } from '../storage/reading/pool-rows.js';
import { type Span, spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StoredFacts, StoreReader } from '../storage/reading/stored-facts.js';

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportPools(reader: StoreReader, bounds: TimeBounds = {}): PoolsReport {
  return reader.read((stored) => {
    const span = spanOf(stored, bounds);
    stored.ahead?.(() => {
      stored.poolRecords();
      stored.poolSums(span.segments);
      stored.poolSourceSums(span.segments);
      stored.transactionHistograms(span.segments);
      stored.poolInstances?.(span.segments);
    });
    const peaks = noSums(FLEET_RULES);
    for (const segment of stored.fleetPeaks(span.segments)) addSums(FLEET_RULES, peaks, segment);
    return {
      window: span.window,
      pools: poolsIn(stored, span),
      ...peaks,
    };
  });
}

function poolsIn(stored: StoredFacts, span: Span): PoolFacts[] {
  const all = new Map(stored.poolRecords().map((record) => [record.pool_id, emptyPool(record)]));
  const seen = new Set<PoolFacts>();
  for (const sums of stored.poolSums(span.segments)) {
    const pool = all.get(sums.poolId);
    if (pool === undefined) continue;
    seen.add(pool);
    addSums(POOL_RULES, pool, sums);
  }
  for (const { poolId, source, executions } of stored.poolSourceSums(span.segments)) {
    const pool = all.get(poolId);
    if (pool === undefined) continue;
    seen.add(pool);
    pool.executions += executions;
    addTo(pool.sources, source, executions);
  }
  for (const { poolId, histogram } of stored.transactionHistograms(span.segments)) {
    all.get(poolId)?.transactionHistogram.mergeEncoded(histogram);
  }
  addInstances(stored, span, all);
  return [...all.values()].filter((pool) => span.whole || seen.has(pool) || pool.connectionsNow > 0);
}

/** Those that have nothing of the pool in this window, and none open, are left out. */
function addInstances(stored: StoredFacts, span: Span, pools: ReadonlyMap<string, PoolFacts>): void {
  const add = (pool: PoolFacts | undefined, one: PoolInstance): void => {
    if (one.connectionsNow + one.connectionsMax + one.executions > 0) pool?.instances.push(one);
  };
  if (stored.poolInstances !== undefined) {
    for (const { poolId, ...one } of stored.poolInstances(span.segments)) add(pools.get(poolId), one);
    return;
  }
  const [identity] = stored.identities();
  if (identity === undefined) return;
  for (const pool of pools.values()) {
    const { connectionsNow, connectionsMax, busyMax, executions } = pool;
    add(pool, { ...identity, connectionsNow, connectionsMax, busyMax, executions });
  }
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
    ...noActivity(),
    executions: 0,
    sources: new Map(),
    instances: [],
    habits: JSON.parse(record.habits) as string[],
    evidence: JSON.parse(record.evidence) as Evidence[],
    firstSeenMs: record.first_seen_ms,
    lastSeenMs: record.last_seen_ms,
  };
}
