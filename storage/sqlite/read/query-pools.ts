// Rows of pools over the segments of a window, as SQL gives them.
// Invariant: sums add up and peaks are maxima, over segments too. Not here: putting answers together (pools.ts).

import type { Rows } from '../file/rows.js';
import type { Segment } from '../tables/levels.js';
import { POOL_ROLLUP, sumsSql } from '../tables/rollup-tables.js';
import { seriesTotals } from './series-totals.js';

/** Columns as in the table `pool`. */
export interface PoolRecord {
  pool_id: string;
  name: string;
  owner: string;
  user: string;
  database: string;
  application_name: string;
  options: string;
  client_network: string;
  client_address: string;
  server_version: string;
  driver: string;
  habits: string;
  evidence: string;
  first_seen_ms: number;
  last_seen_ms: number;
  opened: number;
  closed: number;
}

/** Columns as in the table `pool_rollup`. */
export interface PoolSums {
  pool_id: string;
  opened: number;
  closed: number;
  lifetime_total_ms: number;
  connections_max: number;
  busy_max: number;
  active_ms: number;
  idle_ms: number;
  idle_in_transaction_ms: number;
  transactions: number;
  transaction_statements: number;
  transaction_total_ms: number;
  transaction_max_ms: number;
}

export interface PoolSourceSums {
  pool_id: string;
  source: string;
  executions: number;
}

export interface FleetPeaks {
  connectionsMax: number | null;
  busyMax: number | null;
}

const PLACE = 'span_s = ? AND bucket_min >= ? AND bucket_min < ?';

export function poolRecords(rows: Rows): PoolRecord[] {
  return rows.all<PoolRecord>('SELECT * FROM pool ORDER BY name, pool_id');
}

export function poolSums(rows: Rows, segments: readonly Segment[]): PoolSums[] {
  const sql = `SELECT pool_id, ${sumsSql(POOL_ROLLUP)} FROM pool_rollup WHERE ${PLACE} GROUP BY pool_id`;
  return segments.flatMap((segment) => rows.all<PoolSums>(sql, ...place(segment)));
}

export function transactionHistograms(
  rows: Rows,
  segments: readonly Segment[],
): Array<{ pool_id: string; histogram: Uint8Array }> {
  const sql = `SELECT pool_id, transaction_histogram AS histogram FROM pool_rollup WHERE ${PLACE} AND length(transaction_histogram) > 0`;
  return segments.flatMap((segment) => rows.all<{ pool_id: string; histogram: Uint8Array }>(sql, ...place(segment)));
}

export function poolSourceSums(rows: Rows, segments: readonly Segment[]): PoolSourceSums[] {
  const totals = seriesTotals(segments, { totals: ['calls', 'errors'] });
  if (totals === undefined) return [];
  const sql = `SELECT s.pool_id, s.source, sum(r.calls + r.errors) AS executions
    FROM (${totals.sql}) r JOIN series s ON s.series_id = r.series_id GROUP BY s.pool_id, s.source`;
  return rows.all<PoolSourceSums>(sql, ...totals.values);
}

export function fleetPeaks(rows: Rows, segments: readonly Segment[]): FleetPeaks[] {
  const sql = `SELECT max(connections_max) AS connectionsMax, max(busy_max) AS busyMax FROM fleet_rollup WHERE ${PLACE}`;
  return segments.map((segment) => rows.get<FleetPeaks>(sql, ...place(segment))!);
}

function place(segment: Segment): [number, number, number] {
  return [segment.spanS, segment.fromMinute, segment.toMinute];
}
