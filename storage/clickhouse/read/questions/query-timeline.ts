// Statements for ClickHouse: points over time.
// Invariant: `at` is the first minute of a point; a point is one row. Not here: choosing points
// (storage/reading/timeline-levels.ts).

import type { ExecutionFilter } from '../../../../facts/answers.js';
import { type PointMeasureName, snakeCase } from '../../../../facts/measures.js';
import { POINT_RULES } from '../../../../facts/sums.js';
import type { Segment } from '../../../reading/levels.js';
import type { DistinctPoint, SourcePoint, StatementPoint } from '../../../reading/statement-rows.js';
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
     FROM rollup WHERE ${view.in(segments)} GROUP BY at, source ORDER BY at, source`,
  );
}

export function distinctStatements(view: View, segments: readonly Segment[]): Array<Omit<DistinctPoint, 'at'>> {
  if (segments.length === 0) return [];
  return view.rows<Omit<DistinctPoint, 'at'>>(
    `SELECT source, uniqExact(fingerprint) AS statements FROM rollup
     WHERE ${view.in(segments)} GROUP BY source ORDER BY source`,
  );
}

export function statementPoints(
  view: View,
  { segments, stepMinutes }: Timeline,
  { totalsOnly, ...filter }: ExecutionFilter & { fingerprint: string; totalsOnly?: boolean },
): StatementPoint[] {
  if (segments.length === 0) return [];
  const tagged = (filter.tags ?? []).length > 0;
  const wanted = tagged ? tagCondition(filter, view) : seriesCondition(filter, view);
  const column = (name: PointMeasureName): string => (tagged ? snakeCase(name) : statementColumn(name));
  const rows = view.rows<StatementPoint>(
    `SELECT ${atSql(stepMinutes)} AS at, ${sumsSql(POINT_RULES, column)}${totalsOnly ? '' : ', sumMap(histogram) AS histogram'}
     FROM ${tagged ? 'tag_rollup' : 'rollup'} FINAL WHERE ${view.in(segments)} AND ${wanted} GROUP BY at ORDER BY at`,
  );
  return totalsOnly ? rows.map((row) => ({ ...row, histogram: NONE })) : rows;
}

const NONE = new Uint8Array();
