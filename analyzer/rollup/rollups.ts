// Keeps the open minutes: bounded rollup rows that still grow, given as deltas at each flush.
// Invariant: what was added is in exactly one row until stored(); a failed flush loses nothing. Beyond
// rollupRowsPerMinuteMax rows new ones give up their pool, then their fingerprint, and are counted. A minute closes
// minuteClosesAfterMs after its end; what comes later goes to the oldest open minute and is counted. Not here: tags
// (tag-rollups.ts), rows on disk (storage/sqlite/).

import { minuteOf } from '../../config/values/minute.js';
import type { Pending } from '../../facts/pending.js';
import { type Measured, RollupRow } from '../../facts/rollup-row.js';
import type { Verdict } from '../../facts/verdict.js';

/** Minutes further ahead of now than this are of a clock that was set. */
const AHEAD_MIN = 2;

/** Takes the place of a pool or fingerprint that was given up. */
export const OTHER = '(other)';

export interface RollupLimits {
  rollupRowsPerMinuteMax: number;
  minuteClosesAfterMs: number;
}

/** Where an execution counts. */
interface Place {
  fingerprint: string;
  pool: string;
  verdict: Verdict;
  /** whereOf() pool, source and construct; one string per combination, so that its hash is computed once. */
  where: string;
}

/** Rows of one minute: fingerprint → pool, source and construct → row. */
interface Minute {
  minute: number;
  rows: number;
  byFingerprint: Map<string, Map<string, RollupRow>>;
}

export class Rollups implements Pending<RollupRow> {
  readonly #limits: RollupLimits;
  readonly #minutes = new Map<number, Minute>();
  /** Rows that got something since the last flush, in that order. */
  #filled: RollupRow[] = [];
  #oldestOpen = 0;
  /** Times an execution gave up its pool or fingerprint. */
  cappedTotal = 0;
  /** Executions that came after their minute was closed. */
  lateTotal = 0;

  constructor(limits: RollupLimits) {
    this.#limits = limits;
  }

  /** Hot path: once per execution. */
  add(measured: Measured, place: Place): void {
    const minute = this.#minuteOf(measured.completedAtMs);
    const row = minute.byFingerprint.get(place.fingerprint)?.get(place.where) ?? this.#row(minute, place);
    if (!row.filled) this.#filled.push(row);
    row.add(measured, place.verdict);
  }

  pending(): readonly RollupRow[] {
    return this.#filled;
  }

  stored(): void {
    for (const row of this.#filled) row.reset();
    this.#filled = [];
  }

  /** Closes the minutes that are over. Their rows still wait until they are stored. */
  closeMinutes(nowMs: number): void {
    const open = minuteOf(nowMs - this.#limits.minuteClosesAfterMs);
    const ahead = minuteOf(nowMs) + AHEAD_MIN;
    for (const minute of this.#minutes.keys()) if (minute < open || minute > ahead) this.#minutes.delete(minute);
    // A clock that was set back takes the open minutes with it.
    this.#oldestOpen = this.#oldestOpen > ahead ? open : Math.max(this.#oldestOpen, open);
  }

  #minuteOf(completedAtMs: number): Minute {
    let number = minuteOf(completedAtMs);
    if (number < this.#oldestOpen) {
      number = this.#oldestOpen;
      this.lateTotal++;
    }
    let minute = this.#minutes.get(number);
    if (minute === undefined) {
      minute = { minute: number, rows: 0, byFingerprint: new Map() };
      this.#minutes.set(number, minute);
    }
    return minute;
  }

  #row(minute: Minute, place: Place): RollupRow {
    const { source, construct } = place.verdict;
    if (minute.rows < this.#limits.rollupRowsPerMinuteMax) {
      return put(minute, { fingerprint: place.fingerprint, pool: place.pool, source, construct, where: place.where });
    }
    this.cappedTotal++;
    const where = whereOf(OTHER, source, construct);
    const known = minute.byFingerprint.get(place.fingerprint)?.get(where);
    if (known !== undefined) return known;
    // Rows without a pool may be half as many again; beyond that, one row takes all of a source.
    if (minute.rows < this.#limits.rollupRowsPerMinuteMax * 1.5) {
      return put(minute, { fingerprint: place.fingerprint, pool: OTHER, source, construct, where });
    }
    const wholeSource = whereOf(OTHER, source, '');
    return (
      minute.byFingerprint.get(OTHER)?.get(wholeSource) ??
      put(minute, { fingerprint: OTHER, pool: OTHER, source, construct: '', where: wholeSource })
    );
  }
}

/** The `where` of a row. */
export function whereOf(pool: string, source: string, construct: string): string {
  return `${pool}\0${source}\0${construct}`;
}

function put(
  minute: Minute,
  key: { fingerprint: string; pool: string; source: string; construct: string; where: string },
): RollupRow {
  const { where, ...rest } = key;
  const row = new RollupRow({ minute: minute.minute, ...rest });
  let byWhere = minute.byFingerprint.get(key.fingerprint);
  if (byWhere === undefined) {
    byWhere = new Map();
    minute.byFingerprint.set(key.fingerprint, byWhere);
  }
  byWhere.set(where, row);
  minute.rows++;
  return row;
}
