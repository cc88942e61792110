// The table of buckets that changed, for sending them to the store of a fleet.
// Invariant: every change of a bucket that is over gives it a higher number, in the same transaction.
// Not here: sending them.

import { DAY_MIN, type FoldState, floorTo, HOUR_MIN, SPAN } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';
import { ROLLUP_TABLES } from './rollup-tables.js';

/** A clock that was set back does not set the numbers back; a file that was put back gets higher ones than it had. */
const NEXT = `UPDATE outbox_clock SET changed = max(changed + 1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
  RETURNING changed`;
const COUNT = ROLLUP_TABLES.map(
  ({ name }) => `(SELECT count(*) FROM ${name} WHERE span_s = span AND bucket_min = bucket)`,
).join(' + ');
const MARK = `INSERT INTO outbox SELECT span, bucket, changed, ${COUNT} FROM (SELECT ? AS span, ? AS bucket, ? AS changed)
  WHERE true ON CONFLICT (span_s, bucket_min) DO UPDATE SET changed = excluded.changed, rows = excluded.rows`;
const DROP = 'DELETE FROM outbox WHERE span_s = ? AND bucket_min < ?';

/** Inside a transaction. */
export function markChanged(rows: Rows, spanS: number, bucket: number): void {
  const { changed } = rows.get<{ changed: number }>(NEXT)!;
  rows.run(MARK, spanS, bucket, changed);
}

/** Days that become complete when hours are rolled up to a mark; `state`: as it was before. */
export function markDays(rows: Rows, { hoursFoldedTo, firstMinute }: FoldState, to: number): void {
  const from = Math.max(hoursFoldedTo, firstMinute ?? to);
  for (let day = floorTo(from, DAY_MIN); day + DAY_MIN <= to; day += DAY_MIN) markChanged(rows, SPAN.day, day);
}

/**
 * Minutes that were rolled up and got rows afterwards: their hour and day changed too, where these are over. Empties
 * the set.
 */
export function markLate(rows: Rows, minutes: Set<number>, state: FoldState): void {
  const buckets = new Map<string, { spanS: number; bucket: number }>();
  const add = (spanS: number, bucket: number) => buckets.set(`${spanS} ${bucket}`, { spanS, bucket });
  for (const minute of minutes) {
    const [hour, day] = [floorTo(minute, HOUR_MIN), floorTo(minute, DAY_MIN)];
    if (minute >= state.minutesKeptFrom) add(SPAN.minute, minute);
    if (hour < state.hoursFoldedTo && hour >= state.hoursKeptFrom) add(SPAN.hour, hour);
    if (day + DAY_MIN <= state.hoursFoldedTo && day >= state.daysKeptFrom) add(SPAN.day, day);
  }
  minutes.clear();
  for (const { spanS, bucket } of buckets.values()) markChanged(rows, spanS, bucket);
}

/** Inside a transaction: forgets what is a level older than what is dropped. */
export function dropOutbox(rows: Rows, state: FoldState): void {
  rows.run(DROP, SPAN.minute, state.hoursKeptFrom);
  rows.run(DROP, SPAN.hour, state.daysKeptFrom);
  rows.run(DROP, SPAN.day, state.daysKeptFrom);
}
