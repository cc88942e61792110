// Queries for points over time: executions by source, and one statement's with histograms.
// Invariant: every value is bound; `at` is the first minute of a point.
// Not here: choosing points (timeline-levels.ts), adding rows up (reports/timeline.ts).

import type { ExecutionFilter } from '../../../facts/answers.js';
import { snakeCase } from '../../../facts/measures.js';
import { POINT_RULES } from '../../../facts/sums.js';
import { DAY_MIN, HOUR_MIN, type Segment, SPAN } from '../../reading/levels.js';
import type {
  DistinctPoint,
  SourcePoint,
  StatementKey,
  StatementPoint,
  TotalPoint,
} from '../../reading/statement-rows.js';
import type { Timeline } from '../../reading/timeline-levels.js';
import type { Rows, SqlValue } from '../file/rows.js';
import { seriesCondition, tagCondition } from '../tables/filter-conditions.js';
import { CALLS_SQL } from '../tables/rollup-tables.js';
import { totalSql } from '../tables/saturating.js';
import { freshOf } from './query-statements.js';
import { seriesTotals } from './series-totals.js';

const PLACE = 'span_s = ? AND bucket_min >= ? AND bucket_min < ?';
const BUCKETS = 'span_s = ? AND bucket_min IN (SELECT value FROM json_each(?))';
const AT = 'bucket_min - bucket_min % ?';

export function sourcePoints(rows: Rows, { segments, stepMinutes }: Timeline): SourcePoint[] {
  const sql = `SELECT ${AT} AS at, source, ${totalSql('calls')} AS calls, ${totalSql('errors')} AS errors,
      ${totalSql('service_total_ns')} AS totalNs
    FROM source_rollup WHERE ${PLACE} GROUP BY 1, 2`;
  return segments.flatMap((segment) => rows.all<SourcePoint>(sql, stepMinutes, ...place(segment)));
}

export function distinctPoints(rows: Rows, { segments, stepMinutes }: Timeline): DistinctPoint[] {
  if (segments.length === 0) return [];
  // One UNION for all levels: a statement in two of them is still one statement.
  const parts = segments.map(() => `SELECT ${AT} AS at, series_id FROM rollup WHERE ${PLACE}`).join(' UNION ');
  const sql = `SELECT p.at, s.source, count(DISTINCT s.fingerprint) AS statements
    FROM (${parts}) p JOIN series s ON s.series_id = p.series_id GROUP BY 1, 2`;
  return rows.all<DistinctPoint>(sql, ...segments.flatMap((segment) => [stepMinutes, ...place(segment)]));
}

/** Distinct statements by source over all of `segments`. */
export function distinctStatements(rows: Rows, segments: readonly Segment[]): Array<Omit<DistinctPoint, 'at'>> {
  const ran = seriesTotals(segments, { totals: [] });
  if (ran === undefined) return [];
  const sql = `SELECT s.source, count(DISTINCT s.fingerprint) AS statements
    FROM (${ran.sql}) p JOIN series s ON s.series_id = p.series_id GROUP BY 1`;
  return rows.all<Omit<DistinctPoint, 'at'>>(sql, ...ran.values);
}

/** Rows of one statement, as far as the filter goes; with tags those of its tag sets. */
export function* statementPoints(
  rows: Rows,
  { segments, stepMinutes }: Timeline,
  filter: ExecutionFilter & { fingerprint: string },
): Generator<StatementPoint> {
  const tagged = isTagged(filter);
  const calls = tagged ? 'calls' : CALLS_SQL;
  const columns = Object.keys(POINT_RULES).map((name) => `${name === 'calls' ? calls : snakeCase(name)} AS ${name}`);
  const wanted = tagged ? tagCondition(filter) : seriesCondition(filter);
  const sql = `SELECT ${AT} AS at, ${columns.join(', ')}, histogram
    FROM ${tagged ? 'tag_rollup' : 'rollup'} WHERE ${BUCKETS}`;
  for (const segment of segments) {
    const fresh = freshOf(segment, tagged ? 'tag_series_id' : 'series_id');
    const named: SqlValue[] = [stepMinutes, segment.spanS, bucketList(segment)];
    yield* rows.iterate<StatementPoint>(`${sql}${fresh.sql}${wanted.sql}`, ...named, ...fresh.values, ...wanted.values);
  }
}

/** Of all these statements in one question for each segment: a question for each of them takes longer. */
export function totalPoints(
  rows: Rows,
  { segments, stepMinutes }: Timeline,
  { statements, source: _, ...filter }: ExecutionFilter & { statements: readonly StatementKey[] },
): TotalPoint[] {
  const asked = { ...filter, fingerprints: [...new Set(statements.map(({ fingerprint }) => fingerprint))] };
  const tagged = isTagged(filter);
  const wanted = tagged ? tagCondition(asked) : seriesCondition(asked);
  const [table, key, series] = tagged
    ? (['tag_rollup', 'tag_series_id', 'tag_series'] as const)
    : (['rollup', 'series_id', 'series'] as const);
  return segments.flatMap((segment) => {
    const isDays = segment.spanS === SPAN.day && !tagged;
    // Rows of days have their total in an index by series.
    const from = isDays ? `${table} INDEXED BY rollup_day` : table;
    const where = isDays ? `span_s = ${SPAN.day} AND bucket_min >= ? AND bucket_min < ?` : BUCKETS;
    const named: SqlValue[] = isDays ? [segment.fromMinute, segment.toMinute] : [segment.spanS, bucketList(segment)];
    const fresh = freshOf(segment, key);
    return rows.all<TotalPoint>(
      `SELECT s.fingerprint, s.source, r.at, r.totalNs FROM (
         SELECT ${AT} AS at, ${key}, service_total_ns AS totalNs FROM ${from} WHERE ${where}${fresh.sql}${wanted.sql}
       ) r JOIN ${series} s ON s.${key} = r.${key}`,
      stepMinutes,
      ...named,
      ...fresh.values,
      ...wanted.values,
    );
  });
}

function isTagged({ tags = [] }: ExecutionFilter): boolean {
  return tags.length > 0;
}

/**
 * Buckets one by one: with the series that makes a seek each, where a range would read every other statement's rows
 * too.
 */
function bucketList({ spanS, fromMinute, toMinute }: Segment): string {
  const step = spanS === SPAN.minute ? 1 : spanS === SPAN.hour ? HOUR_MIN : DAY_MIN;
  const first = Math.floor(fromMinute / step) * step;
  return JSON.stringify(Array.from({ length: Math.ceil((toMinute - first) / step) }, (_, n) => first + n * step));
}

function place({ spanS, fromMinute, toMinute }: Segment): [number, number, number] {
  return [spanS, fromMinute, toMinute];
}
