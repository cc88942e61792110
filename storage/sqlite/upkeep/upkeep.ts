// The bounded work between flushes: rolling up, windows, retention, giving space back.
// Invariant: each call does a slice and leaves the store consistent; later calls do the rest.
// Not here: the work itself (roll-up.ts, windows.ts, retention.ts).

import type Database from 'better-sqlite3';
import { MINUTE_MS, minuteOf } from '../../../config/values/minute.js';
import type { Rows } from '../file/rows.js';
import { endMinutes } from './end-minutes.js';
import { type RetentionOptions, retain } from './retention.js';
import { rollUp } from './roll-up.js';
import { PERIODS, type Period, refreshSlice } from './windows.js';

/** Rows rolled up, and rows dropped per table, in one call: some tens of milliseconds of work. */
const SLICE_ROWS = 5000;
/** Rows rolled up in each second between two calls: a minute of 20,000 statements takes some twenty of them. */
const ROWS_BETWEEN = 2500;
/** A minute is rolled up this many minutes after its end: until then more of it may come. */
const CLOSED_AFTER_MIN = 1;
const WINDOWS_EVERY_MS = 2000;
/** Refreshing a window may take one part in this many of the time. */
const WINDOWS_SHARE = 100;
/** Statements of a window that are refreshed in one transaction: some milliseconds, however large the store. */
const WINDOW_STATEMENTS = 15;
/** A call does so many of these, and no further one once it spent this long on them. */
const WINDOW_SLICES_MIN = PERIODS.length;
const WINDOWS_SLICE_MS = 20;
/** The same at the end, when nothing waits for it. */
const WINDOW_STATEMENTS_AT_END = 300;
const VACUUM_PAGES = 256;
/** Free pages that stay in the file, for the next minutes' rows. */
const SPARE_PAGES = 256;

export class Upkeep {
  readonly #db: Database.Database;
  readonly #rows: Rows;
  readonly #retention: RetentionOptions;
  readonly #windows: KeptWindow[] = PERIODS.map((period) => ({
    period,
    due: true,
    after: undefined,
    atMs: Number.NEGATIVE_INFINITY,
    costMs: 0,
  }));

  constructor(db: Database.Database, rows: Rows, retention: RetentionOptions) {
    this.#db = db;
    this.#rows = rows;
    this.#retention = retention;
  }

  /** Something was written. */
  noteFlush(): void {
    for (const window of this.#windows) window.due = true;
  }

  /**
   * One slice. Returns true when ids of series that are kept in memory are void. Each part works by itself: what one
   * cannot do must not keep another from its work; then the first error is thrown.
   */
  slice(nowMs: number, clockIsTrusted: boolean): boolean {
    const errors: unknown[] = [];
    const attempt = (act: () => unknown) => {
      try {
        const refusal = act();
        if (refusal !== undefined) errors.push(refusal);
      } catch (error) {
        errors.push(error);
      }
    };
    attempt(() => this.#rollUp(nowMs, SLICE_ROWS));
    let idsVoid = false;
    attempt(() => {
      if (!clockIsTrusted) return;
      const step = { options: this.#retention, nowMs, bytesUsed: this.#bytesUsed(), slice: SLICE_ROWS };
      idsVoid = this.#db.transaction(() => retain(this.#rows, step)).immediate();
    });
    attempt(() => this.#refreshDue(nowMs));
    attempt(() => this.#giveBack());
    if (errors.length > 0) throw errors[0];
    return idsVoid;
  }

  /** At an orderly end: rolls up everything. */
  endMinutes(): void {
    this.#db.transaction(() => endMinutes(this.#rows)).immediate();
  }

  /** Goes on with rolling up, and with windows that the last slice() left half refreshed. */
  goOn(nowMs: number): void {
    const refusal = this.#rollUp(nowMs, ROWS_BETWEEN);
    if (refusal !== undefined) throw refusal;
    this.#refreshThose((window) => window.after !== undefined, nowMs);
  }

  /** All of them, due or not, from the first statement to the last. */
  refreshWindows(nowMs: number): void {
    for (const window of this.#windows) {
      window.after = undefined;
      do this.#refresh(window, { nowMs, statementsMax: WINDOW_STATEMENTS_AT_END });
      while (window.after !== undefined);
    }
  }

  /** Returns the database's error where it refused rows for what they are. */
  #rollUp(nowMs: number, rowsMax: number): unknown {
    const closedBefore = minuteOf(nowMs) - CLOSED_AFTER_MIN;
    const { refusal } = this.#db.transaction(() => rollUp(this.#rows, { closedBefore, rowsMax })).immediate();
    return refusal;
  }

  #refreshDue(nowMs: number): void {
    this.#refreshThose((window) => window.after !== undefined || isDue(window, nowMs), nowMs);
  }

  /** Of those that have something left to do the least recently begun come first. */
  #refreshThose(isWanted: (window: KeptWindow) => boolean, nowMs: number): void {
    const startedAt = performance.now();
    const oldestFirst = this.#windows.filter(isWanted).sort((a, b) => a.atMs - b.atMs);
    let slices = 0;
    for (const window of oldestFirst) {
      do {
        if (slices >= WINDOW_SLICES_MIN && performance.now() - startedAt > WINDOWS_SLICE_MS) return;
        this.#refresh(window, { nowMs, statementsMax: WINDOW_STATEMENTS });
        slices++;
      } while (window.after !== undefined);
    }
  }

  /** One slice of a window; from the first statement where it is not half refreshed. */
  #refresh(window: KeptWindow, { nowMs, statementsMax }: { nowMs: number; statementsMax: number }): void {
    const startedAt = performance.now();
    if (window.after === undefined) {
      window.atMs = nowMs;
      window.due = false;
      window.costMs = 0;
    }
    const { period, after = '' } = window;
    const refresh = () => refreshSlice(this.#rows, { period, nowMs, after, statementsMax });
    window.after = this.#db.transaction(refresh).immediate();
    window.costMs += performance.now() - startedAt;
  }

  #bytesUsed(): number {
    const pages = this.#pragma('page_count') - this.#pragma('freelist_count');
    return pages * this.#pragma('page_size');
  }

  #giveBack(): void {
    if (this.#pragma('freelist_count') > SPARE_PAGES) this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    this.#db.pragma('wal_checkpoint(PASSIVE)');
  }

  #pragma(name: string): number {
    return this.#db.pragma(name, { simple: true }) as number;
  }
}

interface KeptWindow {
  period: Period;
  due: boolean;
  /** The last fingerprint that is refreshed; undefined = it is not half refreshed. */
  after: string | undefined;
  /** When refreshing it began the last time, and what that cost. */
  atMs: number;
  costMs: number;
}

/** Time alone moves windows too, minute by minute. The distance is absolute, because clocks are set back. */
function isDue(window: KeptWindow, nowMs: number): boolean {
  const distanceMs = Math.abs(nowMs - window.atMs);
  if (!window.due && distanceMs < MINUTE_MS) return false;
  return distanceMs >= Math.max(WINDOWS_EVERY_MS, WINDOWS_SHARE * window.costMs);
}
