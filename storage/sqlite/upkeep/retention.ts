// Drops rows that are kept in a coarser form or are too old: by age, by file size, in slices.
// Invariant: the mark in fold_state moves before the first row goes, so a report never sees half a bucket; only rows
// that were rolled up are dropped. Not here: rolling up (roll-up.ts), giving pages back to the disk (upkeep.ts).

import { MINUTE_MS, minuteOf } from '../../../config/values/minute.js';
import { DAY_MIN, type FoldState, floorTo, HOUR_MIN, SPAN } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';
import { boundCatalogue } from '../tables/catalogue.js';
import { dropFindings } from '../tables/findings.js';
import { readFoldState, writeFoldState } from '../tables/fold-state.js';
import { dropGaps } from '../tables/gaps.js';
import { dropLostStatements } from '../tables/losses.js';
import { dropOutbox } from '../tables/outbox.js';
import { ROLLUP_TABLES } from '../tables/rollup-tables.js';
import { dropUnitSamples } from '../tables/unit-samples.js';
import { dropWatched } from '../tables/watched.js';

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

const DROP = ROLLUP_TABLES.map(
  ({ name }) => `DELETE FROM ${name} WHERE span_s = ? AND bucket_min >= 0 AND bucket_min < ? LIMIT ?`,
);
const DROP_LOSS = 'DELETE FROM loss WHERE minute_min < ? LIMIT ?';
const DROP_RELAYS = 'DELETE FROM relay_progress WHERE updated_ms < ?';
const RELAYS_KEPT_MS = 30 * 86_400_000;

export interface RetentionStep {
  options: RetentionOptions;
  nowMs: number;
  /** Bytes of the file that hold rows. */
  bytesUsed: number;
  /** Rows dropped at most, per table and level. */
  slice: number;
}

/** One slice, inside a transaction. Returns true when statements left the catalogue, so that ids in memory are void. */
export function retain(rows: Rows, step: RetentionStep): boolean {
  const { options, nowMs, slice } = step;
  const state = readFoldState(rows);
  const before = { ...state };
  const nowMinute = minuteOf(nowMs);
  keepFrom(state, {
    minutes: nowMinute - options.minutesKeptHours * HOUR_MIN,
    hours: nowMinute - options.hoursKeptDays * DAY_MIN,
    days: nowMinute - options.daysKeptDays * DAY_MIN,
  });
  const dropped = dropRows(rows, before, slice);
  // The file's size counts only after earlier drops have reached it.
  if (dropped === 0 && step.bytesUsed > options.bytesMax) keepLess(rows, state);
  if (
    state.minutesKeptFrom !== before.minutesKeptFrom ||
    state.hoursKeptFrom !== before.hoursKeptFrom ||
    state.daysKeptFrom !== before.daysKeptFrom
  ) {
    writeFoldState(rows, state);
  }
  rows.run(DROP_LOSS, state.daysKeptFrom, slice);
  dropLostStatements(rows, state.daysKeptFrom);
  dropOutbox(rows, state);
  dropGaps(rows, state.daysKeptFrom);
  dropWatched(rows, state.daysKeptFrom);
  dropFindings(rows, state.daysKeptFrom * MINUTE_MS);
  rows.run(DROP_RELAYS, nowMs - RELAYS_KEPT_MS);
  const forgotten = boundCatalogue(rows, {
    entriesMax: options.catalogueEntriesMax,
    beforeMs: state.daysKeptFrom * MINUTE_MS,
    slice: Math.ceil(slice / 100),
  });
  return forgotten > 0;
}

/** Moves the marks up to these minutes, never down and never past what was rolled up. */
function keepFrom(state: FoldState, marks: { minutes: number; hours: number; days: number }): void {
  const minutes = Math.min(marks.minutes, state.minutesFoldedTo);
  const hours = Math.min(marks.hours, state.hoursFoldedTo);
  state.minutesKeptFrom = Math.max(state.minutesKeptFrom, floorTo(minutes, HOUR_MIN));
  state.hoursKeptFrom = Math.max(state.hoursKeptFrom, floorTo(Math.min(hours, state.minutesKeptFrom), DAY_MIN));
  state.daysKeptFrom = Math.max(state.daysKeptFrom, floorTo(Math.min(marks.days, state.hoursKeptFrom), DAY_MIN));
}

function dropRows(rows: Rows, state: FoldState, slice: number): number {
  let dropped = 0;
  for (const sql of DROP) {
    dropped += rows.run(sql, SPAN.minute, state.minutesKeptFrom, slice);
    dropped += rows.run(sql, SPAN.hour, state.hoursKeptFrom, slice);
    dropped += rows.run(sql, SPAN.day, state.daysKeptFrom, slice);
  }
  return dropped + dropUnitSamples(rows, state, slice);
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
