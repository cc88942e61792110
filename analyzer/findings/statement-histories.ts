// Follows how often statements fail and how long they take, in slots of five minutes.
// Each slot is set against the statement's own past.
// Invariant: an execution is in the past once its slot is over, but of slots that were slower (slow-hours.ts); of the
// past half is forgotten each day. Bounded: one that was not seen for a quarter of an hour gives way to another. What
// it knows ends with the process. Not here: the rules (kinds/errors-rise.ts, kinds/slower-than-itself.ts).

import { limits } from '../../config/limits.js';
import { MINUTE_MS } from '../../config/values/minute.js';
import { bucketOf, LogHistogram } from '../../facts/histogram.js';
import type { RollupRow } from '../../facts/rollup-row.js';
import { SlowHours } from './slow-hours.js';
import { OF_CIRCUMSTANCES } from './views/kind.js';
import { hasPast, hasRisen, type StatementSlot } from './views/statement-slot.js';

const SLOT_MS = 300_000;
const DAY_MS = 86_400_000;
const USUAL = 0.977;
/** Where more statements than have a place come in turn, all would begin anew all the time. */
const GIVES_WAY_MS = 900_000;
/** A slot in which this share of the statements, of so many at least, became slower or failed is the machine's … */
const MANY_SHARE = 0.3;
const MANY_MIN = 4;
/** … where slower is: this share of its executions, of so many at least, is slow. */
const SLOWER_SHARE = 0.1;
const TIMED_MIN = 4;
const HELD_BACK_TIMED_MIN = 20;
/** An hour. */
const HELD_BACK_MAX = 12;

type Counts = Record<'executions' | 'errors' | 'serviceNs' | 'timed', number>;

interface History {
  readonly fingerprint: string;
  readonly source: string;
  readonly firstMs: number;
  seenMs: number;
  readonly pools: Set<string>;
  past: Counts;
  now: Counts;
  /** Service times of the past, and of this slot. */
  times: LogHistogram;
  timesNow: LogHistogram;
  readonly slowHours: SlowHours;
  /** Slots in a row that were slower, and are not in the past. */
  heldBack: number;
  /** Bucket of the time that 97.7 % of the past stayed below; Infinity = there is none. */
  usualBucket: number;
}

const NOTHING: Counts = { executions: 0, errors: 0, serviceNs: 0, timed: 0 };
const POOLS_MAX = 8;

export class StatementHistories {
  /** By statement and source, the least recently seen first. */
  readonly #histories = new Map<string, History>();
  #slotMs = 0;
  #halvedMs = 0;

  /** Called once per row and flush: what it got since the last one. */
  take(row: RollupRow): void {
    const { key, histogram } = row;
    if (key.source === 'housekeeping' || key.source === 'tool') return;
    const history = this.#historyOf(row);
    if (history === undefined) return;
    if (history.pools.size < POOLS_MAX) history.pools.add(key.pool);
    const { now, timesNow } = history;
    now.executions += row.executions;
    now.errors += ownErrors(row);
    now.serviceNs += row.serviceTotalNs;
    now.timed += histogram.count;
    timesNow.merge(histogram);
  }

  /** The slot that is over, of every statement that ran in it; undefined while none is. */
  ended(nowMs: number): { slots: StatementSlot[]; fromMs: number; untilMs: number } | undefined {
    const slotMs = Math.floor(nowMs / SLOT_MS) * SLOT_MS;
    const fromMs = this.#slotMs;
    if (slotMs === fromMs) return undefined;
    this.#slotMs = slotMs;
    if (fromMs === 0) return undefined;
    const ran = [...this.#histories.values()].filter(({ now }) => now.executions > 0);
    const slots = ran.map((history) => slotOf(history, fromMs));
    ran.forEach((history, n) => {
      passOn(history, slots[n], fromMs);
    });
    this.#forget(nowMs);
    const isSlow = isSlowAll(slots);
    const isFailing = isFailingAll(slots);
    const told = slots.map((slot) => ({
      ...slot,
      slow: isSlow ? 0 : slot.slow,
      errors: isFailing ? 0 : slot.errors,
    }));
    return { slots: told, fromMs, untilMs: fromMs + SLOT_MS };
  }

  /** Undefined where it has no place. */
  #historyOf({ key: { fingerprint, source, minute } }: RollupRow): History | undefined {
    const key = `${fingerprint} ${source}`;
    const seenMs = minute * MINUTE_MS;
    let history = this.#histories.get(key);
    if (history !== undefined) this.#histories.delete(key);
    else {
      if (this.#histories.size >= limits.statementHistoriesMax && !this.#makeRoom(seenMs)) return undefined;
      history = {
        fingerprint,
        source,
        firstMs: seenMs,
        seenMs,
        pools: new Set(),
        past: { ...NOTHING },
        now: { ...NOTHING },
        times: new LogHistogram(),
        timesNow: new LogHistogram(),
        slowHours: new SlowHours(USUAL),
        heldBack: 0,
        usualBucket: Number.POSITIVE_INFINITY,
      };
    }
    history.seenMs = seenMs;
    this.#histories.set(key, history);
    return history;
  }

  /** A clock that was set back makes none stay for good. */
  #makeRoom(nowMs: number): boolean {
    for (const [oldest, { seenMs }] of this.#histories) {
      if (Math.abs(nowMs - seenMs) < GIVES_WAY_MS) return false;
      this.#histories.delete(oldest);
      return true;
    }
    return true;
  }

  #forget(nowMs: number): void {
    this.#halvedMs ||= nowMs;
    if (nowMs - this.#halvedMs < DAY_MS) return;
    this.#halvedMs = nowMs;
    for (const history of this.#histories.values()) {
      const { executions, errors, serviceNs, timed } = history.past;
      history.past = { executions: executions / 2, errors: errors / 2, serviceNs: serviceNs / 2, timed: timed / 2 };
      const times = new LogHistogram();
      for (const [bucket, count] of history.times.buckets)
        if (count >= 2) times.addBucket(bucket, Math.floor(count / 2));
      history.times = times;
    }
  }
}

/** Those that tell of the statement. */
function ownErrors({ errors, errorsBySqlstate = new Map() }: RollupRow): number {
  let own = errors;
  for (const [sqlstate, count] of errorsBySqlstate) if (OF_CIRCUMSTANCES.test(sqlstate)) own -= count;
  return own;
}

/** Slow is what is slower than usual, and at an hour that was slow before, slower than then. */
function slotOf(history: History, fromMs: number): StatementSlot {
  const { fingerprint, source, pools, past, firstMs, timesNow, usualBucket, slowHours } = history;
  let slow = beyond(timesNow, usualBucket);
  if (slow > 0) slow = beyond(timesNow, Math.max(usualBucket, slowHours.bucketAt(fromMs)));
  const now = { ...history.now, slow };
  const before = { ...past, ms: Math.max(0, fromMs - firstMs) };
  return { fingerprint, source, pools: [...pools].sort(), ...now, before };
}

/** What is slower for some minutes must not become the measure of itself; what stays so for an hour is usual. */
function passOn(history: History, { timed, slow }: StatementSlot, fromMs: number): void {
  const { past, now, times, timesNow, usualBucket, slowHours } = history;
  if (isSlower(timed, beyond(timesNow, usualBucket))) slowHours.note(fromMs, fromMs + SLOT_MS, timesNow);
  history.now = { ...NOTHING };
  history.timesNow = new LogHistogram();
  if (isSlower(timed, slow) && history.heldBack < HELD_BACK_MAX) {
    history.heldBack++;
    return;
  }
  history.heldBack = 0;
  past.executions += now.executions;
  past.errors += now.errors;
  past.serviceNs += now.serviceNs;
  past.timed += now.timed;
  times.merge(timesNow);
  const usualNs = times.percentile(USUAL);
  history.usualBucket = usualNs === 0 ? Number.POSITIVE_INFINITY : bucketOf(usualNs);
}

function isSlower(timed: number, slow: number): boolean {
  return timed >= HELD_BACK_TIMED_MIN && slow >= timed * SLOWER_SHARE;
}

/** How many took longer than what this bucket holds. */
function beyond({ buckets }: LogHistogram, most: number): number {
  let slow = 0;
  for (const [bucket, count] of buckets) if (bucket > most) slow += count;
  return slow;
}

/** Where most became slower, the machine or the network did. */
function isSlowAll(slots: readonly StatementSlot[]): boolean {
  const compared = slots.filter(({ timed, before }) => timed >= TIMED_MIN && before.timed > 0);
  const slower = compared.filter(({ slow, timed }) => slow / timed >= SLOWER_SHARE);
  return compared.length >= MANY_MIN && slower.length >= compared.length * MANY_SHARE;
}

/** Where most fail as they did not before, something that all of them need is gone. */
function isFailingAll(slots: readonly StatementSlot[]): boolean {
  const compared = slots.filter((slot) => slot.executions >= TIMED_MIN && hasPast(slot));
  return compared.length >= MANY_MIN && compared.filter(hasRisen).length >= compared.length * MANY_SHARE;
}
