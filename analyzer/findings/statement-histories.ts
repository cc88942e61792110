// Follows how often statements fail and how long they take, in slots of five minutes.
// Each slot is set against the statement's own past.
// Invariant: an execution is in the past once its slot is over; of the past half is forgotten each day. Bounded: those
// that were not seen for longest go. What it knows ends with the process. Not here: the rules (kinds/errors-rise.ts,
// kinds/slower-than-itself.ts).

import { limits } from '../../config/limits.js';
import { MINUTE_MS } from '../../config/values/minute.js';
import { bucketOf, LogHistogram } from '../../facts/histogram.js';
import type { RollupRow } from '../../facts/rollup-row.js';
import type { StatementSlot } from './views/statement-slot.js';

const SLOT_MS = 300_000;
const DAY_MS = 86_400_000;
const USUAL = 0.977;
/** A slot in which this share of the statements, of so many at least, became slower is the machine's … */
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
  readonly pools: Set<string>;
  past: Counts;
  now: Counts & { slow: number };
  /** Service times of the past, and of this slot. */
  times: LogHistogram;
  timesNow: LogHistogram;
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
    if (history.pools.size < POOLS_MAX) history.pools.add(key.pool);
    const { now, timesNow, usualBucket } = history;
    now.executions += row.executions;
    now.errors += row.errors;
    now.serviceNs += row.serviceTotalNs;
    now.timed += histogram.count;
    for (const [bucket, count] of histogram.buckets) {
      if (bucket > usualBucket) now.slow += count;
      timesNow.addBucket(bucket, count);
    }
  }

  /** The slot that is over, of every statement that ran in it; undefined while none is. */
  ended(nowMs: number): { slots: StatementSlot[]; fromMs: number; untilMs: number } | undefined {
    const slotMs = Math.floor(nowMs / SLOT_MS) * SLOT_MS;
    const fromMs = this.#slotMs;
    if (slotMs === fromMs) return undefined;
    this.#slotMs = slotMs;
    if (fromMs === 0) return undefined;
    const slots = [...this.#histories.values()]
      .filter(({ now }) => now.executions > 0)
      .map((history) => slotOf(history, fromMs));
    for (const history of this.#histories.values()) passOn(history);
    this.#forget(nowMs);
    const isMachine = isSlowAll(slots);
    return {
      slots: isMachine ? slots.map((slot) => ({ ...slot, slow: 0 })) : slots,
      fromMs,
      untilMs: fromMs + SLOT_MS,
    };
  }

  #historyOf({ key: { fingerprint, source, minute } }: RollupRow): History {
    const key = `${fingerprint} ${source}`;
    let history = this.#histories.get(key);
    if (history !== undefined) this.#histories.delete(key);
    else {
      if (this.#histories.size >= limits.statementHistoriesMax) this.#forgetOldest();
      history = {
        fingerprint,
        source,
        firstMs: minute * MINUTE_MS,
        pools: new Set(),
        past: { ...NOTHING },
        now: { ...NOTHING, slow: 0 },
        times: new LogHistogram(),
        timesNow: new LogHistogram(),
        heldBack: 0,
        usualBucket: Number.POSITIVE_INFINITY,
      };
    }
    this.#histories.set(key, history);
    return history;
  }

  #forgetOldest(): void {
    for (const oldest of this.#histories.keys()) {
      this.#histories.delete(oldest);
      return;
    }
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

function slotOf({ fingerprint, source, pools, now, past, firstMs }: History, fromMs: number): StatementSlot {
  const before = { ...past, ms: Math.max(0, fromMs - firstMs) };
  return { fingerprint, source, pools: [...pools].sort(), ...now, before };
}

/** What is slower for some minutes must not become the measure of itself; what stays so for an hour is usual. */
function passOn(history: History): void {
  const { past, now, times, timesNow } = history;
  history.now = { ...NOTHING, slow: 0 };
  history.timesNow = new LogHistogram();
  const isSlower = now.timed >= HELD_BACK_TIMED_MIN && now.slow >= now.timed * SLOWER_SHARE;
  if (isSlower && history.heldBack < HELD_BACK_MAX) {
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

/** Where most became slower, the machine or the network did. */
function isSlowAll(slots: readonly StatementSlot[]): boolean {
  const compared = slots.filter(({ timed, before }) => timed >= TIMED_MIN && before.timed > 0);
  const slower = compared.filter(({ slow, timed }) => slow / timed >= SLOWER_SHARE);
  return compared.length >= MANY_MIN && slower.length >= compared.length * MANY_SHARE;
}
