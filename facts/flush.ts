// The parts of one flush, and of what is asked back after a restart.
// Invariant: the lastSequence of a relay is a part of the flush that has what its batches said. Not here: who takes it
// (storage/store.ts), SQL (storage/sqlite/), answers to people (reports/).

import type { FindingDelta } from './finding.js';
import type { FleetMeasureName } from './measures.js';
import type { PoolRow } from './pool.js';
import type { PoolMinute } from './pool-minute.js';
import type {
  CountedSlot,
  RequestRollup,
  RequestStatementRollup,
  RollupRow,
  TagRollup,
  UnitSample,
} from './rollup-row.js';
import type { Evidence } from './verdict.js';

/** A statement's normalised text; outlives its rollups. */
export interface CatalogueEntry {
  fingerprint: string;
  /** Normalised text, without literals. */
  query: string;
  /** OpenTelemetry's db.query.summary. */
  summary: string;
  /** First keyword in upper case: SELECT, INSERT, … */
  command: string;
  /** The key this text came from; another key with the same fingerprint is a variant (at most 20 kept). */
  keyHash: string;
  grammar: string;
}

/** Per (fingerprint, source): deltas since the last flush, and why it was attributed so. */
export interface StatementSourceDelta {
  fingerprint: string;
  source: string;
  construct: string;
  confidence: string;
  firstSeenMs: number;
  lastSeenMs: number;
  calls: number;
  errors: number;
  evidence: readonly Evidence[];
}

/** All pools together, per minute: what one pool would need against what is held. Maxima within the minute. */
export interface FleetMinute extends Record<FleetMeasureName, number> {
  /** In minutes since the Unix epoch. */
  minute: number;
}

/** State of an open session, from which a restarted observer goes on. It holds no SQL text. */
export interface OpenSessionState {
  relayId: string;
  sessionId: number;
  /** JSON. The store reads only those parts that read/query-sessions.ts names. */
  state: string;
}

/** An open session as the store gives it back. */
export interface StoredSession extends OpenSessionState {
  /** Time of the last flush that held its relay, Unix ms; 0 = not known. */
  storedMs: number;
}

export type ClosedSession = Pick<OpenSessionState, 'relayId' | 'sessionId'>;

export interface LossRow {
  /** Relay id, or the observer's own id for what it lost itself. */
  counterId: string;
  minute: number;
  reason: string;
  /** Cumulative for this counterId. */
  count: number;
}

/** Lost executions of one statement whose text was known. The LossRow of their minute and reason counts them too. */
export interface LostStatementRow {
  minute: number;
  reason: string;
  fingerprint: string;
  source: string;
  construct: string;
  /** Id. */
  pool: string;
  /** Normalised text. */
  query: string;
  summary: string;
  /** Since the last flush. */
  count: number;
}

/**
 * killed: a relay ended without a word, and what it had not sent is gone with it. unstored: counts that a disk did
 * not take were lost at the end of a process. damaged: the database was damaged or removed, and a new one begun.
 * refused: minutes could not be rolled up, so that longer windows lack them. clock_stepped: the system's clock was
 * set, so executions are counted in minutes in which they were not.
 */
export type GapReason = 'killed' | 'unstored' | 'damaged' | 'refused' | 'clock_stepped';

/** A stretch of time of which nobody can say how many executions there were: a window that touches it is not exact. */
export interface GapRow {
  fromMinute: number;
  /** The last minute that belongs to it. */
  untilMinute: number;
  reason: GapReason;
  /** Executions that are missing; undefined = nobody knows. */
  executions?: number;
}

/** A run of the observer, in minutes since the Unix epoch. */
export interface WatchedTime {
  readonly fromMinute: number;
  /** The last minute in which it flushed. */
  readonly untilMinute: number;
}

export interface BypassClient {
  readonly user: string;
  readonly applicationName: string;
  readonly connections: number;
}

/** Sessions of the server that did not come through pgwitness, at one moment of a minute. */
export interface BypassSample {
  readonly minute: number;
  /** null = it could not be told. */
  readonly connections: number | null;
  readonly clients: readonly BypassClient[];
  /** Why it could not be told; '' = it was. */
  readonly reason: string;
}

export interface RelayProgress {
  relayId: string;
  lastSequence: number;
  /** It ended in order, or its end is known: nothing of it is missing that is not counted. */
  ended: boolean;
}

export type MarkKind = 'manual' | 'ddl' | 'app-version';

/** A moment to compare around. */
export interface MarkRow {
  atMs: number;
  kind: MarkKind;
  name: string;
  /** Of the DDL statement; '' for other kinds. */
  fingerprint: string;
  source: string;
}

/** One slow execution, with what leads back to the request that ran it; never a literal of the statement. */
export interface SlowSampleRow {
  fingerprint: string;
  source: string;
  atMs: number;
  serviceNs: number;
  waitNs: number;
  rows: number;
  /** '' = it completed. */
  sqlstate: string;
  pool: string;
  /** Canonical JSON object, '' = none. */
  tagSet: string;
  traceId: string;
  requestId: string;
  /** 1 for the first statement of a transaction; 0 = outside of one. */
  transactionPosition: number;
}

/** A generic plan, or why there is none. */
export interface PlanRow {
  fingerprint: string;
  atMs: number;
  serverVersion: string;
  /** EXPLAIN's text; '' where there is a problem. */
  plan: string;
  problem: string;
}

/** A part of the configuration that reports need: its name, and its value as JSON. The newest one counts. */
export type SettingRow = readonly [name: string, json: string];

/** A free counter that status shows: its name and its total. */
export type CounterRow = readonly [name: string, value: number];

/** Everything one flush writes. Each part can be read more than once. */
export interface Flush {
  atMs: number;
  relays: Iterable<RelayProgress>;
  rollups: Iterable<RollupRow>;
  /** Deltas since the last flush. Pool minutes are too, but for their peaks: those are maxima within the minute. */
  tags: Iterable<TagRollup>;
  requests: Iterable<RequestRollup>;
  requestStatements: Iterable<RequestStatementRollup>;
  unitSamples: Iterable<UnitSample>;
  countedRequests: Iterable<CountedSlot>;
  findings: Iterable<FindingDelta>;
  catalogue: Iterable<CatalogueEntry>;
  statements: Iterable<StatementSourceDelta>;
  pools: Iterable<PoolRow>;
  poolMinutes: Iterable<PoolMinute>;
  fleetMinutes: Iterable<FleetMinute>;
  sessionsOpen: Iterable<OpenSessionState>;
  sessionsClosed: Iterable<ClosedSession>;
  losses: Iterable<LossRow>;
  lostStatements: Iterable<LostStatementRow>;
  gaps: Iterable<GapRow>;
  watched: Iterable<WatchedTime>;
  bypass: Iterable<BypassSample>;
  marks: Iterable<MarkRow>;
  samples: Iterable<SlowSampleRow>;
  plans: Iterable<PlanRow>;
  settings: Iterable<SettingRow>;
  counters: Iterable<CounterRow>;
}

/** A flush that writes nothing, to be filled. */
export function emptyFlush(atMs = 0): Flush {
  return {
    atMs,
    relays: [],
    rollups: [],
    tags: [],
    requests: [],
    requestStatements: [],
    unitSamples: [],
    countedRequests: [],
    findings: [],
    catalogue: [],
    statements: [],
    pools: [],
    poolMinutes: [],
    fleetMinutes: [],
    sessionsOpen: [],
    sessionsClosed: [],
    losses: [],
    lostStatements: [],
    gaps: [],
    watched: [],
    bypass: [],
    marks: [],
    samples: [],
    plans: [],
    settings: [],
    counters: [],
  };
}
