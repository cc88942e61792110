// Rolls up minutes into hours and the whole life, and hours into days, a few at a time.
// Invariant: rows and the mark in fold_state move in one transaction, so every row is added to its coarser one once.
// Not here: dropping rows that were rolled up (retention.ts); late rows, which go to all levels at once (levels.ts).

import type { Rows } from '../file/rows.js';
import { readFoldState, writeFoldState } from '../tables/fold-state.js';
import { DAY_MIN, type FoldState, floorTo, HOUR_MIN, SPAN } from '../tables/levels.js';
import { ROLLUP_TABLES, rollUpSql } from '../tables/rollup-tables.js';

const ROLL_UPS = ROLLUP_TABLES.map(rollUpSql);
/** The next bucket that has rows to roll up, over all tables. */
const NEXT = `SELECT min(bucket) AS bucket FROM (${ROLLUP_TABLES.map(
  ({ name }) => `SELECT min(bucket_min) AS bucket FROM ${name} WHERE span_s = ? AND bucket_min >= ?`,
).join(' UNION ALL ')})`;
/** With nothing to roll up the mark moves at most once an hour, so that an idle store writes nothing. */
const IDLE_STEP_MIN = HOUR_MIN;

/**
 * Rolls up minutes that ended before `closedBefore` (minutes since the Unix epoch), until about `rowsMax` rows were
 * added. Runs inside a transaction. Returns true when more is left.
 */
export function rollUp(rows: Rows, options: { closedBefore: number; rowsMax: number }): boolean {
  const state = readFoldState(rows);
  const before = { ...state };
  let left = options.rowsMax;
  while (left > 0) {
    const moved = rollUpMinute(rows, state, options.closedBefore);
    if (moved === 0) break;
    left -= moved;
  }
  while (left > 0) {
    const moved = rollUpHour(rows, state);
    if (moved === 0) break;
    left -= moved;
  }
  if (state.minutesFoldedTo !== before.minutesFoldedTo || state.hoursFoldedTo !== before.hoursFoldedTo) {
    writeFoldState(rows, state);
  }
  return left <= 0;
}

function rollUpMinute(rows: Rows, state: FoldState, closedBefore: number): number {
  const minute = nextBucket(rows, SPAN.minute, state.minutesFoldedTo);
  if (minute === null || minute >= closedBefore) {
    if (closedBefore - state.minutesFoldedTo >= IDLE_STEP_MIN) state.minutesFoldedTo = closedBefore;
    return 0;
  }
  const moved =
    addBucket(rows, { spanS: SPAN.hour, bucket: floorTo(minute, HOUR_MIN), fromSpanS: SPAN.minute, from: minute }) +
    addBucket(rows, { spanS: SPAN.lifetime, bucket: 0, fromSpanS: SPAN.minute, from: minute });
  state.minutesFoldedTo = minute + 1;
  return moved;
}

function rollUpHour(rows: Rows, state: FoldState): number {
  const complete = floorTo(state.minutesFoldedTo, HOUR_MIN);
  const hour = nextBucket(rows, SPAN.hour, state.hoursFoldedTo);
  if (hour === null || hour >= complete) {
    state.hoursFoldedTo = Math.max(state.hoursFoldedTo, complete);
    return 0;
  }
  const moved = addBucket(rows, {
    spanS: SPAN.day,
    bucket: floorTo(hour, DAY_MIN),
    fromSpanS: SPAN.hour,
    from: hour,
  });
  state.hoursFoldedTo = hour + HOUR_MIN;
  return moved;
}

function nextBucket(rows: Rows, spanS: number, from: number): number | null {
  const values = ROLLUP_TABLES.flatMap(() => [spanS, from]);
  return rows.get<{ bucket: number | null }>(NEXT, ...values)!.bucket;
}

interface Addition {
  spanS: number;
  bucket: number;
  fromSpanS: number;
  from: number;
}

/** Returns the rows added, at least 1. */
function addBucket(rows: Rows, addition: Addition): number {
  let moved = 0;
  for (const sql of ROLL_UPS)
    moved += rows.run(sql, addition.spanS, addition.bucket, addition.fromSpanS, addition.from);
  return Math.max(1, moved);
}
