// What the transactions and connections of each pool add up to, flush by flush.
// Invariant: at most `seriesMax` (owner, pool) pairs and one "other", where everything beyond them goes; what is added is never lost.
// A bucket's bound is kept within 1 %: durations come in the store's finer buckets. Not here: rendering (histogram-lines.ts, exporter.ts).

import { middleNs } from '../../facts/histogram.js';
import type { PoolActivity } from '../../facts/pool-minute.js';
import { OTHER, TRANSACTION_BOUNDS_SECONDS } from './catalogue.js';
import { cleanLabel } from './labels.js';

/** What of a flush is added to a pool. */
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
  /** Of transactions that ended, by duration: not cumulative, the last one is beyond every bound. */
  readonly counts: Float64Array;
  sumNs: number;
  count: number;
  statements: number;
  /** Time of open connections, by what they did in it. */
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

  /** `pool`: its label, which is "other" for a pool beyond the cap of pools. */
  add(of: { owner: string; pool: string }, delta: PoolDelta): void {
    const series = this.#of(of.pool === OTHER ? OTHER : cleanLabel(of.owner), of.pool);
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

  #of(owner: string, pool: string): PoolSeries {
    const known = this.#series.get(`${owner}\0${pool}`);
    if (known !== undefined) return known;
    // Several owners may share a name that the user gave.
    if (this.#series.size >= this.#seriesMax && pool !== OTHER) return this.#of(OTHER, OTHER);
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
