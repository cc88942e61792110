// Drops rows that are kept in a coarser form or are too old: by age, by file size, in slices.
// Invariant: the mark in fold_state moves before the first row goes, so a report never sees half a bucket; only rows
// that were rolled up are dropped. Not here: rolling up (roll-up.ts), giving pages back to the disk (upkeep.ts).

import { MINUTE_MS, minuteOf } from '../../../config/values/minute.js';
import { DAY_MIN, type FoldState, floorTo, HOUR_MIN, SPAN } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';
import { dropFindings } from '../tables/findings.js';
import { readFoldState, writeFoldState } from '../tables/fold-state.js';
import { dropGaps } from '../tables/gaps.js';
import { dropLostStatements } from '../tables/losses.js';
import { dropOutbox } from '../tables/outbox.js';
import { ROLLUP_TABLES } from '../tables/rollup-tables.js';
import { DROP_UNIT_SAMPLES } from '../tables/unit-samples.js';
import { dropWatched } from '../tables/watched.js';
import type { CatalogueBound } from './bound-catalogue.js';

export interface RetentionOptions {
  /** How long single minutes are kept; then hours. */
  minutesKeptHours: number;
  /** How long single hours are kept; then days. */
  hoursKeptDays: number;
  daysKeptDays: number;
  /** Size of the file beyond which the oldest rows go earlier, the finest first. */
  bytesMax: number;
  /** Statements in the catalogue; beyond, those without a rollup go, the least recent first. */
  catalogueEntriesMax: number;
}

export const DEFAULT_RETENTION: RetentionOptions = {
  minutesKeptHours: 24,
  hoursKeptDays: 30,
  daysKeptDays: 400,
  bytesMax: 2 * 1024 ** 3,
  catalogueEntriesMax: 100_000,
};

/** Levels and the marks before which their rows go. */
const DROP = [
  ...ROLLUP_TABLES.flatMap(({ name }) => {
    const sql = `DELETE FROM ${name} WHERE span_s = ? AND bucket_min >= 0 AND bucket_min < ? LIMIT ?`;
    return [
      { sql, spanS: SPAN.minute, mark: 'minutesKeptFrom' },
      { sql, spanS: SPAN.hour, mark: 'hoursKeptFrom' },
      { sql, spanS: SPAN.day, mark: 'daysKeptFrom' },
    ] as const;
  }),
  { sql: DROP_UNIT_SAMPLES, spanS: SPAN.hour, mark: 'minutesKeptFrom' },
  { sql: DROP_UNIT_SAMPLES, spanS: SPAN.day, mark: 'daysKeptFrom' },
] as const;
/** Rows that go in one statement: some milliseconds, also where they have to be read from the disk. */
const PART_ROWS = 500;
/**
 * So many go before the time counts: a busy machine must not fall behind for ever. What 20,000 statements with tags and
 * requests bring in a minute goes in 60 turns, of the 200 and more that there are (roll-up.ts).
 */
const ROWS_MIN = 2 * PART_ROWS;
const DROP_LOSS = 'DELETE FROM loss WHERE minute_min < ? LIMIT ?';
const DROP_RELAYS = 'DELETE FROM relay_progress WHERE updated_ms < ?';
const RELAYS_KEPT_MS = 30 * 86_400_000;

export interface RetentionStep {
  options: RetentionOptions;
  nowMs: number;
  /** Bytes of the file that hold rows. */
  bytesUsed: number;
  catalogue: CatalogueBound;
  /** By performance.now(): no further part is begun after that, but some are. */
  untilMs: number;
}

export interface Retained {
  /** Statements left the catalogue, so that ids in memory are void. */
  idsVoid: boolean;
  /** Rows are left that have to go: dropRows() goes on with them. */
  isBehind: boolean;
}

/** One slice, inside a transaction. */
export function retain(rows: Rows, step: RetentionStep): Retained {
  const { options, nowMs, untilMs } = step;
  const state = readFoldState(rows);
  const before = { ...state };
  const nowMinute = minuteOf(nowMs);
  keepFrom(state, {
    minutes: nowMinute - options.minutesKeptHours * HOUR_MIN,
    hours: nowMinute - options.hoursKeptDays * DAY_MIN,
    days: nowMinute - options.daysKeptDays * DAY_MIN,
  });
  const dropped = dropBefore(rows, before, untilMs);
  // The file's size counts only after earlier drops have reached it.
  if (dropped === 0 && step.bytesUsed > options.bytesMax) keepLess(rows, state);
  const isMoved =
    state.minutesKeptFrom !== before.minutesKeptFrom ||
    state.hoursKeptFrom !== before.hoursKeptFrom ||
    state.daysKeptFrom !== before.daysKeptFrom;
  if (isMoved) writeFoldState(rows, state);
  rows.run(DROP_LOSS, state.daysKeptFrom, PART_ROWS);
  dropLostStatements(rows, state.daysKeptFrom, PART_ROWS);
  dropOutbox(rows, state);
  dropGaps(rows, state.daysKeptFrom);
  dropWatched(rows, state.daysKeptFrom);
  dropFindings(rows, state.daysKeptFrom * MINUTE_MS);
  rows.run(DROP_RELAYS, nowMs - RELAYS_KEPT_MS);
  const beforeMs = state.daysKeptFrom * MINUTE_MS;
  const idsVoid = step.catalogue.step(rows, { entriesMax: options.catalogueEntriesMax, beforeMs, untilMs });
  return { idsVoid, isBehind: dropped > 0 || isMoved };
}

/** Goes on with rows before the marks, inside a transaction. Returns true when some may be left. */
export function dropRows(rows: Rows, untilMs: number): boolean {
  return dropBefore(rows, readFoldState(rows), untilMs) > 0;
}

/** Moves the marks up to these minutes, never down and never past what was rolled up. */
function keepFrom(state: FoldState, marks: { minutes: number; hours: number; days: number }): void {
  const minutes = Math.min(marks.minutes, state.minutesFoldedTo);
  const hours = Math.min(marks.hours, state.hoursFoldedTo);
  state.minutesKeptFrom = Math.max(state.minutesKeptFrom, floorTo(minutes, HOUR_MIN));
  state.hoursKeptFrom = Math.max(state.hoursKeptFrom, floorTo(Math.min(hours, state.minutesKeptFrom), DAY_MIN));
  state.daysKeptFrom = Math.max(state.daysKeptFrom, floorTo(Math.min(marks.days, state.hoursKeptFrom), DAY_MIN));
}

/** Returns how many went; 0 = none is left. */
function dropBefore(rows: Rows, state: FoldState, untilMs: number): number {
  let dropped = 0;
  for (const { sql, spanS, mark } of DROP) {
    let went: number;
    do {
      went = rows.run(sql, spanS, state[mark], PART_ROWS);
      dropped += went;
      if (dropped >= ROWS_MIN && performance.now() >= untilMs) return dropped;
    } while (went === PART_ROWS);
  }
  return dropped;
}

const OLDEST = 'SELECT min(bucket_min) AS bucket FROM rollup WHERE span_s = ?';

/** The file is too big: the oldest hour of minutes goes, else the oldest day of hours, else the oldest day. */
function keepLess(rows: Rows, state: FoldState): void {
  const oldest = (spanS: number): number => rows.get<{ bucket: number | null }>(OLDEST, spanS)!.bucket ?? Infinity;
  const before = { ...state };
  keepFrom(state, { minutes: oldest(SPAN.minute) + HOUR_MIN, hours: 0, days: 0 });
  if (state.minutesKeptFrom > before.minutesKeptFrom) return;
  keepFrom(state, { minutes: 0, hours: oldest(SPAN.hour) + DAY_MIN, days: 0 });
  if (state.hoursKeptFrom > before.hoursKeptFrom) return;
  keepFrom(state, { minutes: 0, hours: 0, days: oldest(SPAN.day) + DAY_MIN });
}
