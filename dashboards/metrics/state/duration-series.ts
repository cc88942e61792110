// Counts durations by source, pool, command and outcome, with a few additions per execution.
// Invariant: at most `seriesMax` series, and one more per (source, outcome) for everything beyond them.
// Not here: rendering (../histogram-lines.ts).

import { DURATION_BOUNDS_SECONDS } from './bounds.js';
import { OTHER } from './labels.js';

export type DurationLabels = Readonly<Record<'source' | 'pool' | 'command', string>> & {
  readonly outcome: 'ok' | 'error';
};

/** One traced execution of a bucket. */
export interface Exemplar {
  /** Letters, digits and dashes alone. */
  readonly traceId: string;
  readonly serviceNs: number;
  /** Unix ms of completion. */
  readonly atMs: number;
}

export interface DurationSeries {
  readonly labels: DurationLabels;
  /** Executions per bucket, not cumulative; the last bucket is beyond every bound. */
  readonly counts: Float64Array;
  /** The last one per bucket; undefined until an execution has a trace. */
  exemplars: Array<Exemplar | undefined> | undefined;
  sumNs: number;
  count: number;
}

export interface Durations {
  readonly calls: number;
  /** Of each call. */
  readonly serviceNs: number;
  /** '' = unknown. */
  readonly traceId: string;
  readonly atMs: number;
}

/** A trace id comes from the client's comment, so only a plain identifier becomes a label. */
const TRACE_ID = /^[0-9A-Za-z-]{8,64}$/;
const BOUNDS_NS = DURATION_BOUNDS_SECONDS.map((seconds) => seconds * 1e9);

type ByOutcome = { ok?: DurationSeries; error?: DurationSeries };

export class DurationTable {
  readonly all: DurationSeries[] = [];
  readonly #seriesMax: number;
  readonly #tree = new Map<string, Map<string, Map<string, ByOutcome>>>();
  #kept = 0;

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax;
  }

  /** Adds `calls` durations of `serviceNs` each. False when they went to "other" because there was no series left. */
  add(labels: DurationLabels, { calls, serviceNs, traceId, atMs }: Durations): boolean {
    let series = this.#tree.get(labels.source)?.get(labels.pool)?.get(labels.command)?.[labels.outcome];
    let kept = true;
    if (series === undefined) {
      kept = this.#kept < this.#seriesMax;
      if (kept) {
        this.#kept++;
        series = this.#make(labels);
      } else {
        series = this.#make({ source: labels.source, pool: OTHER, command: OTHER, outcome: labels.outcome });
      }
    }
    const bucket = bucketIndex(serviceNs);
    series.counts[bucket] += calls;
    if (traceId !== '' && TRACE_ID.test(traceId)) {
      series.exemplars ??= [];
      series.exemplars[bucket] = { traceId, serviceNs, atMs };
    }
    series.sumNs += calls * serviceNs;
    series.count += calls;
    return kept;
  }

  /** The series of these labels, made if it is missing. */
  #make({ source, pool, command, outcome }: DurationLabels): DurationSeries {
    const pools = childOf(this.#tree, source, () => new Map());
    const commands = childOf(pools, pool, () => new Map());
    const outcomes = childOf(commands, command, (): ByOutcome => ({}));
    const existing = outcomes[outcome];
    if (existing !== undefined) return existing;
    const labels = { source, pool, command, outcome };
    const made: DurationSeries = {
      labels,
      counts: new Float64Array(BOUNDS_NS.length + 1),
      exemplars: undefined,
      sumNs: 0,
      count: 0,
    };
    outcomes[outcome] = made;
    this.all.push(made);
    return made;
  }
}

function bucketIndex(ns: number): number {
  let index = 0;
  while (index < BOUNDS_NS.length && ns > BOUNDS_NS[index]) index++;
  return index;
}

function childOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let child = map.get(key);
  if (child === undefined) {
    child = make();
    map.set(key, child);
  }
  return child;
}
