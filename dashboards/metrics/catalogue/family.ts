// One metric family: what is told of it, and how its values are read at a scrape.
// Invariant: reading changes no counter. Not here: the families (catalogue.ts), how a line is written
// (../exposition-format.ts).

import type { Identity } from '../../../facts/fleet/identity.js';
import { EXPORTED_FIELDS, RELAY_STATUS, type StatusFigure } from '../../../proxy/stream/relay-status.js';
import type { Exemplar } from '../state/duration-series.js';
import type { MetricsState } from '../state/metrics-state.js';

export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Durations counted in buckets; not cumulative, the last one is beyond every bound. */
export interface HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: ArrayLike<number>;
  readonly exemplars?: ReadonlyArray<Exemplar | undefined> | undefined;
  readonly sumNs: number;
  readonly count: number;
}

/** The use of resources by this process. */
export interface ProcessUse {
  loopLagNs(): number;
  cpuNs(): number;
  residentBytes(): number;
}

/** Everything that a family may read. */
export interface Readings {
  readonly state: MetricsState;
  /** When this rendering began, Unix ms: no value is older. */
  readonly begunMs: number;
  readonly observer: ProcessUse;
  /** Name of this process: `observer`, or `serve` where none observes. */
  readonly process: string;
  /** Of a store that is served without an observer. */
  readonly stored: () => StoredFigures | undefined;
  /** Summary of a statement; '' while it is not known. */
  readonly summaryOf: (fingerprint: string) => string;
  /** When a mark of each kind was set last, Unix ms. */
  readonly lastMarks: () => ReadonlyMap<string, number>;
  /** A count per kind and severity. */
  readonly findings: () => readonly FindingCount[];
}

/** Read from a store, for the metrics of `pgwitness serve`. */
export interface StoredFigures {
  /** Who stored, with the first and the last minute of each; Unix ms. */
  readonly instances: ReadonlyArray<Identity & { readonly firstMinuteMs: number; readonly lastMinuteMs: number }>;
  /** Of the last hour. */
  readonly sources: ReadonlyMap<string, SourceFigures>;
}

interface SourceFigures {
  readonly calls: number;
  readonly errors: number;
  readonly totalNs: number;
  readonly statements: number;
}

export interface FindingCount {
  readonly kind: string;
  readonly severity: string;
  /** Open and strong. */
  open: number;
  /** Of those first seen since the observer started. */
  newTotal: number;
}

interface Described {
  readonly name: string;
  /** One or two sentences; also the # HELP line. */
  readonly help: string;
  readonly labels: readonly string[];
  /** Base unit, '' for a plain count. */
  readonly unit: '' | 'seconds' | 'bytes';
}

export interface SampledFamily extends Described {
  readonly type: 'counter' | 'gauge';
  readonly samples: (readings: Readings) => Iterable<Sample>;
}

export interface HistogramFamily extends Described {
  readonly type: 'histogram';
  readonly boundsSeconds: readonly number[];
  readonly series: (readings: Readings) => Iterable<HistogramSeries>;
}

export type Family = SampledFamily | HistogramFamily;

/** Reads the figures of the relay's status that are declared for a family (proxy/stream/relay-status.ts). */
export function figures(family: string): (readings: Readings) => Sample[] {
  const fields = EXPORTED_FIELDS.filter((field) => RELAY_STATUS[field].metric.family === family);
  const labelled = fields.map((field) => {
    const { labels = {} }: NonNullable<StatusFigure['metric']> = RELAY_STATUS[field].metric;
    return { field, labels };
  });
  return ({ state: { relay } }) => {
    if (relay === undefined) return [];
    return labelled.map(({ field, labels }) => ({ value: relay[field], labels }));
  };
}

/** The one sample of a family without labels. */
export function one(value: number): Sample[] {
  return [{ value, labels: {} }];
}
