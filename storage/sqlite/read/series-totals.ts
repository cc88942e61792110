// Totals per series over the segments of a window, as a subquery for rankings, windows and pools.
// Invariant: cost grows with the rows of the window and, over days, with the series ever seen; nothing is sorted where
// an index has the order. Not here: other columns of a series (query-statements.ts), choosing segments (levels.ts).

import { DAY_MIN, type Segment, SPAN } from '../../reading/levels.js';
import type { SeriesFilter } from '../../reading/statement-rows.js';
import { type Condition, seriesConditions } from '../tables/filter-conditions.js';
import { CALLS_SQL } from '../tables/rollup-tables.js';
import { totalSql } from '../tables/saturating.js';
import { placeOf } from './query-statements.js';

/** Totals that can be asked for. Day rows have all of them in their index (migrations/0002-day-index.ts). */
const TOTALS = {
  calls: totalSql(CALLS_SQL),
  errors: totalSql('errors'),
  /** Both. */
  executions: totalSql(`${CALLS_SQL} + errors`),
  batched_calls: totalSql('batched_calls'),
  /** Calls that ran alone: of errors nobody knows which were batched, so more may be in the histogram. */
  timed: totalSql(`${CALLS_SQL} - batched_calls`),
  rows: totalSql('rows'),
  total_ns: totalSql('service_total_ns'),
  min_ns: 'min(service_min_ns)',
  max_ns: 'max(service_max_ns)',
} as const;
export type SeriesTotal = keyof typeof TOTALS;

/** From so many days on, a seek per series is cheaper than sorting the rows of each. */
const DAYS_MIN = 3;

/** Columns: series_id and `totals`. A series has a row per segment it ran in. Undefined when the window is empty. */
export function seriesTotals(
  segments: readonly Segment[],
  question: { totals: readonly SeriesTotal[]; filter?: SeriesFilter },
): Condition | undefined {
  if (segments.length === 0) return undefined;
  const { totals, filter = {} } = question;
  const columns = totals.map((name) => `, ${TOTALS[name]} AS ${name}`).join('');
  const parts = segments.map((segment) =>
    isLong(segment) ? bySeries(segment, columns, filter) : byBucket(segment, columns, filter),
  );
  return { sql: parts.map(({ sql }) => sql).join(' UNION ALL '), values: parts.flatMap(({ values }) => values) };
}

function isLong({ spanS, fromMinute, toMinute }: Segment): boolean {
  return spanS === SPAN.day && toMinute - fromMinute >= DAYS_MIN * DAY_MIN;
}

function bySeries({ fromMinute, toMinute }: Segment, columns: string, filter: SeriesFilter): Condition {
  const wanted = seriesConditions(filter);
  const where = wanted.sql === '' ? '' : `WHERE ${wanted.sql}`;
  return {
    // CROSS JOIN keeps the order of the loops, so that groups come one after the other.
    sql: `SELECT s.series_id AS series_id${columns} FROM series s
      CROSS JOIN rollup r INDEXED BY rollup_day ON r.span_s = ${SPAN.day} AND r.series_id = s.series_id AND r.bucket_min >= ? AND r.bucket_min < ?
      ${where} GROUP BY s.series_id`,
    values: [fromMinute, toMinute, ...wanted.values],
  };
}

function byBucket(segment: Segment, columns: string, filter: SeriesFilter): Condition {
  const place = placeOf(segment, 'series_id', filter);
  const wanted = seriesConditions(filter);
  const among = wanted.sql === '' ? '' : ` AND series_id IN (SELECT series_id FROM series WHERE ${wanted.sql})`;
  return {
    sql: `SELECT series_id${columns} FROM rollup WHERE ${place.sql}${among} GROUP BY series_id`,
    values: [...place.values, ...wanted.values],
  };
}
