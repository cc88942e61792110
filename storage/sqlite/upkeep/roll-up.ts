// Rolls up minutes into hours and the whole life, hours into days, a part of a bucket at a time.
// Invariant: rows and the marks in fold_state move in one transaction, so every row is added to its coarser ones once.
// Not here: dropping rows that were rolled up (retention.ts); late rows, which go to all levels at once (levels.ts).

import {
  DAY_MIN,
  FOLDED_BY,
  type FoldedKey,
  type Folding,
  type FoldState,
  floorTo,
  HOUR_MIN,
  SPAN,
} from '../../reading/levels.js';
import { isRefusal } from '../file/failures.js';
import type { Rows } from '../file/rows.js';
import { firstJournaledMinute } from '../journal/first-minute.js';
import { readFoldState, writeFoldState } from '../tables/fold-state.js';
import { writeGap } from '../tables/gaps.js';
import { markChanged, markDays } from '../tables/outbox.js';
import { foldedKeyOf, ROLLUP_TABLES, rollUpSql } from '../tables/rollup-tables.js';

/** Of each key the tables that are folded by it, and of no key the others. */
const ROLL_UPS = new Map<FoldedKey | undefined, Array<{ sql: string; lastOfPart: string }>>();
for (const table of ROLLUP_TABLES) {
  const key = foldedKeyOf(table);
  const lastOfPart = `SELECT ${key} AS id FROM ${table.name} WHERE span_s = ? AND bucket_min = ? AND ${key} > ? ORDER BY ${key} LIMIT 1 OFFSET ?`;
  ROLL_UPS.set(key, [...(ROLL_UPS.get(key) ?? []), { sql: rollUpSql(table), lastOfPart }]);
}
/** The next bucket that has rows to roll up, over all tables. */
const NEXT = `SELECT min(bucket) AS bucket FROM (${ROLLUP_TABLES.map(
  ({ name }) => `SELECT min(bucket_min) AS bucket FROM ${name} WHERE span_s = ? AND bucket_min >= ?`,
).join(' UNION ALL ')})`;
/** With nothing to roll up the mark moves at most once an hour, so that an idle store writes nothing. */
const IDLE_STEP_MIN = HOUR_MIN;

/** Rows of one part where time is short: some milliseconds of work, also where they have to be read from the disk. */
const PART_ROWS = 500;
/**
 * So many rows, or buckets of fewer, are done before the time counts: a busy machine must not fall behind for ever.
 * A minute of 20,000 statements with tags and requests, each added to its hour and to the whole life, is 120,000 rows,
 * which take 94 turns. While rows are left there are four a second (observer/flush.ts), 200 a minute where the loop is
 * late. An hour has sixty times as long.
 */
const ROWS_MIN = { minutes: 1_250, hours: PART_ROWS } as const;
const STEPS_MIN = 8;

export interface RollUpOptions {
  /** Minutes since the Unix epoch: those that ended before are rolled up … */
  closedBefore: number;
  /** … until about so many rows were added … */
  rowsMax: number;
  /** … or until then, by performance.now(), but some parts at least; undefined = in as much time as it takes. */
  untilMs?: number;
}

export interface RolledUp {
  /** Rows that were added. */
  rows: number;
  /** It ended for the bounds, so there may be more to do. */
  isLeft: boolean;
  /**
   * The database's error where it refused rows for what they are: what they would have been added to lacks them, so
   * their time is a gap.
   */
  refusal: unknown;
}

/** Runs inside a transaction. */
export function rollUp(rows: Rows, options: RollUpOptions): RolledUp {
  const refusals: unknown[] = [];
  const state = readFoldState(rows);
  const before = { ...state };
  // A minute of which rows wait would be rolled up, and sent to the store of a fleet, twice.
  const closedBefore = Math.min(options.closedBefore, firstJournaledMinute(rows) ?? Number.POSITIVE_INFINITY);
  const { rowsMax, untilMs } = options;
  const work = { rows, refusals, rowsMax: untilMs === undefined ? rowsMax : Math.min(rowsMax, PART_ROWS) };
  let left = rowsMax;
  let steps = 0;
  const mayGoOn = (rowsMin: number) => {
    steps++;
    const hasDoneLittle = rowsMax - left < rowsMin && steps <= STEPS_MIN;
    return left > 0 && (hasDoneLittle || untilMs === undefined || performance.now() < untilMs);
  };
  while (mayGoOn(state.hourFolding === null ? ROWS_MIN.minutes : ROWS_MIN.hours)) {
    // An hour that was begun is finished first.
    const moved = rollUpHour(work, state, { isBegun: true }) || rollUpMinute(work, state, closedBefore);
    if (moved === 0) break;
    left -= moved;
  }
  let isLeft = true;
  while (mayGoOn(ROWS_MIN.hours)) {
    const moved = rollUpHour(work, state, { isBegun: false });
    isLeft = moved > 0;
    if (!isLeft) break;
    left -= moved;
  }
  if (
    state.minutesFoldedTo !== before.minutesFoldedTo ||
    state.hoursFoldedTo !== before.hoursFoldedTo ||
    state.minuteFolding !== before.minuteFolding ||
    state.hourFolding !== before.hourFolding
  ) {
    writeFoldState(rows, state);
  }
  return { rows: rowsMax - left, isLeft, refusal: refusals[0] };
}

interface Work {
  rows: Rows;
  /** Errors of rows that the database refused. */
  refusals: unknown[];
  /** Of one part. */
  rowsMax: number;
}

function rollUpMinute(work: Work, state: FoldState, closedBefore: number): number {
  const isBegun = state.minuteFolding !== null;
  const minute = isBegun ? state.minutesFoldedTo : nextBucket(work.rows, SPAN.minute, state.minutesFoldedTo);
  if (minute === null || (!isBegun && minute >= closedBefore)) {
    if (closedBefore - state.minutesFoldedTo >= IDLE_STEP_MIN) state.minutesFoldedTo = closedBefore;
    return 0;
  }
  const to: Target[] = [
    { spanS: SPAN.hour, bucket: floorTo(minute, HOUR_MIN) },
    { spanS: SPAN.lifetime, bucket: 0 },
  ];
  const { moved, folding } = addPart(work, { fromSpanS: SPAN.minute, from: minute, to, done: state.minuteFolding });
  state.minuteFolding = folding;
  state.minutesFoldedTo = folding === null ? minute + 1 : minute;
  if (folding === null) markChanged(work.rows, SPAN.minute, minute);
  return moved;
}

function rollUpHour(work: Work, state: FoldState, { isBegun }: { isBegun: boolean }): number {
  if (isBegun && state.hourFolding === null) return 0;
  const complete = floorTo(state.minutesFoldedTo, HOUR_MIN);
  const hour = isBegun ? state.hoursFoldedTo : nextBucket(work.rows, SPAN.hour, state.hoursFoldedTo);
  if (hour === null || hour >= complete) {
    const to = Math.max(state.hoursFoldedTo, complete);
    markDays(work.rows, state, to);
    state.hoursFoldedTo = to;
    return 0;
  }
  const to: Target[] = [{ spanS: SPAN.day, bucket: floorTo(hour, DAY_MIN) }];
  const { moved, folding } = addPart(work, { fromSpanS: SPAN.hour, from: hour, to, done: state.hourFolding });
  state.hourFolding = folding;
  if (folding === null) {
    markChanged(work.rows, SPAN.hour, hour);
    markDays(work.rows, state, hour + HOUR_MIN);
  }
  state.hoursFoldedTo = folding === null ? hour + HOUR_MIN : hour;
  return moved;
}

function nextBucket(rows: Rows, spanS: number, from: number): number | null {
  const values = ROLLUP_TABLES.flatMap(() => [spanS, from]);
  return rows.get<{ bucket: number | null }>(NEXT, ...values)!.bucket;
}

interface Target {
  spanS: number;
  bucket: number;
}

interface Addition {
  fromSpanS: number;
  from: number;
  to: readonly Target[];
  /** What of the bucket was added before. */
  done: Folding | null;
}

/** Adds the next part of a bucket. Returns the rows added, at least 1, and how far it is folded; null = it is whole. */
function addPart(work: Work, addition: Addition): { moved: number; folding: Folding | null } {
  const { fromSpanS, from, done } = addition;
  let moved = 0;
  let place = done === null ? 0 : FOLDED_BY.indexOf(done.key);
  let after = done?.upTo ?? 0;
  for (; place < FOLDED_BY.length; place++, after = 0) {
    const key = FOLDED_BY[place];
    const tables = ROLL_UPS.get(key)!;
    // Tables of one key move together, so far as the one of them goes that has most rows.
    const rowsOfPart = Math.max(0, Math.ceil((work.rowsMax - moved) / (tables.length * addition.to.length)) - 1);
    let last = Number.MAX_SAFE_INTEGER;
    for (const { lastOfPart } of tables) {
      const found = work.rows.get<{ id: number }>(lastOfPart, fromSpanS, from, after, rowsOfPart);
      if (found !== undefined) last = Math.min(last, found.id);
    }
    for (const { sql } of tables) moved += add(work, addition, { sql, among: [after, last] });
    if (last !== Number.MAX_SAFE_INTEGER) return { moved: Math.max(1, moved), folding: { key, upTo: last } };
  }
  for (const { sql } of ROLL_UPS.get(undefined)!) moved += add(work, addition, { sql, among: [] });
  return { moved: Math.max(1, moved), folding: null };
}

function add(
  { rows, refusals }: Work,
  { fromSpanS, from, to }: Addition,
  part: { sql: string; among: number[] },
): number {
  let moved = 0;
  for (const { spanS, bucket } of to) {
    try {
      moved += rows.run(part.sql, spanS, bucket, fromSpanS, from, ...part.among);
    } catch (error) {
      // A statement that is refused undoes itself alone. Waiting for it would keep all later rows from being dropped.
      if (!isRefusal(error)) throw error;
      refusals.push(error);
      const untilMinute = from + fromSpanS / 60 - 1;
      writeGap(rows, { fromMinute: from, untilMinute, reason: 'refused' });
    }
  }
  return moved;
}
