// Queries for sums and histograms of statements over the segments of a window.
// Invariant: every value is bound; cost grows with the rows of the segments, which levels.ts keeps few.
// Not here: choosing segments (levels.ts), putting answers together (statements.ts, windows.ts).

import { DAY_MIN, FOLDED_BY, type FoldedKey, HOUR_MIN, type Segment, SPAN } from '../../reading/levels.js';
import type {
  EncodedHistogram,
  ErrorSums,
  HistogramsWanted,
  SeriesFilter,
  SeriesSums,
  SourceExecutions,
  StatementKey,
  TagSums,
} from '../../reading/statement-rows.js';
import type { Rows } from '../file/rows.js';
import {
  type Condition,
  OF_POOL,
  seriesCondition,
  seriesConditions,
  tagCondition,
} from '../tables/filter-conditions.js';
import { CALLS_SQL, ROLLUP, sumsSql, TAG_ROLLUP } from '../tables/rollup-tables.js';
import { totalSql } from '../tables/saturating.js';

/** Series that a filter asks for; its tags are ignored. One row per series and segment. */
export function seriesSums(rows: Rows, segments: readonly Segment[], filter: SeriesFilter): SeriesSums[] {
  const wanted = seriesCondition(filter);
  const answer: SeriesSums[] = [];
  for (const segment of segments) {
    const place = placeOf(segment, 'series_id', filter);
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
    const place = placeOf(segment, 'tag_series_id', filter);
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
export function seriesIds(rows: Rows, filter: SeriesFilter): Array<StatementKey & { id: number }> {
  const { sql, values } = seriesConditions(filter);
  return rows.all(`SELECT series_id AS id, fingerprint, source FROM series ${sql && `WHERE ${sql}`}`, ...values);
}

/** Of these statements those that ran in another pool too. Tag sets do not say in which. */
export function alsoElsewhere(
  rows: Rows,
  { pool, fingerprints }: { pool: string; fingerprints: readonly string[] },
): StatementKey[] {
  return rows.all(
    `SELECT DISTINCT fingerprint, source FROM series WHERE fingerprint IN (SELECT value FROM json_each(?)) AND NOT ${OF_POOL}`,
    JSON.stringify(fingerprints),
    pool,
    pool,
  );
}

/** Histograms of these ids (series_id or tag_series_id; undefined = of all), row by row and in no order. */
export function* histogramsOf(
  rows: Rows,
  table: 'rollup' | 'tag_rollup',
  wanted: HistogramsWanted,
): Generator<EncodedHistogram> {
  if (wanted.ids?.length === 0) return;
  const column = table === 'rollup' ? 'series_id' : 'tag_series_id';
  const among = wanted.ids === undefined ? '' : `AND ${column} IN (SELECT value FROM json_each(?))`;
  const ids = wanted.ids === undefined ? [] : [JSON.stringify(wanted.ids)];
  for (const segment of wanted.segments) {
    const place = placeOf(segment, column, { fingerprint: wanted.fingerprint, fingerprints: wanted.fingerprints });
    const sql = `SELECT ${column} AS id, histogram FROM ${table} WHERE ${place.sql} ${among} AND length(histogram) > 0`;
    // Of a few all at once, which costs less than one by one.
    const isFew = (wanted.ids?.length ?? Infinity) <= FEW;
    if (isFew) yield* rows.all<EncodedHistogram>(sql, ...place.values, ...ids);
    else yield* rows.iterate<EncodedHistogram>(sql, ...place.values, ...ids);
  }
}

export function errorSums(rows: Rows, segments: readonly Segment[], filter: SeriesFilter): ErrorSums[] {
  const wanted = seriesCondition(filter);
  return segments.flatMap((segment) => {
    const place = placeOf(segment, 'series_id', filter);
    return rows.all<ErrorSums>(
      `SELECT series_id AS seriesId, sqlstate, ${totalSql('errors')} AS errors
         FROM rollup_error WHERE ${place.sql}${wanted.sql} GROUP BY series_id, sqlstate`,
      ...place.values,
      ...wanted.values,
    );
  });
}

/** Calls and errors by source, every statement included. */
export function sourceExecutions(rows: Rows, segments: readonly Segment[]): SourceExecutions[] {
  return segments.flatMap((segment) => {
    const place = placeOf(segment, undefined, {});
    return rows.all<SourceExecutions>(
      `SELECT source, ${totalSql('calls + errors')} AS executions FROM source_rollup WHERE ${place.sql} GROUP BY source`,
      ...place.values,
    );
  });
}

const STEPS_MIN = new Map<number, number>([
  [SPAN.minute, 1],
  [SPAN.hour, HOUR_MIN],
  [SPAN.day, DAY_MIN],
]);

/** Statements for which seeking bucket by bucket is cheaper than reading every row of them. */
const FEW = 300;

/**
 * A condition for the rows of a segment in a table with this key; undefined = one that is folded whole.
 * For a few statements the buckets are listed one by one: with the id this
 * makes a seek per bucket, where a range would read the rows of every other statement too.
 */
export function placeOf(segment: Segment, key: FoldedKey | undefined, filter: SeriesFilter): Condition {
  const within = bucketsOf(segment, filter);
  const fresh = freshOf(segment, key);
  return { sql: `${within.sql}${fresh.sql}`, values: [...within.values, ...fresh.values] };
}

/** Of a bucket that is half folded only those rows that are in no coarser one. */
export function freshOf({ halfFolded }: Segment, key: FoldedKey | undefined): Condition {
  if (key === undefined || halfFolded === undefined) return { sql: '', values: [] };
  const { bucket, upTo } = halfFolded;
  const [mine, theirs] = [FOLDED_BY.indexOf(key), FOLDED_BY.indexOf(halfFolded.key)];
  if (mine > theirs) return { sql: '', values: [] };
  if (mine < theirs) return { sql: ' AND bucket_min <> ?', values: [bucket] };
  return { sql: ` AND (bucket_min <> ? OR ${key} > ?)`, values: [bucket, upTo] };
}

function bucketsOf(segment: Segment, filter: SeriesFilter): Condition {
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
