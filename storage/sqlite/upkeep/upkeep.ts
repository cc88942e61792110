// The bounded work between flushes: rolling up, windows, retention, giving space back.
// Invariant: each call does a slice and leaves the store consistent; later calls do the rest.
// Not here: the work itself (roll-up.ts, windows.ts, retention.ts).

import type Database from 'better-sqlite3';
import { MINUTE_MS, minuteOf } from '../../../config/values/minute.js';
import type { Rows } from '../file/rows.js';
import { type RetentionOptions, retain } from './retention.js';
import { rollUp } from './roll-up.js';
import { PERIODS, type Period, refreshPeriod } from './windows.js';

/** Rows rolled up, and rows dropped per table, in one call: some tens of milliseconds of work. */
const SLICE_ROWS = 5000;
/** A minute is rolled up this many minutes after its end: until then more of it may come. */
const CLOSED_AFTER_MIN = 1;
const WINDOWS_EVERY_MS = 2000;
/** Refreshing a window may take one part in this many of the time. */
const WINDOWS_SHARE = 100;
/** No further window is refreshed in a call that spent this much on them. */
const WINDOWS_SLICE_MS = 50;
const VACUUM_PAGES = 256;
/** Free pages that stay in the file, for the next minutes' rows. */
const SPARE_PAGES = 256;

export class Upkeep {
  readonly #db: Database.Database;
  readonly #rows: Rows;
  readonly #retention: RetentionOptions;
  readonly #windows = PERIODS.map((period) => ({ period, due: true, atMs: Number.NEGATIVE_INFINITY, costMs: 0 }));

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
    const closedBefore = minuteOf(nowMs) - CLOSED_AFTER_MIN;
    const rollUpSlice = this.#db.transaction(() => rollUp(this.#rows, { closedBefore, rowsMax: SLICE_ROWS }));
    attempt(() => rollUpSlice.immediate());
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

  /** All of them, due or not. */
  refreshWindows(nowMs: number): void {
    for (const window of this.#windows) this.#refresh(window, nowMs);
  }

  /** The least recently refreshed come first; the next call does what does not fit into this one. */
  #refreshDue(nowMs: number): void {
    let spentMs = 0;
    const oldestFirst = [...this.#windows].sort((a, b) => a.atMs - b.atMs);
    for (const window of oldestFirst) {
      if (spentMs > WINDOWS_SLICE_MS) return;
      if (!isDue(window, nowMs)) continue;
      this.#refresh(window, nowMs);
      spentMs += window.costMs;
    }
  }

  #refresh(window: KeptWindow, nowMs: number): void {
    const startedAt = performance.now();
    this.#db.transaction(() => refreshPeriod(this.#rows, window.period, nowMs)).immediate();
    window.costMs = performance.now() - startedAt;
    window.atMs = nowMs;
    window.due = false;
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
  atMs: number;
  costMs: number;
}

/** Time alone moves windows too, minute by minute. The distance is absolute, because clocks are set back. */
function isDue(window: KeptWindow, nowMs: number): boolean {
  const distanceMs = Math.abs(nowMs - window.atMs);
  if (!window.due && distanceMs < MINUTE_MS) return false;
  return distanceMs >= Math.max(WINDOWS_EVERY_MS, WINDOWS_SHARE * window.costMs);
}
