// Reads the rows of one bucket as the store of a fleet takes them: series and tag sets written out.
// Invariant: a row has its table's columns in their order, without identity and version. Not here: when a bucket is
// sent, and by whom.

import { LogHistogram } from '../../../facts/histogram.js';
import type { Rows, SqlValue } from '../file/rows.js';

/** A histogram is an object: index of a bucket to count. */
export type SentValue = string | number | null | Readonly<Record<string, number>>;

/** Where each table's rows come from. */
const FROM: Readonly<Record<string, string>> = {
  rollup: 'rollup JOIN series USING (series_id)',
  rollup_error: 'rollup_error JOIN series USING (series_id)',
  source_rollup: 'source_rollup',
  tag_rollup: 'tag_rollup JOIN tag_series USING (tag_series_id)',
  pool_rollup: 'pool_rollup',
  fleet_rollup: 'fleet_rollup',
  request_rollup: 'request_rollup JOIN request_series USING (request_series_id)',
  request_part_rollup: 'request_part_rollup JOIN request_series USING (request_series_id)',
  request_statement_rollup: 'request_statement_rollup JOIN tag_series USING (tag_series_id)',
};

export interface BucketPage {
  table: string;
  columns: readonly string[];
  spanS: number;
  bucket: number;
  offset: number;
  max: number;
}

/** Rows from `offset` on, in the order of their keys. A page may lack what changes meanwhile: that is sent again. */
export function bucketRows(rows: Rows, { table, columns, spanS, bucket, offset, max }: BucketPage): SentValue[][] {
  const sql = `SELECT ${columns.join(', ')} FROM ${FROM[table]} WHERE span_s = ? AND bucket_min = ? LIMIT ? OFFSET ?`;
  const found = rows.all<Record<string, SqlValue>>(sql, spanS, bucket, max, offset);
  return found.map((row) => columns.map((column) => sentValue(row[column])));
}

export function sentValue(value: SqlValue): SentValue {
  if (!(value instanceof Uint8Array)) return value;
  const histogram = new LogHistogram();
  histogram.mergeEncoded(value);
  return Object.fromEntries(histogram.buckets);
}
