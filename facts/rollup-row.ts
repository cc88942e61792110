// The counts of one minute: of a statement, with adding an execution to them, and of requests,
// with single ones as examples.
// Invariant: a row only grows until it is stored and reset. Two rows with the same key merge by the rules of
// measures.ts, in any order. Not here: the source and pool of an execution (analyzer/attribution, analyzer/pools),
// which rows are open (analyzer/rollup/rollups.ts), storing rows (storage/).

import { type Measured, ValueSums } from './execution-values.js';
import { LogHistogram } from './histogram.js';
import type {
  RequestMeasureName,
  RequestPartMeasureName,
  RequestStatementMeasureName,
  StatementMeasureName,
  TagMeasureName,
} from './measures.js';
import type { Confidence, Verdict } from './verdict.js';

export type { Measured } from './execution-values.js';

/** Identifies a rollup row. Strings are those shown to people. */
export interface RollupKey {
  /** Start of the minute, in minutes since the Unix epoch. */
  minute: number;
  /** Pool id (`Pool.id`), or '(other)'. */
  pool: string;
  source: string;
  construct: string;
  /** 16 characters; see fingerprint/fingerprint.ts. */
  fingerprint: string;
}

/** One statement with one set of comment tags in one minute. */
export interface TagRollup extends Record<TagMeasureName, number> {
  /** In minutes since the Unix epoch. */
  minute: number;
  fingerprint: string;
  source: string;
  /** Canonical JSON object of the tag set, keys sorted; '(other)' beyond the cap. */
  tagSet: string;
  /** Of serviceNs, not batched only. */
  histogram: LogHistogram;
}

/** How a request was found: its tags or its short connection say it, or it was guessed from the traffic. */
export type Found = 'direct' | 'heuristic';

/**
 * By what a unit of work was told from the next. driver: between signs that the driver gives (a ping, ROLLBACK or a
 * reset on return). burst: between two gaps that are long for its pool.
 */
export type Boundary = 'tags' | 'connection' | 'driver' | 'transaction' | 'burst';

/**
 * Requests of one route (or job, or command) that began in one minute. A request is counted once, in the minute of its
 * first statement.
 */
export interface RequestRollup extends Record<RequestMeasureName, number> {
  /** Of the requests' first statements, in minutes since the Unix epoch. */
  minute: number;
  found: Found;
  /** Canonical JSON object of the dimensions without the caller; '' = untagged, '(other)' beyond the cap. */
  tagSet: string;
  /** Statements per request, of requests that ended. */
  statementHistogram: LogHistogram;
  /** Service time per request in ns, of requests that ended. */
  serviceHistogram: LogHistogram;
  /** By source and pool. */
  parts: Map<string, RequestPart>;
}

/** What one source sent through one pool in these requests, housekeeping included. */
export interface RequestPart extends Record<RequestPartMeasureName, number> {
  source: string;
  /** Pool id, or '(other)'. */
  pool: string;
}

/**
 * One statement within the requests of one minute that ran it. A request that does not run it adds zeros: their number
 * is the route's requests less these.
 */
export interface RequestStatementRollup extends Record<RequestStatementMeasureName, number> {
  minute: number;
  fingerprint: string;
  source: string;
  /** The whole tag set, caller included, of its first execution in the request; '' = none. */
  tagSet: string;
}

/** The slowest unit of a stretch of time, or one that was drawn at random among all of it. */
export type SampleKind = 'slowest' | 'random';

export interface SampledStatement {
  readonly fingerprint: string;
  /** After the unit's first statement was sent. */
  readonly startMs: number;
  readonly serviceMs: number;
  readonly rows: number;
  /** '' = it completed. */
  readonly sqlstate: string;
  readonly source: string;
  readonly construct: string;
  /** Pool id in the store; its name in answers. */
  readonly pool: string;
  /** Numbers the connections of the unit, from 1. */
  readonly connection: number;
  readonly caller: string;
}

/** What is kept of a unit of work as an example. */
export interface SampledUnit {
  readonly found: Found;
  readonly boundary: Boundary;
  /** Canonical JSON object of its dimensions without the caller; '' = untagged, '(other)' beyond the cap. */
  readonly tagSet: string;
  /** The id that its tags give; '' = none. */
  readonly request: string;
  /** Its first statement was sent, Unix ms. */
  readonly atMs: number;
  /** From there to the end of its last statement. */
  readonly durationMs: number;
  readonly serviceNs: number;
  /** Executions, housekeeping included. */
  readonly executions: number;
  /** In the order in which they started; a part of a long unit. */
  readonly statements: readonly SampledStatement[];
}

/** An example of its route. */
export interface UnitSample extends SampledUnit {
  readonly kind: SampleKind;
  /** Of units in one stretch of time the one with the highest is kept. */
  readonly rank: number;
}

export class RollupRow extends ValueSums implements Readonly<Record<StatementMeasureName, number>> {
  /** A row that was stored and reset may begin anew under another. */
  key: RollupKey;
  /** Calls by confidence, in the order of CONFIDENCES. Errors are not in them. */
  callsCertain = 0;
  callsStrong = 0;
  callsWeak = 0;
  callsNone = 0;
  batchedCalls = 0;
  errors = 0;
  /** SQLSTATE → count; undefined until the first error. */
  errorsBySqlstate: Map<string, number> | undefined = undefined;
  rows = 0;
  /** Requests of the application that ran it, where comments name them. */
  requests = 0;
  /** Not batched only; min is Infinity while there is none. */
  serviceMinNs = Number.POSITIVE_INFINITY;
  serviceMaxNs = 0;
  /** Of serviceNs, not batched only. */
  histogram = new LogHistogram();
  /** Wall clock, ms, of the executions in this row; 0 = none. */
  firstSeenMs = 0;
  lastSeenMs = 0;
  /** Of the last execution. */
  verdict: Verdict | undefined = undefined;

  constructor(key: RollupKey) {
    super();
    this.key = key;
  }

  /** Calls and errors. */
  get executions(): number {
    return this.calls + this.errors;
  }

  get calls(): number {
    return this.callsCertain + this.callsStrong + this.callsWeak + this.callsNone;
  }

  add(measured: Measured, verdict: Verdict): void {
    if (measured.sqlstate === '') {
      this.#addCall(verdict.confidence);
      if (measured.batched) this.batchedCalls++;
      this.rows += measured.rows;
    } else {
      this.errors++;
      this.errorsBySqlstate ??= new Map();
      this.errorsBySqlstate.set(measured.sqlstate, (this.errorsBySqlstate.get(measured.sqlstate) ?? 0) + 1);
    }
    if (measured.firstOfRequest) this.requests++;
    this.addValues(measured);
    if (!measured.batched) {
      if (measured.serviceNs < this.serviceMinNs) this.serviceMinNs = measured.serviceNs;
      if (measured.serviceNs > this.serviceMaxNs) this.serviceMaxNs = measured.serviceNs;
      this.histogram.add(measured.serviceNs);
    }
    if (this.firstSeenMs === 0) this.firstSeenMs = measured.completedAtMs;
    this.lastSeenMs = measured.completedAtMs;
    this.verdict = verdict;
  }

  /** Empties the row, which was stored, to count on. */
  reset(): void {
    this.callsCertain = this.callsStrong = this.callsWeak = this.callsNone = 0;
    this.batchedCalls = this.errors = this.rows = this.requests = 0;
    this.errorsBySqlstate = undefined;
    this.resetValues();
    this.serviceMinNs = Number.POSITIVE_INFINITY;
    this.serviceMaxNs = 0;
    this.histogram = new LogHistogram();
    this.firstSeenMs = this.lastSeenMs = 0;
    this.verdict = undefined;
  }

  #addCall(confidence: Confidence): void {
    switch (confidence) {
      case 'certain':
        this.callsCertain++;
        return;
      case 'strong':
        this.callsStrong++;
        return;
      case 'weak':
        this.callsWeak++;
        return;
      case 'none':
        this.callsNone++;
        return;
      default:
        confidence satisfies never;
    }
  }
}

/**
 * Hashes of ids of requests, and of their sessions, that are counted and may go on. Slot 0: those open at the last
 * flush; the others: those that ended, by flushes that take turns.
 */
export interface CountedSlot {
  readonly slot: number;
  readonly ids: readonly string[];
}
