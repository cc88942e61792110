// Rolls up minutes into hours and the whole life, and hours into days, a few at a time.
// Invariant: rows and the mark in fold_state move in one transaction, so every row is added to its coarser one once.
// Not here: dropping rows that were rolled up (retention.ts); late rows, which go to all levels at once (levels.ts).

import { DAY_MIN, type FoldState, floorTo, HOUR_MIN, SPAN } from '../../reading/levels.js';
import { isRefusal } from '../file/failures.js';
import type { Rows } from '../file/rows.js';
import { readFoldState, writeFoldState } from '../tables/fold-state.js';
import { writeGap } from '../tables/gaps.js';
import { ROLLUP_TABLES, rollUpSql } from '../tables/rollup-tables.js';

const ROLL_UPS = ROLLUP_TABLES.map(rollUpSql);
/** The next bucket that has rows to roll up, over all tables. */
const NEXT = `SELECT min(bucket) AS bucket FROM (${ROLLUP_TABLES.map(
  ({ name }) => `SELECT min(bucket_min) AS bucket FROM ${name} WHERE span_s = ? AND bucket_min >= ?`,
).join(' UNION ALL ')})`;
/** With nothing to roll up the mark moves at most once an hour, so that an idle store writes nothing. */
const IDLE_STEP_MIN = HOUR_MIN;

export interface RollUpOptions {
  /** Minutes since the Unix epoch: those that ended before are rolled up … */
  closedBefore: number;
  /** … until about so many rows were added. */
  rowsMax: number;
}

/**
 * Runs inside a transaction. Returns the database's error where it refused rows for what they are: what they would have
 * been added to lacks them, so their time is a gap.
 */
export function rollUp(rows: Rows, options: RollUpOptions): unknown {
  const refusals: unknown[] = [];
  const state = readFoldState(rows);
  const before = { ...state };
  let left = options.rowsMax;
  while (left > 0) {
    const moved = rollUpMinute({ rows, refusals }, state, options.closedBefore);
    if (moved === 0) break;
    left -= moved;
  }
  while (left > 0) {
    const moved = rollUpHour({ rows, refusals }, state);
    if (moved === 0) break;
    left -= moved;
  }
  if (state.minutesFoldedTo !== before.minutesFoldedTo || state.hoursFoldedTo !== before.hoursFoldedTo) {
    writeFoldState(rows, state);
  }
  return refusals[0];
}

interface Work {
  rows: Rows;
  /** Errors of rows that the database refused. */
  refusals: unknown[];
}

function rollUpMinute(work: Work, state: FoldState, closedBefore: number): number {
  const minute = nextBucket(work.rows, SPAN.minute, state.minutesFoldedTo);
  if (minute === null || minute >= closedBefore) {
    if (closedBefore - state.minutesFoldedTo >= IDLE_STEP_MIN) state.minutesFoldedTo = closedBefore;
    return 0;
  }
  const moved =
    addBucket(work, { spanS: SPAN.hour, bucket: floorTo(minute, HOUR_MIN), fromSpanS: SPAN.minute, from: minute }) +
    addBucket(work, { spanS: SPAN.lifetime, bucket: 0, fromSpanS: SPAN.minute, from: minute });
  state.minutesFoldedTo = minute + 1;
  return moved;
}

function rollUpHour(work: Work, state: FoldState): number {
  const complete = floorTo(state.minutesFoldedTo, HOUR_MIN);
  const hour = nextBucket(work.rows, SPAN.hour, state.hoursFoldedTo);
  if (hour === null || hour >= complete) {
    state.hoursFoldedTo = Math.max(state.hoursFoldedTo, complete);
    return 0;
  }
  const moved = addBucket(work, {
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
function addBucket({ rows, refusals }: Work, { spanS, bucket, fromSpanS, from }: Addition): number {
  let moved = 0;
  for (const sql of ROLL_UPS) {
    try {
      moved += rows.run(sql, spanS, bucket, fromSpanS, from);
    } catch (error) {
      // A statement that is refused undoes itself alone. Waiting for it would keep all later rows from being dropped.
      if (!isRefusal(error)) throw error;
      refusals.push(error);
      const untilMinute = from + fromSpanS / 60 - 1;
      writeGap(rows, { fromMinute: from, untilMinute, reason: 'refused' });
    }
  }
  return Math.max(1, moved);
}
