// Keeps the open minutes: bounded rollup rows that still grow, given as deltas at each flush.
// Invariant: what was added is in exactly one row until stored(); a failed flush loses nothing. A row that is stored
// serves again under another key: a minute of many statements keeps its keys alone. Beyond rollupRowsPerMinuteMax rows
// new ones give up their pool, then their fingerprint, and are counted. A minute closes minuteClosesAfterMs after its
// end; what comes later goes to the oldest open minute and is counted. Not here: tags (tag-rollups.ts), rows on disk
// (storage/sqlite/).

import { minuteOf } from '../../config/values/minute.js';
import type { Pending } from '../../facts/pending.js';
import { type Measured, type RollupKey, RollupRow } from '../../facts/rollup-row.js';
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

/** A key that its minute has seen, with its row while that holds something. */
interface Slot {
  readonly key: RollupKey;
  row: RollupRow | undefined;
}

/** Keys of one minute: pool, source and construct → fingerprint → slot. */
interface Minute {
  minute: number;
  slots: number;
  byWhere: Map<string, Map<string, Slot>>;
}

/** Rows that serve again: more than a flush has, while flushes are not late. Others are left to the collector. */
const SPARE_ROWS_MAX = 4_096;

export class Rollups implements Pending<RollupRow> {
  readonly #limits: RollupLimits;
  readonly #minutes = new Map<number, Minute>();
  /** Rows that got something since the last flush, in that order, and their slots. */
  #filled: RollupRow[] = [];
  #filledSlots: Slot[] = [];
  readonly #spare: RollupRow[] = [];
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
    const slot = minute.byWhere.get(place.where)?.get(place.fingerprint) ?? this.#slot(minute, place);
    (slot.row ?? this.#begin(slot)).add(measured, place.verdict);
  }

  pending(): readonly RollupRow[] {
    return this.#filled;
  }

  stored(): void {
    for (const slot of this.#filledSlots) slot.row = undefined;
    for (const row of this.#filled) {
      if (this.#spare.length >= SPARE_ROWS_MAX) break;
      row.reset();
      this.#spare.push(row);
    }
    this.#filled = [];
    this.#filledSlots = [];
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
      minute = { minute: number, slots: 0, byWhere: new Map() };
      this.#minutes.set(number, minute);
    }
    return minute;
  }

  #begin(slot: Slot): RollupRow {
    const row = this.#spare.pop() ?? new RollupRow(slot.key);
    row.key = slot.key;
    slot.row = row;
    this.#filled.push(row);
    this.#filledSlots.push(slot);
    return row;
  }

  #slot(minute: Minute, place: Place): Slot {
    const { source, construct } = place.verdict;
    if (minute.slots < this.#limits.rollupRowsPerMinuteMax) {
      return put(minute, { fingerprint: place.fingerprint, pool: place.pool, source, construct, where: place.where });
    }
    this.cappedTotal++;
    const where = whereOf(OTHER, source, construct);
    const known = minute.byWhere.get(where)?.get(place.fingerprint);
    if (known !== undefined) return known;
    // Rows without a pool may be half as many again; beyond that, one row takes all of a source.
    if (minute.slots < this.#limits.rollupRowsPerMinuteMax * 1.5) {
      return put(minute, { fingerprint: place.fingerprint, pool: OTHER, source, construct, where });
    }
    const wholeSource = whereOf(OTHER, source, '');
    return (
      minute.byWhere.get(wholeSource)?.get(OTHER) ??
      put(minute, { fingerprint: OTHER, pool: OTHER, source, construct: '', where: wholeSource })
    );
  }
}

/** The `where` of a row. */
export function whereOf(pool: string, source: string, construct: string): string {
  return `${pool}\0${source}\0${construct}`;
}

function put(minute: Minute, of: Omit<RollupKey, 'minute'> & { where: string }): Slot {
  const { where, pool, source, construct, fingerprint } = of;
  const slot: Slot = { key: { minute: minute.minute, pool, source, construct, fingerprint }, row: undefined };
  let byFingerprint = minute.byWhere.get(where);
  if (byFingerprint === undefined) {
    byFingerprint = new Map();
    minute.byWhere.set(where, byFingerprint);
  }
  byFingerprint.set(fingerprint, slot);
  minute.slots++;
  return slot;
}
