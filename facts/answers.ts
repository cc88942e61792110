// Types of the answers that reports give.
// Invariant: what can be merged is kept mergeable (sums, maxima, histograms); percentiles are computed last.
// Not here: how an answer is found (reports/), its JSON (reports/forms/), SQL.

import type { LogHistogram } from './histogram.js';
import type { FleetMeasureName, StatementMeasureName } from './measures.js';
import type { PoolActivity } from './pool-minute.js';
import type { Evidence } from './verdict.js';

/** [sinceMs, untilMs), already snapped outward to buckets; both in Unix ms. */
export interface Window {
  sinceMs: number;
  untilMs: number;
}

export interface StatementFilter {
  source?: string;
  handwritten?: boolean;
  construct?: string;
  /** Name or id. */
  pool?: string;
  /** Words that the text must have, all of them; case does not matter. */
  find?: readonly string[];
  /** A table of the summary; `*` stands for anything. */
  table?: string;
  /** key=value pairs, all of which must match; `*` in a value stands for anything. */
  tags?: ReadonlyArray<readonly [key: string, value: string]>;
  fingerprint?: string;
  /** First characters of fingerprints. */
  prefix?: string;
}

/** Which executions of one statement. */
export type ExecutionFilter = Omit<StatementFilter, 'fingerprint' | 'prefix'>;

/** One (fingerprint, source), over a window, mergeable. */
export interface StatementFacts extends Record<StatementMeasureName, number> {
  fingerprint: string;
  source: string;
  query: string;
  summary: string;
  /** Calls and errors by construct and by confidence. */
  byConstruct: Map<string, number>;
  byConfidence: Map<string, number>;
  errorsBySqlstate: Map<string, number>;
  /** Of service times in ns, not batched only. */
  histogram: LogHistogram;
  firstSeenMs: number;
  lastSeenMs: number;
  /** Pool names. */
  pools: Set<string>;
  tags: Map<string, Set<string>>;
  evidence: readonly Evidence[];
  variants: string[];
}

export interface Observed {
  /** Executions counted (calls + errors). */
  executions: number;
  notObserved: number;
  notObservedByReason: Map<string, number>;
  unknown: number;
  exact: boolean;
}

/** All statements of a source that fit a filter, those that a report leaves out included. */
export interface SourceSums {
  /** Distinct fingerprints. */
  statements: number;
  executions: number;
  serviceTotalNs: number;
}

export interface StatementsReport {
  window: Window;
  observed: Observed;
  statements: StatementFacts[];
  /** By source. */
  sums: Map<string, SourceSums>;
}

/** What one instance has of a pool: sidecars are pooled by nobody, so each has connections of its own. */
export interface PoolInstance {
  /** As in Identity (facts/fleet). */
  readonly service: string;
  readonly environment: string;
  readonly instance: string;
  readonly connectionsNow: number;
  readonly connectionsMax: number;
  readonly busyMax: number;
  readonly executions: number;
}

export interface PoolFacts extends PoolActivity {
  id: string;
  name: string;
  owner: string;
  user: string;
  database: string;
  applicationName: string;
  options: string;
  clientNetwork: string;
  clientAddress: string;
  serverVersion: string;
  driver: string;
  connectionsNow: number;
  executions: number;
  /** Executions by source. */
  sources: Map<string, number>;
  /** By service, environment and instance; none where nobody said who observed. */
  instances: PoolInstance[];
  habits: string[];
  evidence: readonly Evidence[];
  firstSeenMs: number;
  lastSeenMs: number;
}

/** Peaks are over all pools at once. */
export interface PoolsReport extends Record<FleetMeasureName, number> {
  window: Window;
  pools: PoolFacts[];
}

/** One execution, as `pgwitness tail` shows it. No literal is in it. */
export interface ExecutionFacts {
  readonly atMs: number;
  /** Tells sessions of one observer apart. */
  readonly session: string;
  readonly pool: string;
  readonly source: string;
  readonly construct: string;
  readonly fingerprint: string;
  readonly serviceNs: number;
  readonly rows: number;
  /** '' = it completed. */
  readonly sqlstate: string;
  /** 1 for the first statement of a transaction; 0 = outside of one. */
  readonly transactionPosition: number;
  /** Canonical JSON object of its dimensions; '' = none. */
  readonly tagSet: string;
  /** What names the request of the application; '' = nothing does. */
  readonly request: string;
  /** Its unit of work, by a number of this observer; '' = another observer took it. */
  readonly unit: string;
  /** By what that unit is told from the next (Boundary of facts/work/unit.ts); '' = no unit. */
  readonly boundary: string;
}

export interface TailBatch {
  /** To ask from next time. */
  readonly sequence: number;
  /** Executions between the last batch and this one that were no longer kept. */
  readonly missed: number;
  readonly executions: readonly ExecutionFacts[];
  /** Normalised texts, by fingerprint, that the store does not have yet. */
  readonly texts: ReadonlyMap<string, string>;
}
