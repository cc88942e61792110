// Adds up transactions and connection time per pool, flush by flush.
// Invariant: at most `seriesMax` (owner, pool) pairs, and one "other" for everything beyond them; nothing added is
// lost. Bounds of buckets are exact to 1 %, because durations come in the store's finer buckets.
// Not here: rendering (../histogram-lines.ts, ../catalogue).

import { middleNs } from '../../../facts/histogram.js';
import type { PoolActivity } from '../../../facts/pool-minute.js';
import { TRANSACTION_BOUNDS_SECONDS } from './bounds.js';
import { cleanLabel, OTHER } from './labels.js';

/** The part of a flush that is added to a pool. */
export type PoolDelta = Readonly<
  Pick<
    PoolActivity,
    | 'activeMs'
    | 'idleMs'
    | 'idleInTransactionMs'
    | 'transactions'
    | 'transactionStatements'
    | 'transactionTotalMs'
    | 'transactionHistogram'
  >
>;

export interface PoolSeries {
  readonly labels: { readonly owner: string; readonly pool: string };
  /** Ended transactions per bucket of duration, not cumulative; the last bucket is beyond every bound. */
  readonly counts: Float64Array;
  sumNs: number;
  count: number;
  statements: number;
  /** Time that connections were open, by their state. */
  readonly milliseconds: { active: number; idle: number; idle_in_transaction: number };
}

const BOUNDS_NS = TRANSACTION_BOUNDS_SECONDS.map((seconds) => seconds * 1e9);

export class PoolTable {
  readonly #seriesMax: number;
  readonly #series = new Map<string, PoolSeries>();

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax;
  }

  all(): Iterable<PoolSeries> {
    return this.#series.values();
  }

  /** `labels.pool` is "other" for a pool beyond the maximum of pools. */
  add(labels: { owner: string; pool: string }, delta: PoolDelta): void {
    const series = this.#seriesOf(labels.pool === OTHER ? OTHER : cleanLabel(labels.owner), labels.pool);
    series.count += delta.transactions;
    series.sumNs += delta.transactionTotalMs * 1e6;
    series.statements += delta.transactionStatements;
    series.milliseconds.active += delta.activeMs;
    series.milliseconds.idle += delta.idleMs;
    series.milliseconds.idle_in_transaction += delta.idleInTransactionMs;
    for (const [index, count] of delta.transactionHistogram.buckets) {
      series.counts[boundOf(middleNs(index))] += count;
    }
  }

  #seriesOf(owner: string, pool: string): PoolSeries {
    const known = this.#series.get(`${owner}\0${pool}`);
    if (known !== undefined) return known;
    // A name that the user gave may be shared by many owners, so the maximum of pools does not bound the pairs.
    if (this.#series.size >= this.#seriesMax && pool !== OTHER) return this.#seriesOf(OTHER, OTHER);
    const series: PoolSeries = {
      labels: { owner, pool },
      counts: new Float64Array(BOUNDS_NS.length + 1),
      sumNs: 0,
      count: 0,
      statements: 0,
      milliseconds: { active: 0, idle: 0, idle_in_transaction: 0 },
    };
    this.#series.set(`${owner}\0${pool}`, series);
    return series;
  }
}

function boundOf(ns: number): number {
  let index = 0;
  while (index < BOUNDS_NS.length && ns > BOUNDS_NS[index]) index++;
  return index;
}
