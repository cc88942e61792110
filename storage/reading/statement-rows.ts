// Rows that reports are given of statements, and what they are asked by.
// Invariant: sums add up over segments; an id is good for the StoredFacts that gave it.
// Not here: putting answers together (series-to-facts.ts, reports/statements.ts).

import type { SourceSums, StatementFilter } from '../../facts/answers.js';
import type {
  CALLS_BY_CONFIDENCE,
  PointMeasureName,
  STATEMENT_MEASURES,
  StatementMeasureName,
  TagMeasureName,
} from '../../facts/measures.js';
import type { StatementSort } from '../../facts/statement-order.js';
import type { Segment } from './levels.js';

export interface StatementKey {
  fingerprint: string;
  source: string;
}

/** A filter, and of what passes it only these statements. */
export interface SeriesFilter extends StatementFilter {
  fingerprints?: readonly string[];
}

export interface StatementText {
  fingerprint: string;
  query: string;
  summary: string;
}

export interface StatementVariant {
  fingerprint: string;
  query: string;
}

/** One (fingerprint, source, construct); evidence is JSON. */
export interface StatementVerdict {
  fingerprint: string;
  source: string;
  construct: string;
  confidence: string;
  firstSeenMs: number;
  lastSeenMs: number;
  executions: number;
  evidence: string;
}

/** What is known of statements beside their counts. */
export interface DescribedStatements {
  texts: StatementText[];
  /** By fingerprint and text. */
  variants: StatementVariant[];
  /** Those of most executions first. */
  verdicts: StatementVerdict[];
  /** By pool id. */
  poolNames: ReadonlyMap<string, string>;
}

/** Measures as SQL gives them: a minimum of nothing is null. */
type SqlSums<Name extends StatementMeasureName> = {
  [Each in Name]: (typeof STATEMENT_MEASURES)[Each]['merge'] extends 'min' ? number | null : number;
};

type ConfidenceField = (typeof CALLS_BY_CONFIDENCE)[keyof typeof CALLS_BY_CONFIDENCE];

/** A series over one segment. */
export interface SeriesSums extends SqlSums<StatementMeasureName>, Record<ConfidenceField, number> {
  seriesId: number;
  fingerprint: string;
  source: string;
  construct: string;
  poolId: string;
}

/** By a service, an environment or an instance, which is `value`. */
export interface IdentitySums {
  readonly sums: ReadonlyArray<Omit<TagSums, 'tagSeriesId' | 'tagSet'> & { value: string }>;
  readonly histograms: ReadonlyArray<{ value: string; histogram: Uint8Array }>;
}

/** A tag set of a statement over one segment. */
export interface TagSums extends SqlSums<TagMeasureName> {
  tagSeriesId: number;
  fingerprint: string;
  source: string;
  tagSet: string;
}

export interface HistogramsWanted {
  segments: readonly Segment[];
  /** series_id or tag_series_id; undefined = of all. */
  ids: readonly number[] | undefined;
  /** What is known of the ids: they are of these statements alone. */
  fingerprint?: string;
  fingerprints?: readonly string[];
}

export interface EncodedHistogram {
  /** series_id or tag_series_id. */
  id: number;
  /** As LogHistogram encodes it. */
  histogram: Uint8Array;
}

export interface ErrorSums {
  seriesId: number;
  sqlstate: string;
  errors: number;
}

export interface SourceExecutions {
  source: string;
  executions: number;
}

/** Executions of a source in one point; `at` is its first minute. */
export interface SourcePoint {
  at: number;
  source: string;
  calls: number;
  errors: number;
  totalNs: number;
}

/** Distinct statements of a source in one point. */
export interface DistinctPoint {
  at: number;
  source: string;
  statements: number;
}

/** One rollup row of a statement. */
export interface StatementPoint extends Record<PointMeasureName, number> {
  at: number;
  histogram: Uint8Array;
}

/** The service time of one statement, or of a part of it, at a point. */
export interface TotalPoint extends StatementKey {
  at: number;
  totalNs: number;
}

export interface RankedStatement extends StatementKey {
  /** What it is ranked by; for p95 and p99 an upper bound, in ns. */
  value: number;
  /** Of the executions that ran alone, ns; only when ranked by a percentile. */
  minNs: number | null;
  maxNs: number;
  /** Calls that ran alone, so so many at least are timed; only when ranked by a percentile, with lifetime rows. */
  timed?: number;
}

/** The order is that of facts/statement-order.ts, ties included; the sums are of every statement that fits. */
export interface Ranking {
  ranked: RankedStatement[];
  sums: Map<string, SourceSums>;
}

/** Orders that are ranked here; requests are in no index. */
export type RankedSort = Exclude<StatementSort, 'per-request'>;

export interface RankingQuestion {
  filter: StatementFilter;
  sort: RankedSort;
  /** 0 = all. */
  limit: number;
  /** Sources that are in the sums but not ranked. */
  hidden: ReadonlySet<string>;
  /** Statements with a smaller mean are left out of everything; 0 = none. */
  meanNsMin: number;
}
