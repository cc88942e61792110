// Keeps the slowest executions of each statement since the last flush.
// Invariant: at most PER_STATEMENT executions of at most STATEMENTS_MAX statements wait; none of them holds a literal.
// Not here: which samples are kept for good (storage/sqlite/tables/samples.ts), plans (observer/plan-collector.ts), the
// request that ran one (attribution/comments/request-tags.ts).

import type { SlowSampleRow } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import type { Measured } from '../../facts/rollup-row.js';
import type { RequestIds } from '../attribution/comments/request-tags.js';

export interface SampleContext {
  readonly fingerprint: string;
  readonly source: string;
  readonly pool: string;
  readonly tagSet: string;
  readonly request: RequestIds;
  readonly transactionPosition: number;
}

const PER_STATEMENT = 3;
const STATEMENTS_MAX = 5_000;
/** A faster execution is never slow. */
export const SLOW_NS = 1_000_000;
/** After so long without a slower execution a statement's bar is halved: a slow start must not hide later days. */
const BAR_LIVES_MS = 3_600_000;

interface Kept {
  /** Service time of the fastest sample we already gave; only slower executions are wanted. */
  barNs: number;
  barAtMs: number;
  /** Samples since the last flush, slowest first. */
  waiting: SlowSampleRow[];
}

export class Samples implements Pending<SlowSampleRow> {
  readonly #byFingerprint = new Map<string, Kept>();
  #touched = new Set<Kept>();

  /** Hot path: once per execution, a look-up and a comparison. An execution that it wants is passed to keep(). */
  wants(fingerprint: string, measured: Measured): boolean {
    const { serviceNs } = measured;
    if (serviceNs < SLOW_NS || measured.batched) return false;
    const kept = this.#byFingerprint.get(fingerprint);
    if (kept === undefined || serviceNs > kept.barNs) return true;
    if (measured.completedAtMs - kept.barAtMs > BAR_LIVES_MS) {
      kept.barNs /= 2;
      kept.barAtMs = measured.completedAtMs;
    }
    return false;
  }

  keep(measured: Measured, context: SampleContext): void {
    let kept = this.#byFingerprint.get(context.fingerprint);
    if (kept === undefined) {
      if (this.#byFingerprint.size >= STATEMENTS_MAX) this.#forgetOldest();
      kept = { barNs: 0, barAtMs: measured.completedAtMs, waiting: [] };
      this.#byFingerprint.set(context.fingerprint, kept);
    }
    const { waiting } = kept;
    waiting.push(sampleOf(measured, context));
    waiting.sort((a, b) => b.serviceNs - a.serviceNs);
    if (waiting.length > PER_STATEMENT) waiting.length = PER_STATEMENT;
    if (waiting.length === PER_STATEMENT) {
      kept.barNs = Math.max(kept.barNs, waiting[PER_STATEMENT - 1].serviceNs);
      kept.barAtMs = measured.completedAtMs;
    }
    this.#touched.add(kept);
  }

  *pending(): Iterable<SlowSampleRow> {
    for (const { waiting } of this.#touched) yield* waiting;
  }

  stored(): void {
    for (const kept of this.#touched) kept.waiting = [];
    this.#touched = new Set();
  }

  #forgetOldest(): void {
    for (const [fingerprint, kept] of this.#byFingerprint) {
      if (kept.waiting.length > 0) continue;
      this.#byFingerprint.delete(fingerprint);
      return;
    }
  }
}

function sampleOf(measured: Measured, context: SampleContext): SlowSampleRow {
  return {
    fingerprint: context.fingerprint,
    source: context.source,
    atMs: measured.completedAtMs,
    serviceNs: measured.serviceNs,
    waitNs: measured.waitNs,
    rows: measured.rows,
    sqlstate: measured.sqlstate,
    pool: context.pool,
    tagSet: context.tagSet,
    traceId: context.request.traceId,
    requestId: context.request.requestId,
    transactionPosition: context.transactionPosition,
  };
}
