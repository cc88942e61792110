// All that reports ask of a store, whatever keeps it, and the door through which they ask.
// Invariant: what one StoredFacts answers is of one moment; sums add up over the rows that a question gives, peaks are
// maxima, histograms merge. Not here: SQL (sqlite/read/), choosing segments (levels.ts), putting answers together
// (reports/).

import type { ExecutionFilter } from '../../facts/answers.js';
import type { AcceptedFinding, StoredFinding } from '../../facts/finding.js';
import type { Identity, IdentityFilter, IdentityName } from '../../facts/fleet/identity.js';
import type { StoredShipping } from '../../facts/fleet/shipping-status.js';
import type { BypassSample, GapRow, MarkRow, PlanRow, SlowSampleRow } from '../../facts/flush.js';
import type { SampledUnit, UnitSample } from '../../facts/rollup-row.js';
import type { FoldState, MinuteRange, Segment } from './levels.js';
import type { InstanceRuns, LossSum, LostStatement, SeenNames, StoreState } from './other-rows.js';
import type {
  FleetPeaks,
  FleetPoint,
  OpenSessionRow,
  PoolInstanceRow,
  PoolPoint,
  PoolRecord,
  PoolSourceSums,
  PoolSums,
} from './pool-rows.js';
import type {
  RequestHistograms,
  RequestPartSums,
  RequestSeriesSums,
  RequestStatementSums,
  Tags,
} from './request-rows.js';
import type {
  DescribedStatements,
  DistinctPoint,
  EncodedHistogram,
  ErrorSums,
  HistogramsWanted,
  IdentitySums,
  Ranking,
  RankingQuestion,
  SeriesFilter,
  SeriesSums,
  SourceExecutions,
  SourcePoint,
  StatementKey,
  StatementPoint,
  StatementText,
  TagSums,
  TotalPoint,
} from './statement-rows.js';
import type { Timeline } from './timeline-levels.js';

/** A store that is open for reading. */
export interface StoreReader {
  /** Where the store is, for people: an absolute directory, or an address without credentials. */
  readonly place: string;
  /** Unix ms since when the writer could not store, or undefined while it can. */
  readonly unstoredSinceMs: number | undefined;
  /** Runs `work` on one moment of the store. Throws StoreError. */
  read<T>(work: (stored: StoredFacts) => T): T;
  /** Sizes on disk, of the database and of its log. */
  sizes(): { databaseBytes: number; logBytes: number };
  /** How far it is shipped to the store of a fleet; undefined where it is not. Throws StoreError. */
  shipping(): StoredShipping | undefined;
  /** The same store, as far as it is of these. Closing one of both closes both. Throws StoreError. */
  within(filter: IdentityFilter): StoreReader;
  close(): void;
}

/** The segments that questions take are of this store's foldState(). All throw StoreError. */
export interface StoredFacts {
  /**
   * Where each question is a way to another machine: what `work` asks, and is asked again later, comes along with the
   * next answer. `work` itself sees no rows.
   */
  ahead?(work: () => void): void;
  foldState(): FoldState;
  /** A window that has everything is read from lifetime rows, which only go on where days are dropped. */
  readonly hasLifetimeRows: boolean;

  /** Columns: fingerprint, query, summary. Without an order; those that are not known are left out. */
  textsOf(fingerprints: readonly string[]): StatementText[];
  describe(fingerprints: readonly string[]): DescribedStatements;
  /** Calls and errors of all time and sources, by fingerprint. */
  recordsOf(fingerprints: readonly string[]): Map<string, { calls: number; errors: number }>;
  /** By id. */
  poolNames(): Map<string, string>;
  seenNames(): SeenNames;

  /** One row per series and segment. Tags of the filter are ignored. */
  seriesSums(segments: readonly Segment[], filter: SeriesFilter): SeriesSums[];
  tagSums(segments: readonly Segment[], filter: SeriesFilter): TagSums[];
  /** The series of these statements, as far as the filter goes; its tags are ignored. Others may be among them. */
  seriesIds(statements: readonly StatementKey[], filter: SeriesFilter): Array<StatementKey & { id: number }>;
  /** Of these statements those that ran in another pool too. Tag sets do not say in which. */
  alsoElsewhere(asked: { pool: string; fingerprints: readonly string[] }): StatementKey[];
  /** In no order; nothing else may be asked until the last one is taken. */
  histogramsOf(table: 'rollup' | 'tag_rollup', wanted: HistogramsWanted): Iterable<EncodedHistogram>;
  errorSums(segments: readonly Segment[], filter: SeriesFilter): ErrorSums[];
  /** Calls and errors by source, every statement included. */
  sourceExecutions(segments: readonly Segment[]): SourceExecutions[];
  rankStatements(segments: readonly Segment[], question: RankingQuestion): Ranking;
  /** Left out by a store of one sidecar. Tags of the filter are ignored. */
  identitySums?(
    segments: readonly Segment[],
    asked: { by: IdentityName; filter: SeriesFilter; hidden: ReadonlySet<string> },
  ): IdentitySums;

  sourcePoints(timeline: Timeline): SourcePoint[];
  distinctPoints(timeline: Timeline): DistinctPoint[];
  /** Distinct statements by source over all of the segments. */
  distinctStatements(segments: readonly Segment[]): Array<Omit<DistinctPoint, 'at'>>;
  /** Rows of one statement, as far as the filter goes; with tags those of its tag sets. */
  statementPoints(timeline: Timeline, filter: ExecutionFilter & { fingerprint: string }): Iterable<StatementPoint>;
  /** Likewise of several statements, at least one; the filter's own source is ignored. In no order. */
  totalPoints(
    timeline: Timeline,
    asked: ExecutionFilter & { statements: readonly StatementKey[] },
  ): Iterable<TotalPoint>;

  /** By name. */
  poolRecords(): PoolRecord[];
  poolSums(segments: readonly Segment[]): PoolSums[];
  transactionHistograms(segments: readonly Segment[]): Array<{ poolId: string; histogram: Uint8Array }>;
  poolSourceSums(segments: readonly Segment[]): PoolSourceSums[];
  /** Each pool at each instance, by pool and identity. Undefined where the store is of one sidecar. */
  poolInstances?(segments: readonly Segment[]): PoolInstanceRow[];
  fleetPeaks(segments: readonly Segment[]): FleetPeaks[];
  poolPoints(timeline: Timeline): PoolPoint[];
  fleetPoints(timeline: Timeline): FleetPoint[];
  /** Authenticated ones, oldest first. */
  openSessions(): OpenSessionRow[];

  requestSums(segments: readonly Segment[], tags: Tags): RequestSeriesSums[];
  requestStatementSums(segments: readonly Segment[], tags: Tags): RequestStatementSums[];
  requestPartSums(segments: readonly Segment[]): RequestPartSums[];
  /** In no order; nothing else may be asked until the last one is taken. */
  requestHistograms(segments: readonly Segment[]): Iterable<RequestHistograms>;
  /** `minutes` null = all that are kept; `isWanted`: by tag set. Pools are ids. In no order. */
  unitSamplesIn(asked: { minutes: MinuteRange | null; isWanted(tagSet: string): boolean }): UnitSample[];

  /** Those seen in [sinceMs, untilMs), the newest first; their counts are of all time. */
  findingsIn(window: { sinceMs: number; untilMs: number }, newestMax?: number): StoredFinding[];
  /** Its pools are ids; undefined = none is kept. */
  sampleOfFinding(id: string): SampledUnit | undefined;
  acceptedFindings(): AcceptedFinding[];
  /** Slowest first; `pool` is the pool's name. */
  samplesOf(fingerprint: string): SlowSampleRow[];
  planOf(fingerprint: string): PlanRow | undefined;

  /** Those in [sinceMs, untilMs), oldest first. */
  marksIn(window: { sinceMs: number; untilMs: number }): MarkRow[];
  /** When the last mark of this name was set, in Unix ms. */
  markNamed(name: string): number | undefined;
  /** When the last mark of each kind was set. */
  latestMarks(): Array<{ kind: string; atMs: number }>;

  /** Lost in the minutes [since, until), by reason. */
  lossSums(minutes: MinuteRange): LossSum[];
  /** Of the minutes [since, until); of `partly`, where it is one of them, a part is before the window. */
  lostStatementsIn(asked: MinuteRange & { partly: number | undefined }): LostStatement[];
  /** Gaps that touch the minutes [since, until). */
  gapsIn(minutes: MinuteRange): GapRow[];
  /** Of every instance, with its runs that touch the minutes [since, until). */
  instanceRuns(minutes: MinuteRange): InstanceRuns[];
  /** Of the minutes [since, until), in order. */
  bypassSamples(minutes: MinuteRange): BypassSample[];
  /** Unix ms of the last flush that had a relay, of which everything can be read; null while there was none. */
  lastFlushMs(): number | null;
  state(): StoreState;
  /** Those who observed what is stored; none where nobody said so. */
  identities(): Identity[];
}
