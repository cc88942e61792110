// The bounded work between flushes: rolling up, windows, retention, giving space back.
// Invariant: each call does a slice and leaves the store consistent; later calls do the rest.
// Not here: the work itself (roll-up.ts, windows.ts, retention.ts).

import type Database from 'better-sqlite3';
import { MINUTE_MS, minuteOf } from '../../../config/values/minute.js';
import type { Rows } from '../file/rows.js';
import { CatalogueBound } from './bound-catalogue.js';
import { endMinutes } from './end-minutes.js';
import { dropRows, type RetentionOptions, retain } from './retention.js';
import { type RolledUp, rollUp } from './roll-up.js';
import { hasMoreStatements, PERIODS, type Period, refreshSlice } from './windows.js';

/** Rows rolled up in one call at most. */
const SLICE_ROWS = 5000;
/** Rows rolled up in one turn between two calls. */
const ROWS_BETWEEN = 2500;
/**
 * How long after a call began its parts begin nothing more. Each does a little all the same: a call holds the
 * observer's loop, which takes batches and answers.
 */
const UNTIL_MS = { rollingUp: 12, dropping: 18, windows: 25, givingBack: 28 } as const;
/** A minute is rolled up this many minutes after its end: until then more of it may come. */
const CLOSED_AFTER_MIN = 1;
const WINDOWS_EVERY_MS = 2000;
/** Refreshing a window may take one part in this many of the time. */
const WINDOWS_SHARE = 100;
/**
 * Statements of a window that are refreshed in one step; less where it took longer than this, and more again. Of a
 * store that has more than these the first step is a small one: nobody knows yet what it takes.
 */
const WINDOW_STATEMENTS = 16;
const WINDOW_STATEMENTS_MIN = 2;
const WINDOW_STEP_MS = 6;
/** The same at the end, when little waits for it: the rest is done after the next start. */
const WINDOW_STATEMENTS_AT_END = 100;
const WINDOWS_AT_END_MS = 2000;
const VACUUM_PAGES = 256;
const VACUUM_STEP_PAGES = 32;
/** Free pages that stay in the file, for the next minutes' rows. */
const SPARE_PAGES = 256;

export class Upkeep {
  readonly #db: Database.Database;
  readonly #rows: Rows;
  readonly #retention: RetentionOptions;
  readonly #catalogue = new CatalogueBound();
  /** Rows are left that retention drops. */
  #isBehind = false;
  readonly #windows: KeptWindow[];

  constructor(db: Database.Database, rows: Rows, retention: RetentionOptions) {
    this.#db = db;
    this.#rows = rows;
    this.#retention = retention;
    this.#windows = PERIODS.map((period) => ({
      period,
      due: true,
      after: undefined,
      statements: undefined,
      atMs: Number.NEGATIVE_INFINITY,
      costMs: 0,
    }));
  }

  /** Something was written. */
  noteFlush(): void {
    for (const window of this.#windows) window.due = true;
  }

  /**
   * One slice. Each part works by itself: what one cannot do must not keep another from its work; then the first error
   * is thrown.
   */
  slice(nowMs: number, clockIsTrusted: boolean): Slice {
    const errors: unknown[] = [];
    const attempt = (act: () => unknown) => {
      try {
        const refusal = act();
        if (refusal !== undefined) errors.push(refusal);
      } catch (error) {
        errors.push(error);
      }
    };
    const beganMs = performance.now();
    let isLeft = false;
    let idsVoid = false;
    attempt(() => {
      const rolledUp = this.#rollUp(nowMs, { rowsMax: SLICE_ROWS, untilMs: beganMs + UNTIL_MS.rollingUp });
      isLeft = rolledUp.isLeft;
      return rolledUp.refusal;
    });
    attempt(() => {
      if (!clockIsTrusted) return;
      const untilMs = beganMs + UNTIL_MS.dropping;
      const of = { options: this.#retention, catalogue: this.#catalogue, bytesUsed: this.#bytesUsed() };
      const retained = this.#db.transaction(() => retain(this.#rows, { ...of, nowMs, untilMs })).immediate();
      this.#isBehind = retained.isBehind;
      idsVoid = retained.idsVoid;
    });
    attempt(() => this.#refreshDue(nowMs, beganMs + UNTIL_MS.windows));
    attempt(() => this.#giveBack(beganMs + UNTIL_MS.givingBack));
    if (errors.length > 0) throw errors[0];
    return { idsVoid, isLeft: isLeft || this.#hasLeft };
  }

  /** At an orderly end: rolls up everything. */
  endMinutes(): void {
    this.#db.transaction(() => endMinutes(this.#rows)).immediate();
  }

  /**
   * Goes on with rolling up, and with what the last slice() left: rows to drop, windows half refreshed. Returns true
   * where something of it is left.
   */
  goOn(nowMs: number): boolean {
    const beganMs = performance.now();
    const bounds = { rowsMax: ROWS_BETWEEN, untilMs: beganMs + UNTIL_MS.rollingUp };
    const { refusal, isLeft } = this.#rollUp(nowMs, bounds);
    if (refusal !== undefined) throw refusal;
    if (this.#isBehind) {
      const drop = () => dropRows(this.#rows, beganMs + UNTIL_MS.dropping);
      this.#isBehind = this.#db.transaction(drop).immediate();
    }
    this.#refreshThose((window) => window.after !== undefined, { nowMs, untilMs: beganMs + UNTIL_MS.windows });
    return isLeft || this.#hasLeft;
  }

  /** All of them, due or not, from the first statement to the last, as far as there is time for it. */
  refreshWindows(nowMs: number): void {
    const untilMs = performance.now() + WINDOWS_AT_END_MS;
    for (const window of this.#windows) {
      window.after = undefined;
      do this.#refresh(window, { nowMs, statementsMax: WINDOW_STATEMENTS_AT_END });
      while (window.after !== undefined && performance.now() < untilMs);
    }
  }

  /** Rows to drop, or windows that are half refreshed: how often one is begun is bounded (isDue), not its end. */
  get #hasLeft(): boolean {
    return this.#isBehind || this.#windows.some(({ after }) => after !== undefined);
  }

  #rollUp(nowMs: number, bounds: { rowsMax: number; untilMs: number }): RolledUp {
    const closedBefore = minuteOf(nowMs) - CLOSED_AFTER_MIN;
    return this.#db.transaction(() => rollUp(this.#rows, { closedBefore, ...bounds })).immediate();
  }

  #refreshDue(nowMs: number, untilMs: number): void {
    this.#refreshThose((window) => window.after !== undefined || isDue(window, nowMs), { nowMs, untilMs });
  }

  /** Of those that have something left to do the least recently begun come first. */
  #refreshThose(isWanted: (window: KeptWindow) => boolean, of: { nowMs: number; untilMs: number }): void {
    const oldestFirst = this.#windows.filter(isWanted).sort((a, b) => a.atMs - b.atMs);
    // Where there are few statements, each of the windows is done in one step, and all are.
    let areShort = true;
    for (const window of oldestFirst) {
      let steps = 0;
      do {
        const beganMs = performance.now();
        if ((steps > 0 || !areShort) && beganMs >= of.untilMs) return;
        const statementsMax = window.statements ?? this.#statementsFirst();
        this.#refresh(window, { nowMs: of.nowMs, statementsMax });
        window.statements = statementsNext(statementsMax, performance.now() - beganMs);
        steps++;
      } while (window.after !== undefined);
      areShort &&= steps === 1;
    }
  }

  /** Not asked while the file is opened: damage that is met there would not be mended. */
  #statementsFirst(): number {
    return hasMoreStatements(this.#rows, WINDOW_STATEMENTS) ? WINDOW_STATEMENTS_MIN : WINDOW_STATEMENTS;
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

  #giveBack(untilMs: number): void {
    const free = this.#pragma('freelist_count');
    for (let pages = 0; pages < VACUUM_PAGES && free - pages > SPARE_PAGES; pages += VACUUM_STEP_PAGES) {
      if (pages > 0 && performance.now() >= untilMs) break;
      this.#db.pragma(`incremental_vacuum(${VACUUM_STEP_PAGES})`);
    }
    this.#db.pragma('wal_checkpoint(PASSIVE)');
  }

  #pragma(name: string): number {
    return this.#db.pragma(name, { simple: true }) as number;
  }
}

interface Slice {
  /** Ids of series that are kept in memory hold no more. */
  idsVoid: boolean;
  /** goOn() has something to do. */
  isLeft: boolean;
}

interface KeptWindow {
  period: Period;
  due: boolean;
  /** The last fingerprint that is refreshed; undefined = it is not half refreshed. */
  after: string | undefined;
  /** In its next step: a long period has more rows of each. undefined = it was not refreshed yet. */
  statements: number | undefined;
  /** When refreshing it began the last time, and what that cost. */
  atMs: number;
  costMs: number;
}

function statementsNext(statements: number, tookMs: number): number {
  if (tookMs > WINDOW_STEP_MS) return Math.max(WINDOW_STATEMENTS_MIN, statements / 2);
  return tookMs < WINDOW_STEP_MS / 3 ? Math.min(WINDOW_STATEMENTS, statements * 2) : statements;
}

/** Time alone moves windows too, minute by minute. The distance is absolute, because clocks are set back. */
function isDue(window: KeptWindow, nowMs: number): boolean {
  const distanceMs = Math.abs(nowMs - window.atMs);
  if (!window.due && distanceMs < MINUTE_MS) return false;
  return distanceMs >= Math.max(WINDOWS_EVERY_MS, WINDOWS_SHARE * window.costMs);
}
