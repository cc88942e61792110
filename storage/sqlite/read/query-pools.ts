// Queries for pools over the segments of a window.
// Invariant: sums add up and peaks are maxima, over segments too. Not here: putting answers together (pools.ts).

import type { Segment } from '../../reading/levels.js';
import type {
  FleetPeaks,
  FleetPoint,
  PoolPoint,
  PoolRecord,
  PoolSourceSums,
  PoolSums,
} from '../../reading/pool-rows.js';
import type { Timeline } from '../../reading/timeline-levels.js';
import type { Rows } from '../file/rows.js';
import { FLEET_ROLLUP, POOL_ROLLUP, sumsSql } from '../tables/rollup-tables.js';
import { totalSql } from '../tables/saturating.js';
import { seriesTotals } from './series-totals.js';

const PLACE = 'span_s = ? AND bucket_min >= ? AND bucket_min < ?';

export function poolRecords(rows: Rows): PoolRecord[] {
  return rows.all<PoolRecord>('SELECT * FROM pool ORDER BY name, pool_id');
}

export function poolSums(rows: Rows, segments: readonly Segment[]): PoolSums[] {
  const sql = `SELECT pool_id AS poolId, ${sumsSql(POOL_ROLLUP)} FROM pool_rollup WHERE ${PLACE} GROUP BY pool_id`;
  return segments.flatMap((segment) => rows.all<PoolSums>(sql, ...place(segment)));
}

export function transactionHistograms(
  rows: Rows,
  segments: readonly Segment[],
): Array<{ poolId: string; histogram: Uint8Array }> {
  const sql = `SELECT pool_id AS poolId, transaction_histogram AS histogram FROM pool_rollup
    WHERE ${PLACE} AND length(transaction_histogram) > 0`;
  return segments.flatMap((segment) => rows.all<{ poolId: string; histogram: Uint8Array }>(sql, ...place(segment)));
}

export function poolSourceSums(rows: Rows, segments: readonly Segment[]): PoolSourceSums[] {
  const totals = seriesTotals(segments, { totals: ['calls', 'errors'] });
  if (totals === undefined) return [];
  const sql = `SELECT s.pool_id AS poolId, s.source, ${totalSql('r.calls + r.errors')} AS executions
    FROM (${totals.sql}) r JOIN series s ON s.series_id = r.series_id GROUP BY s.pool_id, s.source`;
  return rows.all<PoolSourceSums>(sql, ...totals.values);
}

export function fleetPeaks(rows: Rows, segments: readonly Segment[]): FleetPeaks[] {
  const sql = `SELECT ${sumsSql(FLEET_ROLLUP)} FROM fleet_rollup WHERE ${PLACE}`;
  return segments.map((segment) => rows.get<FleetPeaks>(sql, ...place(segment))!);
}

const PEAKS = 'max(connections_max) AS connectionsMax, max(busy_max) AS busyMax';
const AT = 'bucket_min - bucket_min % ? AS at';

export function poolPoints(rows: Rows, { segments, stepMinutes }: Timeline): PoolPoint[] {
  const sql = `SELECT ${AT}, pool_id AS poolId, ${PEAKS}, ${totalSql('active_ms')} AS activeMs,
      ${totalSql('idle_ms')} AS idleMs, ${totalSql('idle_in_transaction_ms')} AS idleInTransactionMs
    FROM pool_rollup WHERE ${PLACE} GROUP BY 1, 2`;
  return segments.flatMap((segment) => rows.all<PoolPoint>(sql, stepMinutes, ...place(segment)));
}

export function fleetPoints(rows: Rows, { segments, stepMinutes }: Timeline): FleetPoint[] {
  const sql = `SELECT ${AT}, ${PEAKS} FROM fleet_rollup WHERE ${PLACE} GROUP BY 1`;
  return segments.flatMap((segment) => rows.all<FleetPoint>(sql, stepMinutes, ...place(segment)));
}

function place(segment: Segment): [number, number, number] {
  return [segment.spanS, segment.fromMinute, segment.toMinute];
}
