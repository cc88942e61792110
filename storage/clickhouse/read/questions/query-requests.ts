// Statements for ClickHouse: requests by tag set, and units of work that are examples.
// Invariant: a request is in the sums of one tag set. Not here: the route that a tag set names (facts/work/routes.ts).

import type { SampledStatement, UnitSample } from '../../../../facts/rollup-row.js';
import { REQUEST_RULES, REQUEST_STATEMENT_RULES } from '../../../../facts/sums.js';
import { DAY_MIN, HOUR_MIN, type MinuteRange, type Segment, SPAN } from '../../../reading/levels.js';
import type {
  RequestHistograms,
  RequestPartSums,
  RequestSeriesSums,
  RequestStatementSums,
  Tags,
} from '../../../reading/request-rows.js';
import { tagsCondition } from './filters.js';
import { namesOf, type PoolName, poolNamesSql } from './query-pools.js';
import { list, sumsSql, totalSql } from './sql.js';
import { inParts, type View } from './view.js';

export function requestSums(view: View, segments: readonly Segment[], tags: Tags): RequestSeriesSums[] {
  if (segments.length === 0) return [];
  return view.rows<RequestSeriesSums>(
    `SELECT tag_set AS tagSet, found, ${sumsSql(REQUEST_RULES)} FROM request_rollup FINAL
     WHERE ${view.in(segments)} AND ${tagsCondition(tags)} GROUP BY tag_set, found ORDER BY tag_set, found`,
  );
}

export function requestStatementSums(view: View, segments: readonly Segment[], tags: Tags): RequestStatementSums[] {
  if (segments.length === 0) return [];
  return view.rows<RequestStatementSums>(
    `SELECT fingerprint, source, ${sumsSql(REQUEST_STATEMENT_RULES)} FROM request_statement_rollup FINAL
     ${view.statementsIn(segments, tagsCondition(tags))}
     GROUP BY fingerprint, source ORDER BY fingerprint, source`,
  );
}

export function requestPartSums(view: View, segments: readonly Segment[]): RequestPartSums[] {
  if (segments.length === 0) return [];
  const [parts, pools] = view.all(
    `SELECT tag_set AS tagSet, source, pool_id AS pool, ${totalSql('statements')} AS statements
     FROM request_part_rollup FINAL WHERE ${view.in(segments)}
     GROUP BY tag_set, source, pool_id ORDER BY tag_set, source, pool_id`,
    poolNamesSql(view),
  ) as [RequestPartSums[], PoolName[]];
  const names = namesOf(pools);
  return parts.map((part) => ({ ...part, pool: names.get(part.pool) ?? part.pool }));
}

export function requestHistograms(view: View, segments: readonly Segment[]): RequestHistograms[] {
  if (segments.length === 0) return [];
  return view.rows<RequestHistograms>(
    `SELECT tag_set AS tagSet, sumMap(statement_histogram) AS statementHistogram, sumMap(service_histogram) AS serviceHistogram
     FROM request_rollup FINAL WHERE ${view.in(segments)} GROUP BY tag_set`,
  );
}

/** As storage/sqlite/tables/unit-samples.ts: hours where minutes are kept, days before. */
export function unitSamplesIn(
  view: View,
  { minutes, isWanted }: { minutes: MinuteRange | null; isWanted(tagSet: string): boolean },
): UnitSample[] {
  const { since, until } = minutes ?? { since: 0, until: 2 ** 32 - 1 };
  const { minutesKeptFrom } = view.state;
  const place = (spanS: number, from: number, to: number): string =>
    `span_s = ${spanS} AND bucket_min >= ${Math.max(0, from)} AND bucket_min < ${to}`;
  const hours = place(SPAN.hour, Math.max(since - HOUR_MIN + 1, minutesKeptFrom), until);
  // The day in which the kept hours begin has what is older than they are.
  const days = place(SPAN.day, since - DAY_MIN + 1, since < minutesKeptFrom ? Math.min(until, minutesKeptFrom) : 0);
  const where = `((${hours}) OR (${days})) AND ${view.whose}`;
  const tagSets = view.rows<{ tagSet: string }>(`SELECT DISTINCT tag_set AS tagSet FROM unit_sample WHERE ${where}`);
  const wanted = tagSets.map(({ tagSet }) => tagSet).filter(isWanted);
  if (wanted.length === 0) return [];
  const found = view.all(
    ...inParts(wanted).map(
      (part) => `SELECT tag_set AS tagSet, found, kind, rank, boundary, request_id AS request, at_ms AS atMs,
         duration_ms AS durationMs, service_ns AS serviceNs, executions, statements
       FROM unit_sample FINAL WHERE ${where} AND tag_set IN ${list(part)}
       ORDER BY span_s, bucket_min, tag_set, found, kind, rank DESC LIMIT 1 BY span_s, bucket_min, tag_set, found, kind`,
    ),
  );
  return (found.flat() as Array<Omit<UnitSample, 'statements'> & { statements: string }>).map((row) => ({
    ...row,
    statements: JSON.parse(row.statements) as SampledStatement[],
  }));
}
