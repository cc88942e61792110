// Statements for ClickHouse: points over time.
// Invariant: `at` is the first minute of a point; a point is one row. Not here: choosing points
// (storage/reading/timeline-levels.ts).

import type { ExecutionFilter } from '../../../../facts/answers.js';
import { type PointMeasureName, snakeCase } from '../../../../facts/measures.js';
import { POINT_RULES } from '../../../../facts/sums.js';
import type { Segment } from '../../../reading/levels.js';
import type {
  DistinctPoint,
  SeriesFilter,
  SourcePoint,
  StatementKey,
  StatementPoint,
  TotalPoint,
} from '../../../reading/statement-rows.js';
import type { Timeline } from '../../../reading/timeline-levels.js';
import { seriesCondition, tagCondition } from './filters.js';
import { statementColumn } from './query-statements.js';
import { sumsSql, totalSql } from './sql.js';
import type { View } from './view.js';

export function atSql(stepMinutes: number): string {
  return `bucket_min - bucket_min % ${stepMinutes}`;
}

export function sourcePoints(view: View, { segments, stepMinutes }: Timeline): SourcePoint[] {
  if (segments.length === 0) return [];
  return view.rows<SourcePoint>(
    `SELECT ${atSql(stepMinutes)} AS at, source, ${totalSql('calls')} AS calls, ${totalSql('errors')} AS errors,
       ${totalSql('service_total_ns')} AS totalNs
     FROM source_rollup FINAL WHERE ${view.in(segments)} GROUP BY at, source ORDER BY at, source`,
  );
}

/** A row that is there twice is still one statement. */
export function distinctPoints(view: View, { segments, stepMinutes }: Timeline): DistinctPoint[] {
  if (segments.length === 0) return [];
  return view.rows<DistinctPoint>(
    `SELECT ${atSql(stepMinutes)} AS at, source, uniqExact(fingerprint) AS statements
     FROM rollup ${view.statementsIn(segments)} GROUP BY at, source ORDER BY at, source`,
  );
}

export function distinctStatements(view: View, segments: readonly Segment[]): Array<Omit<DistinctPoint, 'at'>> {
  if (segments.length === 0) return [];
  return view.rows<Omit<DistinctPoint, 'at'>>(
    `SELECT source, uniqExact(fingerprint) AS statements FROM rollup
     ${view.statementsIn(segments)} GROUP BY source ORDER BY source`,
  );
}

export function statementPoints(
  view: View,
  { segments, stepMinutes }: Timeline,
  filter: ExecutionFilter & { fingerprint: string },
): StatementPoint[] {
  if (segments.length === 0) return [];
  const { table, condition } = askedOf(view, filter);
  const column = (name: PointMeasureName): string => (table === 'tag_rollup' ? snakeCase(name) : statementColumn(name));
  return view.rows<StatementPoint>(
    `SELECT ${atSql(stepMinutes)} AS at, ${sumsSql(POINT_RULES, column)}, sumMap(histogram) AS histogram
     FROM ${table} FINAL ${view.statementsIn(segments, condition)} GROUP BY at ORDER BY at`,
  );
}

/** Of all statements at once: each by itself would cost as much. */
export function totalPoints(
  view: View,
  { segments, stepMinutes }: Timeline,
  { statements, source: _, ...filter }: ExecutionFilter & { statements: readonly StatementKey[] },
): TotalPoint[] {
  if (segments.length === 0) return [];
  const fingerprints = [...new Set(statements.map(({ fingerprint }) => fingerprint))];
  const { table, condition } = askedOf(view, { ...filter, fingerprints });
  return view.rows<TotalPoint>(
    `SELECT fingerprint, source, ${atSql(stepMinutes)} AS at, ${totalSql('service_total_ns')} AS totalNs
     FROM ${table} FINAL ${view.statementsIn(segments, condition)} GROUP BY fingerprint, source, at ORDER BY at`,
  );
}

/** Pools and constructs are known of series, tags of tag sets. */
function askedOf(view: View, filter: SeriesFilter): { table: 'rollup' | 'tag_rollup'; condition: string } {
  return (filter.tags ?? []).length > 0
    ? { table: 'tag_rollup', condition: tagCondition(filter, view) }
    : { table: 'rollup', condition: seriesCondition(filter, view) };
}
