// Units of work that are examples of their route, in the database: of each hour and of each day.
// Invariant: of a route, kind and stretch the one with the highest rank is there, whatever came first; a sample of an
// hour that is not kept any more goes into its day alone. Not here: choosing them (analyzer/work/unit-samples.ts).

import { minuteOf } from '../../../config/values/minute.js';
import type { SampledStatement, UnitSample } from '../../../facts/rollup-row.js';
import { DAY_MIN, type FoldState, floorTo, HOUR_MIN, type MinuteRange, SPAN } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';
import { integer } from './rollup-tables.js';

const UPSERT = `INSERT INTO unit_sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (span_s, bucket_min, request_series_id, kind) DO UPDATE SET
    rank = excluded.rank, boundary = excluded.boundary, request_id = excluded.request_id, at_ms = excluded.at_ms,
    duration_ms = excluded.duration_ms, service_ns = excluded.service_ns, executions = excluded.executions,
    statements = excluded.statements
  WHERE excluded.rank > rank`;
/** A stretch that a window touches is in it: hours where they are kept, days before. */
const IN_WINDOW = `SELECT s.tag_set AS tagSet, s.found, u.kind, u.rank, u.boundary, u.request_id AS request, u.at_ms AS atMs,
    u.duration_ms AS durationMs, u.service_ns AS serviceNs, u.executions, u.statements
  FROM unit_sample u JOIN request_series s ON s.request_series_id = u.request_series_id
  WHERE u.span_s = ? AND u.bucket_min > ? AND u.bucket_min < ? AND u.bucket_min >= ?`;
export const DROP_UNIT_SAMPLES = 'DELETE FROM unit_sample WHERE span_s = ? AND bucket_min < ? LIMIT ?';

/** Inside a transaction. */
export function writeUnitSample(
  rows: Rows,
  sample: UnitSample,
  { series, state }: { series: number; state: FoldState },
): void {
  const minute = minuteOf(sample.atMs);
  const buckets: Array<readonly [number, number]> = [];
  if (floorTo(minute, HOUR_MIN) >= state.minutesKeptFrom) buckets.push([SPAN.hour, floorTo(minute, HOUR_MIN)]);
  if (floorTo(minute, DAY_MIN) >= state.daysKeptFrom) buckets.push([SPAN.day, floorTo(minute, DAY_MIN)]);
  for (const [spanS, bucket] of buckets) {
    rows.run(
      UPSERT,
      spanS,
      bucket,
      series,
      sample.kind,
      sample.rank,
      sample.boundary,
      sample.request,
      integer(sample.atMs),
      sample.durationMs,
      integer(sample.serviceNs),
      integer(sample.executions),
      JSON.stringify(sample.statements),
    );
  }
}

/** `minutes` null = all that are kept; `isWanted`: by tag set. Pools are ids. In no order. */
export function unitSamplesIn(
  rows: Rows,
  { minutes, state, isWanted }: { minutes: MinuteRange | null; state: FoldState; isWanted(tagSet: string): boolean },
): UnitSample[] {
  const { since, until } = minutes ?? { since: 0, until: Number.MAX_SAFE_INTEGER };
  type Row = Omit<UnitSample, 'statements'> & { statements: string };
  const hours = rows.all<Row>(IN_WINDOW, SPAN.hour, since - HOUR_MIN, until, state.minutesKeptFrom);
  // The day in which the kept hours begin has what is older than they are.
  const daysTo = since < state.minutesKeptFrom ? Math.min(until, state.minutesKeptFrom) : 0;
  const days = rows.all<Row>(IN_WINDOW, SPAN.day, since - DAY_MIN, daysTo, 0);
  const wanted = [...hours, ...days].filter(({ tagSet }) => isWanted(tagSet));
  return wanted.map((row) => ({ ...row, statements: JSON.parse(row.statements) as SampledStatement[] }));
}
