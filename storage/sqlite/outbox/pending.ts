// Reads which buckets wait to be sent, and how far the file is rolled up.
// Invariant: it is read in the snapshot in which the rows are read. Not here: the rows (bucket-rows.ts), who marks
// buckets (../tables/outbox.ts).

import { type FoldState, SPAN } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';
import { readFoldState } from '../tables/fold-state.js';
import { ROLLUP_TABLES } from '../tables/rollup-tables.js';

/** A bucket that changed. */
export interface Changed {
  spanS: number;
  bucket: number;
  changed: number;
  /** That it had when it was marked. */
  rows: number;
}

export interface OutboxState {
  /** Tells this file from others of the same instance. */
  store: number;
  /** The number of the newest change. */
  changed: number;
  fold: FoldState;
  /** The first hours and days that wait, of those from these buckets on; undefined = none does. */
  firstHour: number | undefined;
  firstDay: number | undefined;
}

const AFTER = `SELECT span_s AS spanS, bucket_min AS bucket, changed, rows FROM outbox
  WHERE changed > ? ORDER BY changed LIMIT ?`;
const FIRST = 'SELECT min(bucket_min) AS bucket FROM outbox WHERE span_s = ? AND bucket_min >= ? AND changed > ?';

/** In the order of their changes. */
export function changedAfter(rows: Rows, changed: number, max: number): Changed[] {
  return rows.all<Changed>(AFTER, changed, max);
}

/** `after`: what changed later waits. `hoursFrom`, `daysFrom`: earlier ones were sent before. */
export function outboxState(
  rows: Rows,
  { after, hoursFrom, daysFrom }: { after: number; hoursFrom: number; daysFrom: number },
): OutboxState {
  const clock = rows.get<{ store: number; changed: number }>('SELECT store, changed FROM outbox_clock')!;
  const first = (spanS: number, from: number) =>
    rows.get<{ bucket: number | null }>(FIRST, spanS, from, after)!.bucket ?? undefined;
  return {
    ...clock,
    fold: readFoldState(rows),
    firstHour: first(SPAN.hour, hoursFrom),
    firstDay: first(SPAN.day, daysFrom),
  };
}

/** Of what waits after `after` the oldest change; undefined = nothing waits. */
export function oldestChange(rows: Rows, after: number): number | undefined {
  return changedAfter(rows, after, 1)[0]?.changed;
}

const SIZE = ROLLUP_TABLES.map(
  ({ name }) => `(SELECT count(*) FROM ${name} WHERE span_s = span AND bucket_min = bucket)`,
).join(' + ');

/** Rows that a bucket has now. */
export function bucketSize(rows: Rows, { spanS, bucket }: Pick<Changed, 'spanS' | 'bucket'>): number {
  const sql = `SELECT ${SIZE} AS rows FROM (SELECT ? AS span, ? AS bucket)`;
  return rows.get<{ rows: number }>(sql, spanS, bucket)!.rows;
}
