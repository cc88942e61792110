// The bounded work between flushes: folding, windows, retention, giving space back.
// Invariant: each call does a slice and leaves the store consistent; what is left over is done by later calls.
// Not here: the work itself (fold.ts, windows.ts, retention.ts).

import type Database from 'better-sqlite3';
import { fold } from './fold.js';
import { type RetentionOptions, retain } from './retention.js';
import type { Rows } from './rows.js';
import { refreshWindows } from './windows.js';

/** Rollup rows folded, and rows dropped per table, in one call: some tens of milliseconds of work. */
const SLICE_ROWS = 5000;
/** A minute is folded when it ended this many minutes ago: until then what belongs to it may still come. */
const CLOSED_AFTER_MIN = 1;
const WINDOWS_EVERY_MS = 2000;
/** Refreshing takes at most one part in this many of the time. */
const WINDOWS_SHARE = 50;
const VACUUM_PAGES = 256;
/** Free pages that stay in the file, for the next minutes' rows. */
const SPARE_PAGES = 256;

export class Upkeep {
  readonly #db: Database.Database;
  readonly #rows: Rows;
  readonly #retention: RetentionOptions;
  #windowsDue = true;
  #windowsAtMs = Number.NEGATIVE_INFINITY;
  #windowsCostMs = 0;

  constructor(db: Database.Database, rows: Rows, retention: RetentionOptions) {
    this.#db = db;
    this.#rows = rows;
    this.#retention = retention;
  }

  /** Something was written. */
  noteFlush(): void {
    this.#windowsDue = true;
  }

  /** One slice. Returns true when ids of series that are kept in memory are void. */
  slice(nowMs: number): boolean {
    const closedBefore = Math.floor(nowMs / 60_000) - CLOSED_AFTER_MIN;
    const idsVoid = this.#db
      .transaction(() => {
        fold(this.#rows, { closedBefore, rowsMax: SLICE_ROWS });
        const step = { options: this.#retention, nowMs, bytesUsed: this.#bytesUsed(), slice: SLICE_ROWS };
        return retain(this.#rows, step);
      })
      .immediate();
    if (this.#windowsAreDue(nowMs)) this.refreshWindows(nowMs);
    this.#giveBack();
    return idsVoid;
  }

  refreshWindows(nowMs: number): void {
    const startedAt = performance.now();
    this.#db.transaction(() => refreshWindows(this.#rows, nowMs)).immediate();
    this.#windowsCostMs = performance.now() - startedAt;
    this.#windowsAtMs = nowMs;
    this.#windowsDue = false;
  }

  /** Time alone moves windows too, minute by minute. The distance is absolute: clocks are set back. */
  #windowsAreDue(nowMs: number): boolean {
    const distanceMs = Math.abs(nowMs - this.#windowsAtMs);
    if (!this.#windowsDue && distanceMs < 60_000) return false;
    return distanceMs >= Math.max(WINDOWS_EVERY_MS, WINDOWS_SHARE * this.#windowsCostMs);
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
