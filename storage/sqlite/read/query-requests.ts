// Queries for requests by tag set: sums, each statement's part, sources and pools, histograms.
// Invariant: every value is bound; a request is in the sums of one tag set; sums add up over segments.
// Not here: choosing segments (levels.ts), grouping by a tag (reports/requests.ts), the route that a tag set names
// (facts/work/routes.ts).

import type { Segment } from '../../reading/levels.js';
import type {
  RequestHistograms,
  RequestPartSums,
  RequestSeriesSums,
  RequestStatementSums,
  Tags,
} from '../../reading/request-rows.js';
import type { Rows } from '../file/rows.js';
import { type Condition, hasTag } from '../tables/filter-conditions.js';
import { REQUEST_ROLLUP, REQUEST_STATEMENT_ROLLUP, sumsSql } from '../tables/rollup-tables.js';
import { totalSql } from '../tables/saturating.js';
import { placeOf } from './query-statements.js';

export function requestSums(rows: Rows, segments: readonly Segment[], tags: Tags): RequestSeriesSums[] {
  const wanted = tagged('request_series', tags);
  return segments.flatMap((segment) => {
    const place = placeOf(segment, 'request_series_id', {});
    return rows.all<RequestSeriesSums>(
      `SELECT s.tag_set AS tagSet, s.found, r.* FROM (
         SELECT request_series_id AS id, ${sumsSql(REQUEST_ROLLUP)}
           FROM request_rollup WHERE ${place.sql}${wanted.sql} GROUP BY request_series_id
       ) r JOIN request_series s ON s.request_series_id = r.id`,
      ...place.values,
      ...wanted.values,
    );
  });
}

export function requestStatementSums(rows: Rows, segments: readonly Segment[], tags: Tags): RequestStatementSums[] {
  const wanted = tagged('tag_series', tags);
  return segments.flatMap((segment) => {
    const place = placeOf(segment, 'tag_series_id', {});
    return rows.all<RequestStatementSums>(
      `SELECT s.fingerprint, s.source, r.* FROM (
         SELECT tag_series_id AS id, ${sumsSql(REQUEST_STATEMENT_ROLLUP)}
           FROM request_statement_rollup WHERE ${place.sql}${wanted.sql} GROUP BY tag_series_id
       ) r JOIN tag_series s ON s.tag_series_id = r.id`,
      ...place.values,
      ...wanted.values,
    );
  });
}

export function requestPartSums(rows: Rows, segments: readonly Segment[]): RequestPartSums[] {
  const sqlOf = (
    place: string,
  ) => `SELECT s.tag_set AS tagSet, r.source, coalesce(p.name, r.pool_id) AS pool, r.statements FROM (
      SELECT request_series_id AS id, source, pool_id, ${totalSql('statements')} AS statements
        FROM request_part_rollup WHERE ${place} GROUP BY request_series_id, source, pool_id
    ) r JOIN request_series s ON s.request_series_id = r.id LEFT JOIN pool p ON p.pool_id = r.pool_id`;
  return segments.flatMap((segment) => {
    const place = placeOf(segment, 'request_series_id', {});
    return rows.all<RequestPartSums>(sqlOf(place.sql), ...place.values);
  });
}

/** Row by row, in no order. */
export function* requestHistograms(rows: Rows, segments: readonly Segment[]): Generator<RequestHistograms> {
  for (const segment of segments) {
    const place = placeOf(segment, 'request_series_id', {});
    const sql = `SELECT s.tag_set AS tagSet, r.* FROM (
        SELECT request_series_id AS id, statement_histogram AS statementHistogram, service_histogram AS serviceHistogram
          FROM request_rollup WHERE ${place.sql} AND length(statement_histogram) > 0
      ) r JOIN request_series s ON s.request_series_id = r.id`;
    yield* rows.iterate<RequestHistograms>(sql, ...place.values);
  }
}

/** Of a table of series those with all the tags; nothing where all are wanted: each row would be looked up for it. */
function tagged(table: 'request_series' | 'tag_series', tags: Tags): Condition {
  if (tags.length === 0) return { sql: '', values: [] };
  const each = tags.map(([key, value]) => hasTag('t', key, value));
  const where = each.map(({ sql }) => sql).join(' AND ');
  const sql = ` AND ${table}_id IN (SELECT ${table}_id FROM ${table} t WHERE ${where})`;
  return { sql, values: each.flatMap(({ values }) => values) };
}
