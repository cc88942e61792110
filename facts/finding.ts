// A finding: something that is wrong in how requests use the database.
// Invariant: no literal is in it; what can be added up stays addable (units, cost). Not here: the rules and words of
// each kind (analyzer/findings/), rows (storage/), their JSON (reports/forms/).

import type { Found, SampledUnit } from './rollup-row.js';

/** As config/values/finding-kinds.ts lists them for people. */
export type FindingKind =
  | 'n-plus-one'
  | 'repeated-pattern'
  | 'duplicate'
  | 'writes-in-loop'
  | 'boundary-read'
  | 'boundary-write'
  | 'boundary-lost-rollback'
  | 'boundary-lock'
  | 'idle-in-transaction'
  | 'long-transaction'
  | 'schema-drift'
  | 'retries'
  | 'unbounded-result'
  | 'forbidden-write'
  | 'forbidden-source'
  | 'always-fails'
  | 'select-star'
  | 'connection-per-request'
  | 'read-only-transaction'
  | 'rollback-on-return'
  | 'errors-rise'
  | 'slower-than-itself'
  | 'pool-overheld'
  | 'seq-scan';

export type FindingRole = 'repeated' | 'caused-by' | 'inside' | 'beside';
export type FindingConfidence = 'strong' | 'weak';

export interface FindingStatement {
  readonly fingerprint: string;
  readonly source: string;
  readonly role: FindingRole;
}

/** What one unit shows. */
export interface Occurrence {
  readonly kind: FindingKind;
  readonly confidence: FindingConfidence;
  /** The statements that it is about; the first names it. */
  readonly statements: readonly FindingStatement[];
  /** Pool ids. */
  readonly pools: readonly string[];
  /** Repetitions, or statements concerned. */
  readonly times: number;
  /** Time in the database, or time idle, that would be saved. */
  readonly costNs: number;
  /** Caller of the first statement that it is about; '' = unknown. */
  readonly caller: string;
}

/** All occurrences of one finding since the last flush. */
export interface FindingDelta {
  /** Of kind, statements, pools and route: the same on every machine. */
  readonly id: string;
  readonly kind: FindingKind;
  /** Of the last occurrence; strong once it was strong. */
  confidence: FindingConfidence;
  found: Found;
  /** Route, job or command; '' = untagged. */
  readonly route: string;
  readonly statements: readonly FindingStatement[];
  readonly pools: readonly string[];
  callers: readonly string[];
  units: number;
  times: number;
  timesMax: number;
  costNs: number;
  firstMs: number;
  lastMs: number;
  /** A unit that shows it; undefined = the store has one, or no single unit does. */
  sample: SampledUnit | undefined;
}

/** A finding as the store gives it back, its example aside. */
export type StoredFinding = Omit<FindingDelta, 'sample'>;

/** A unit that shows a finding. Pools are names. */
export interface FindingSample {
  readonly unit: SampledUnit;
  /** Normalised texts by fingerprint. */
  readonly queries: ReadonlyMap<string, string>;
}

/** A finding that the config file accepts. All that is given must fit. */
export interface AcceptedFinding {
  /** First digits of the id. */
  readonly id?: string;
  readonly kind?: FindingKind;
  /** Whole, or with `*` at its ends. */
  readonly route?: string;
  readonly table?: string;
  readonly reason: string;
  /** Day (ISO 8601) from which it is found again. */
  readonly until?: string;
}

export type FindingState = 'candidate' | 'open' | 'quiet' | 'closed' | 'accepted';
/** The severest first. */
export const SEVERITIES = ['high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What its words are made of. */
export interface FindingTold {
  readonly kind: FindingKind;
  readonly units: number;
  readonly timesMean: number;
  readonly timesMax: number;
  /** Names of pools. */
  readonly pools: readonly string[];
  readonly statements: ReadonlyArray<FindingStatement & { readonly query: string; readonly summary: string }>;
}

export interface FindingWords {
  readonly title: string;
  /** Two sentences: what happens, and why it costs. */
  readonly explanation: string;
  readonly nextStep: string;
}

export interface FindingFacts extends FindingTold, FindingWords {
  readonly id: string;
  readonly severity: Severity;
  readonly confidence: FindingConfidence;
  readonly unit: Found;
  readonly state: FindingState;
  /** Why it is accepted; '' = it is not. */
  readonly acceptedReason: string;
  /** First seen after the last mark. */
  readonly isNew: boolean;
  readonly routes: readonly string[];
  readonly callers: readonly string[];
  readonly tables: readonly string[];
  readonly sources: readonly string[];
  readonly costMsPerDay: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}
