// Which statements come first, found without reading everything about all of them.
// Invariant: the order is that of statement-order.ts, ties by fingerprint and source included. Not here: percentiles (report-statements.ts),
// what is then read of those that come first.

import type { StatementFilter } from '../report-types.js';
import type { StatementSort } from '../statement-order.js';
import type { Segment } from './levels.js';
import { placeOf, seriesCondition } from './query-statements.js';
import type { Rows } from './rows.js';

export interface RankedStatement {
  fingerprint: string;
  source: string;
  /** Slowest execution that ran alone, ns. */
  maxNs: number;
}

const VALUES: Readonly<Record<StatementSort, string>> = {
  total: 'sum(r.total_ns)',
  mean: 'sum(r.total_ns) * 1.0 / max(1, sum(r.calls) + sum(r.errors))',
  max: 'max(r.max_ns)',
  calls: 'sum(r.calls)',
  errors: 'sum(r.errors)',
  rows: 'sum(r.rows)',
  // No percentile is above the maximum: what comes first by it is looked at first.
  p95: 'max(r.max_ns)',
  p99: 'max(r.max_ns)',
};

/** The first `limit` of a window; 0 = all. */
export function rankStatements(
  rows: Rows,
  segments: readonly Segment[],
  what: { filter: StatementFilter; sort: StatementSort; limit: number },
): RankedStatement[] {
  if (segments.length === 0) return [];
  const wanted = seriesCondition(what.filter);
  const places = segments.map((segment) => placeOf(segment, what.filter));
  const sums = places.map(
    ({
      sql,
    }) => `SELECT series_id, sum(calls_certain + calls_strong + calls_weak + calls_none) AS calls, sum(errors) AS errors,
        sum(rows) AS rows, sum(service_total_ns) AS total_ns, max(service_max_ns) AS max_ns
      FROM rollup WHERE ${sql}${wanted.sql} GROUP BY series_id`,
  );
  return rows.all<RankedStatement>(
    `SELECT s.fingerprint, s.source, max(r.max_ns) AS maxNs FROM (${sums.join(' UNION ALL ')}) r
       JOIN series s ON s.series_id = r.series_id
      GROUP BY s.fingerprint, s.source ORDER BY ${VALUES[what.sort]} DESC, s.fingerprint, s.source LIMIT ?`,
    ...places.flatMap(({ values }) => [...values, ...wanted.values]),
    what.limit === 0 ? -1 : what.limit,
  );
}
