// Queries for what requests are made of, by their tag set: sources and pools, histograms.
// Invariant: every value is bound; sums add up over segments. Not here: which route a tag set names
// (facts/work/routes.ts), sums (query-requests.ts).

import type { Rows } from '../file/rows.js';
import type { Segment } from '../tables/levels.js';
import { totalSql } from '../tables/saturating.js';

export interface RequestPartSums {
  tagSet: string;
  source: string;
  /** Name, or '(other)'. */
  pool: string;
  statements: number;
}

export interface RequestHistograms {
  tagSet: string;
  statementHistogram: Uint8Array;
  serviceHistogram: Uint8Array;
}

const PLACE = 'span_s = ? AND bucket_min >= ? AND bucket_min < ?';

export function requestPartSums(rows: Rows, segments: readonly Segment[]): RequestPartSums[] {
  const sql = `SELECT s.tag_set AS tagSet, r.source, coalesce(p.name, r.pool_id) AS pool, r.statements FROM (
      SELECT request_series_id AS id, source, pool_id, ${totalSql('statements')} AS statements
        FROM request_part_rollup WHERE ${PLACE} GROUP BY request_series_id, source, pool_id
    ) r JOIN request_series s ON s.request_series_id = r.id LEFT JOIN pool p ON p.pool_id = r.pool_id`;
  return segments.flatMap((segment) => rows.all<RequestPartSums>(sql, ...placeOf(segment)));
}

/** Row by row, in no order. */
export function* requestHistograms(rows: Rows, segments: readonly Segment[]): Generator<RequestHistograms> {
  const sql = `SELECT s.tag_set AS tagSet, statement_histogram AS statementHistogram, service_histogram AS serviceHistogram
    FROM request_rollup r JOIN request_series s ON s.request_series_id = r.request_series_id
    WHERE ${PLACE} AND length(statement_histogram) > 0`;
  for (const segment of segments) yield* rows.iterate<RequestHistograms>(sql, ...placeOf(segment));
}

function placeOf(segment: Segment): [number, number, number] {
  return [segment.spanS, segment.fromMinute, segment.toMinute];
}
