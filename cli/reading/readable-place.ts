// A place that reports are read from, as the questions that it answers.
// Invariant: an answer has the same shape and the same percentiles wherever it is read.
// Not here: the places (place.ts, merged-place.ts).

import type { ExecutionFilter, PoolsReport, StatementsReport, Window } from '../../facts/answers.js';
import type { FindingSample } from '../../facts/finding.js';
import type { IdentityFilter } from '../../facts/fleet/identity.js';
import type { StoredShipping } from '../../facts/fleet/shipping-status.js';
import type { MarkRow } from '../../facts/flush.js';
import type { RouteDetails, RoutesReport } from '../../facts/work/routes.js';
import type { FindingsReport } from '../../reports/findings.js';
import type { GroupsReport } from '../../reports/groups/groups.js';
import type { SeenValues } from '../../reports/groups/seen.js';
import type { StatementsQuery, TimeRange } from '../../reports/questions/grammar.js';
import type { GroupsQuery } from '../../reports/questions/groups-query.js';
import type { RequestsReport } from '../../reports/requests.js';
import type { SamplesReport } from '../../reports/samples.js';
import type { OpenSession } from '../../reports/sessions.js';
import type { Sketch } from '../../reports/sketches.js';
import type { TimelineReport } from '../../reports/timeline.js';
import type { WatchedReport } from '../../reports/watched/watched.js';

export interface Place {
  /** Directory or address, for people. */
  readonly name: string;
  statements(query: StatementsQuery): Promise<StatementsReport>;
  /** A row per source of the statement; no row if the statement is unknown. */
  statement(fingerprint: string, range: TimeRange): Promise<StatementsReport>;
  groups(query: GroupsQuery): Promise<GroupsReport>;
  /** Values that filters can have. */
  seen(): Promise<SeenValues>;
  pools(range: TimeRange): Promise<PoolsReport>;
  routes(range: TimeRange): Promise<RoutesReport>;
  /** By its name as `routes` prints it; undefined where no request of it is in this window. */
  route(name: string, range: TimeRange): Promise<RouteDetails | undefined>;
  /** `about`: only those that have one of these statements are wanted; a running sidecar answers all of them. */
  findings(range: TimeRange, about?: ReadonlySet<string>): Promise<FindingsReport>;
  /** A unit that shows it, by its whole id; undefined where none is kept. */
  findingSample(id: string): Promise<FindingSample | undefined>;
  /** How complete a window is. */
  watched(range: TimeRange): Promise<WatchedReport>;
  /** Sessions that are open now. */
  sessions(): Promise<OpenSession[]>;
  timeline(query: TimelineAsked): Promise<TimelineReport>;
  /** In the order of the statements. */
  sketches(asked: SketchesAsked): Promise<Sketch[]>;
  /** Oldest first. */
  marks(range: TimeRange): Promise<MarkRow[]>;
  requests(question: RequestsAsked): Promise<RequestsReport>;
  /** Slow samples and plan of one statement. */
  samples(fingerprint: string): Promise<SamplesReport>;
  /** From the first to the last minute with anything in it; undefined while there is none. */
  recorded(): Promise<Window | undefined>;
  /** How it is shipped to the store of a fleet: one for each directory that is. */
  shipping(): Promise<StoredShipping[]>;
  /** The same place, as far as it is of these. Closing one of both closes both. */
  within(filter: IdentityFilter): Place;
  close(): void;
}

export interface TimelineAsked extends ExecutionFilter {
  readonly fingerprint: string;
  readonly range: TimeRange;
}

export interface SketchesAsked extends ExecutionFilter {
  readonly statements: ReadonlyArray<{ readonly fingerprint: string; readonly source: string }>;
  readonly range: TimeRange;
  /** About this number of points. A running sidecar may answer with more. */
  readonly pointsMax: number;
}

/** Requests with all of these tags, by the values of another. */
export interface RequestsAsked {
  readonly range: TimeRange;
  readonly tags: ReadonlyArray<readonly [key: string, value: string]>;
  readonly by?: string;
}
