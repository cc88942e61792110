// Queries for sums and histograms of statements over the segments of a window.
// Invariant: every value is bound; cost grows with the rows of the segments, which levels.ts keeps few.
// Not here: choosing segments (levels.ts), putting answers together (statements.ts, windows.ts).

import type { StatementFilter } from '../../../facts/answers.js';
import type {
  CALLS_BY_CONFIDENCE,
  STATEMENT_MEASURES,
  StatementMeasureName,
  TagMeasureName,
} from '../../../facts/measures.js';
import { HANDWRITTEN } from '../../../facts/verdict.js';
import type { Rows, SqlValue } from '../file/rows.js';
import { DAY_MIN, HOUR_MIN, type Segment, SPAN } from '../tables/levels.js';
import { CALLS_SQL, ROLLUP, sumsSql, TAG_ROLLUP } from '../tables/rollup-tables.js';
import { totalSql } from '../tables/saturating.js';

/** Measures as SQL gives them: a minimum of nothing is null. */
type SqlSums<Name extends StatementMeasureName> = {
  [Each in Name]: (typeof STATEMENT_MEASURES)[Each]['merge'] extends 'min' ? number | null : number;
};

type ConfidenceField = (typeof CALLS_BY_CONFIDENCE)[keyof typeof CALLS_BY_CONFIDENCE];

/** A series over one segment. */
export interface SeriesSums extends SqlSums<StatementMeasureName>, Record<ConfidenceField, number> {
  seriesId: number;
  fingerprint: string;
  source: string;
  construct: string;
  poolId: string;
}

/** A tag set of a statement over one segment. */
export interface TagSums extends SqlSums<TagMeasureName> {
  tagSeriesId: number;
  fingerprint: string;
  source: string;
  tagSet: string;
}

export interface Condition {
  sql: string;
  values: SqlValue[];
}

/** A filter, and of what passes it only these statements. */
export interface SeriesFilter extends StatementFilter {
  fingerprints?: readonly string[];
}

const ALL: Condition = { sql: '', values: [] };

/** Series that a filter asks for; its tags are ignored. One row per series and segment. */
export function seriesSums(rows: Rows, segments: readonly Segment[], filter: SeriesFilter): SeriesSums[] {
  const wanted = seriesCondition(filter);
  const answer: SeriesSums[] = [];
  for (const segment of segments) {
    const place = placeOf(segment, filter);
    const sums = rows.all<SeriesSums>(
      `SELECT s.fingerprint, s.source, s.construct, s.pool_id AS poolId, r.* FROM (
         SELECT series_id AS seriesId, ${totalSql(CALLS_SQL)} AS calls, ${sumsSql(ROLLUP)}
           FROM rollup WHERE ${place.sql}${wanted.sql} GROUP BY series_id
       ) r JOIN series s ON s.series_id = r.seriesId`,
      ...place.values,
      ...wanted.values,
    );
    for (const sum of sums) answer.push(sum);
  }
  return answer;
}

export function tagSums(rows: Rows, segments: readonly Segment[], filter: SeriesFilter): TagSums[] {
  const answer: TagSums[] = [];
  const wanted = tagCondition(filter);
  for (const segment of segments) {
    const place = placeOf(segment, filter);
    const sums = rows.all<TagSums>(
      `SELECT s.fingerprint, s.source, s.tag_set AS tagSet, r.* FROM (
         SELECT tag_series_id AS tagSeriesId, ${sumsSql(TAG_ROLLUP)}
           FROM tag_rollup WHERE ${place.sql}${wanted.sql} GROUP BY tag_series_id
       ) r JOIN tag_series s ON s.tag_series_id = r.tagSeriesId`,
      ...place.values,
      ...wanted.values,
    );
    for (const sum of sums) answer.push(sum);
  }
  return answer;
}

/** Series that a filter asks for; its tags are ignored. */
export function seriesIds(
  rows: Rows,
  filter: SeriesFilter,
): Array<{ id: number; fingerprint: string; source: string }> {
  const { sql, values } = seriesConditions(filter);
  return rows.all(`SELECT series_id AS id, fingerprint, source FROM series ${sql && `WHERE ${sql}`}`, ...values);
}

export interface EncodedHistogram {
  id: number;
  histogram: Uint8Array;
}

/** Histograms of these ids (series_id or tag_series_id; undefined = of all), row by row and in no order. */
export function* histogramsOf(
  rows: Rows,
  table: 'rollup' | 'tag_rollup',
  wanted: {
    segments: readonly Segment[];
    ids: readonly number[] | undefined;
    fingerprint?: string;
    fingerprints?: readonly string[];
  },
): Generator<EncodedHistogram> {
  if (wanted.ids?.length === 0) return;
  const column = table === 'rollup' ? 'series_id' : 'tag_series_id';
  const among = wanted.ids === undefined ? '' : `AND ${column} IN (SELECT value FROM json_each(?))`;
  const ids = wanted.ids === undefined ? [] : [JSON.stringify(wanted.ids)];
  for (const segment of wanted.segments) {
    const place = placeOf(segment, { fingerprint: wanted.fingerprint, fingerprints: wanted.fingerprints });
    yield* rows.iterate<EncodedHistogram>(
      `SELECT ${column} AS id, histogram FROM ${table} WHERE ${place.sql} ${among} AND length(histogram) > 0`,
      ...place.values,
      ...ids,
    );
  }
}

export interface ErrorSums {
  seriesId: number;
  sqlstate: string;
  errors: number;
}

export function errorSums(rows: Rows, segments: readonly Segment[], filter: SeriesFilter): ErrorSums[] {
  const wanted = seriesCondition(filter);
  return segments.flatMap((segment) => {
    const place = placeOf(segment, filter);
    return rows.all<ErrorSums>(
      `SELECT series_id AS seriesId, sqlstate, ${totalSql('errors')} AS errors
         FROM rollup_error WHERE ${place.sql}${wanted.sql} GROUP BY series_id, sqlstate`,
      ...place.values,
      ...wanted.values,
    );
  });
}

export interface SourceExecutions {
  source: string;
  executions: number;
}

/** Calls and errors by source, every statement included. */
export function sourceExecutions(rows: Rows, segments: readonly Segment[]): SourceExecutions[] {
  return segments.flatMap((segment) => {
    const place = placeOf(segment, {});
    return rows.all<SourceExecutions>(
      `SELECT source, ${totalSql('calls + errors')} AS executions FROM source_rollup WHERE ${place.sql} GROUP BY source`,
      ...place.values,
    );
  });
}

const BY_HAND = { source: oneOf(HANDWRITTEN.sources), construct: oneOf(HANDWRITTEN.constructs) };
const AMONG = 'fingerprint IN (SELECT value FROM json_each(?))';

const STEPS_MIN = new Map<number, number>([
  [SPAN.minute, 1],
  [SPAN.hour, HOUR_MIN],
  [SPAN.day, DAY_MIN],
]);

/** Statements for which seeking bucket by bucket is cheaper than reading every row of them. */
const FEW = 300;

/**
 * A condition for the rows of a segment. For a few statements the buckets are listed one by one: with the id this
 * makes a seek per bucket, where a range would read the rows of every other statement too.
 */
export function placeOf(segment: Segment, filter: SeriesFilter): Condition {
  const { spanS, fromMinute, toMinute } = segment;
  const step = STEPS_MIN.get(spanS);
  if (step === undefined) return { sql: 'span_s = 0 AND bucket_min = 0', values: [] };
  const buckets = Math.ceil((toMinute - fromMinute) / step);
  const few = filter.fingerprint !== undefined || (filter.fingerprints?.length ?? Infinity) <= FEW;
  if (!few || buckets > 10_000) {
    return {
      sql: 'span_s = ? AND bucket_min >= ? AND bucket_min < ?',
      values: [spanS, fromMinute, toMinute],
    };
  }
  const list = Array.from({ length: buckets }, (_, n) => fromMinute + n * step);
  return {
    sql: 'span_s = ? AND bucket_min IN (SELECT value FROM json_each(?))',
    values: [spanS, JSON.stringify(list)],
  };
}

/** The condition of a filter on a row of `series`; '' = none. */
export function seriesConditions(filter: SeriesFilter): Condition {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  if (filter.fingerprint !== undefined) push(parts, values, 'fingerprint = ?', filter.fingerprint);
  if (filter.fingerprints !== undefined) push(parts, values, AMONG, JSON.stringify(filter.fingerprints));
  if (filter.prefix !== undefined) {
    parts.push('fingerprint >= ? AND fingerprint < ?');
    values.push(filter.prefix, afterPrefix(filter.prefix));
  }
  if (filter.source !== undefined) push(parts, values, 'source = ?', filter.source);
  if (filter.construct !== undefined) push(parts, values, 'construct = ?', filter.construct);
  if (filter.handwritten === true) parts.push(`(source ${BY_HAND.source} OR construct ${BY_HAND.construct})`);
  if (filter.pool !== undefined) {
    parts.push('pool_id IN (SELECT ? UNION SELECT pool_id FROM pool WHERE name = ?)');
    values.push(filter.pool, filter.pool);
  }
  return { sql: parts.join(' AND '), values };
}

function seriesCondition(filter: SeriesFilter): Condition {
  const { sql, values } = seriesConditions(filter);
  return sql === '' ? ALL : { sql: ` AND series_id IN (SELECT series_id FROM series WHERE ${sql})`, values };
}

/** The first text after all that begin with a prefix: only digits and letters up to f follow it. */
function afterPrefix(prefix: string): string {
  return `${prefix}g`;
}

/** Tag rows have no construct, so any construct of the statement will do. */
function tagCondition(filter: SeriesFilter): Condition {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  if (filter.fingerprint !== undefined) push(parts, values, 't.fingerprint = ?', filter.fingerprint);
  if (filter.fingerprints !== undefined) push(parts, values, `t.${AMONG}`, JSON.stringify(filter.fingerprints));
  if (filter.prefix !== undefined) {
    parts.push('t.fingerprint >= ? AND t.fingerprint < ?');
    values.push(filter.prefix, afterPrefix(filter.prefix));
  }
  if (filter.source !== undefined) push(parts, values, 't.source = ?', filter.source);
  const ofStatement = 'FROM statement_source o WHERE o.fingerprint = t.fingerprint AND o.source = t.source';
  if (filter.construct !== undefined) {
    push(parts, values, `EXISTS (SELECT 1 ${ofStatement} AND o.construct = ?)`, filter.construct);
  }
  if (filter.handwritten === true) {
    parts.push(`(t.source ${BY_HAND.source} OR EXISTS (SELECT 1 ${ofStatement} AND o.construct ${BY_HAND.construct}))`);
  }
  for (const [key, value] of filter.tags ?? []) {
    parts.push(`EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(t.tag_set) THEN t.tag_set ELSE '{}' END) pair
      WHERE pair.key = ? AND CAST(pair.value AS TEXT) = ?)`);
    values.push(key, value);
  }
  if (parts.length === 0) return ALL;
  return {
    sql: ` AND tag_series_id IN (SELECT tag_series_id FROM tag_series t WHERE ${parts.join(' AND ')})`,
    values,
  };
}

/** For constants of ours only; every other value is bound. */
function oneOf(names: readonly string[]): string {
  return `IN (${names.map((name) => `'${name}'`).join(', ')})`;
}

function push(parts: string[], values: SqlValue[], sql: string, value: string): void {
  parts.push(sql);
  values.push(value);
}
