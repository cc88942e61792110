// Opens the place that reports are read from: a data directory, a running sidecar, or several.
// Invariant: an answer has the same shape and the same percentiles wherever it is read; histograms are merged, never
// averaged.
// Not here: flags (read-flags.ts), printing (cli/views).

import type { ExecutionFilter, PoolsReport, StatementsReport, Window } from '../../facts/answers.js';
import type { FindingSample } from '../../facts/finding.js';
import type { MarkRow } from '../../facts/flush.js';
import { sumsBySource } from '../../facts/statement-facts.js';
import { ordered } from '../../facts/statement-order.js';
import type { RouteDetails, RoutesReport } from '../../facts/work/routes.js';
import { type FindingsReport, mergeFindings, reportFindings } from '../../reports/findings.js';
import { findingSampleFromJson, findingsFromJson } from '../../reports/forms/findings-json.js';
import { marksFromJson } from '../../reports/forms/marks-json.js';
import { mergePools, mergeStatements } from '../../reports/forms/merge.js';
import { poolsFromJson } from '../../reports/forms/pools-json.js';
import { mergeRequests, requestsFromJson } from '../../reports/forms/requests-json.js';
import { routeDetailsFromJson } from '../../reports/forms/route-details-json.js';
import { routesFromJson } from '../../reports/forms/routes-json.js';
import { samplesFromJson } from '../../reports/forms/samples-json.js';
import { decodeStatementsReport } from '../../reports/forms/statements-codec.js';
import { recordedFromJson } from '../../reports/forms/status-json.js';
import { decodeTimeline, mergeTimelines } from '../../reports/forms/timeline-codec.js';
import { type GroupsReport, reportGroups } from '../../reports/groups/groups.js';
import { decodeGroups, mergeGroups } from '../../reports/groups/groups-codec.js';
import { mergeSeen, reportSeen, type SeenValues, seenFromJson } from '../../reports/groups/seen.js';
import { reportMarks } from '../../reports/marks.js';
import { reportPools } from '../../reports/pools.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import {
  type StatementsQuery,
  type TimeRange,
  writeRequestsQuery,
  writeStatementQuery,
  writeStatementsQuery,
  writeTimelineQuery,
  writeTimeRange,
} from '../../reports/questions/grammar.js';
import { type GroupsQuery, writeGroupsQuery } from '../../reports/questions/groups-query.js';
import { type RequestsReport, reportRequests } from '../../reports/requests.js';
import { mergeRoutes, reportRoutes } from '../../reports/routes.js';
import { mergeSamples, reportSamples, type SamplesReport } from '../../reports/samples.js';
import { type OpenSession, reportSessions } from '../../reports/sessions.js';
import { reportStatements } from '../../reports/statements.js';
import { recordedWindow, reportStatus } from '../../reports/status.js';
import { reportTimeline, type TimelineReport } from '../../reports/timeline.js';
import { mergeFindingSamples, reportFindingSample } from '../../reports/units/finding-sample.js';
import { mergeWatched, reportWatched, type WatchedReport } from '../../reports/watched/watched.js';
import { watchedFromJson } from '../../reports/watched/watched-json.js';
import { mergeRouteDetails, reportRoute } from '../../reports/work/route-details.js';
import { sessionsFromJson } from '../../reports/work/sessions-json.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { askJson } from './ask-json.js';

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
  findings(range: TimeRange): Promise<FindingsReport>;
  /** A unit that shows it, by its whole id; undefined where none is kept. */
  findingSample(id: string): Promise<FindingSample | undefined>;
  /** How complete a window is. */
  watched(range: TimeRange): Promise<WatchedReport>;
  /** Sessions that are open now. */
  sessions(): Promise<OpenSession[]>;
  timeline(query: TimelineAsked): Promise<TimelineReport>;
  /** Oldest first. */
  marks(range: TimeRange): Promise<MarkRow[]>;
  requests(question: RequestsAsked): Promise<RequestsReport>;
  /** Slow samples and plan of one statement. */
  samples(fingerprint: string): Promise<SamplesReport>;
  /** From the first to the last minute with anything in it; undefined while there is none. */
  recorded(): Promise<Window | undefined>;
  close(): void;
}

export interface TimelineAsked extends ExecutionFilter {
  readonly fingerprint: string;
  readonly range: TimeRange;
  /** For a sparkline: about this number of points, without histograms. A running sidecar may answer with more. */
  readonly sketch?: number;
}

/** Requests with all of these tags, by the values of another. */
export interface RequestsAsked {
  readonly range: TimeRange;
  readonly tags: ReadonlyArray<readonly [key: string, value: string]>;
  readonly by?: string;
}

export interface PlaceNames {
  readonly directories: readonly string[];
  readonly urls: readonly URL[];
  readonly token?: string;
}

/** Needs at least one name. Throws StoreError for a directory without a store. */
export function openPlaces({ directories, urls, token }: PlaceNames): Place {
  const places: Place[] = [];
  try {
    for (const directory of directories) places.push(localPlace(directory));
  } catch (error) {
    for (const place of places) place.close();
    throw error;
  }
  for (const url of urls) places.push(remotePlace(url, token));
  return places.length === 1 ? places[0] : mergedPlace(places);
}

function localPlace(directory: string): Place {
  const reader = openReader(directory);
  return {
    name: directory,
    statements: async (query) => answerStatements(reader, query),
    statement: async (fingerprint, range) => reportStatements(reader, { ...range, filter: { fingerprint } }),
    groups: async ({ range, filter, hidden, groupBy }) =>
      reportGroups(reader, { ...range, by: groupBy, filter, hidden: new Set(hidden) }),
    seen: async () => reportSeen(reader),
    pools: async (range) => reportPools(reader, range),
    routes: async (range) => reportRoutes(reader, range),
    route: async (name, range) => reportRoute(reader, name, range),
    findings: async (range) => reportFindings(reader, range),
    findingSample: async (id) => reportFindingSample(reader, id),
    watched: async (range) => reportWatched(reader, range),
    sessions: async () => reportSessions(reader),
    timeline: async ({ range, sketch, ...asked }) =>
      reportTimeline(reader, { ...range, ...asked, pointsMax: sketch, totalsOnly: sketch !== undefined }),
    marks: async (range) => reportMarks(reader, range),
    requests: async ({ range, tags, by }) => reportRequests(reader, { ...range, tags, by }),
    samples: async (fingerprint) => reportSamples(reader, fingerprint),
    recorded: async () => recordedWindow(reportStatus(reader)),
    close: () => reader.close(),
  };
}

function remotePlace(base: URL, token: string | undefined): Place {
  const ask = <T>(path: string, options: { parameters: URLSearchParams; decode: (json: unknown) => T }): Promise<T> =>
    askJson(base, path, { ...options, token });
  const form = 'mergeable';
  return {
    name: base.origin,
    statements: (query) =>
      ask('/api/v1/statements', {
        parameters: writeStatementsQuery({ ...query, form }),
        decode: decodeStatementsReport,
      }),
    statement: (fingerprint, range) =>
      ask(`/api/v1/statements/${fingerprint}`, {
        parameters: writeStatementQuery({ range, form }),
        decode: decodeStatementsReport,
      }),
    groups: (query) =>
      ask('/api/v1/groups', { parameters: writeGroupsQuery({ ...query, form }), decode: decodeGroups }),
    seen: () => ask('/api/v1/filters', { parameters: new URLSearchParams(), decode: seenFromJson }),
    pools: (range) => ask('/api/v1/pools', { parameters: writeTimeRange(range), decode: poolsFromJson }),
    findings: (range) => {
      const parameters = writeTimeRange(range);
      parameters.set('all', 'true');
      return ask('/api/v1/findings', { parameters, decode: findingsFromJson });
    },
    findingSample: (id) =>
      ask('/api/v1/findings', { parameters: new URLSearchParams({ id }), decode: findingSampleFromJson }),
    routes: (range) => ask('/api/v1/routes', { parameters: writeTimeRange(range), decode: routesFromJson }),
    watched: (range) => ask('/api/v1/watched', { parameters: writeTimeRange(range), decode: watchedFromJson }),
    route: (name, range) => {
      const parameters = writeTimeRange(range);
      parameters.set('route', name);
      return ask('/api/v1/routes', { parameters, decode: routeDetailsFromJson });
    },
    sessions: () => ask('/api/v1/sessions', { parameters: new URLSearchParams(), decode: sessionsFromJson }),
    timeline: ({ fingerprint, ...asked }) =>
      ask(`/api/v1/statements/${fingerprint}/history`, {
        parameters: writeTimelineQuery({ ...asked, form }),
        decode: decodeTimeline,
      }),
    marks: (range) => ask('/api/v1/marks', { parameters: writeTimeRange(range), decode: marksFromJson }),
    requests: (asked) => ask('/api/v1/requests', { parameters: writeRequestsQuery(asked), decode: requestsFromJson }),
    samples: (fingerprint) =>
      ask(`/api/v1/statements/${fingerprint}/samples`, { parameters: new URLSearchParams(), decode: samplesFromJson }),
    recorded: () => ask('/api/v1/status', { parameters: new URLSearchParams(), decode: recordedFromJson }),
    close: () => {},
  };
}

function mergedPlace(places: readonly Place[]): Place {
  return {
    name: places.map((place) => place.name).join(', '),
    statements: async (query) => {
      // A statement that is small in each place may be big in all, so only merged rows are filtered and cut.
      const whole = { ...query, limit: 0, minMs: 0, hidden: [] };
      const merged = mergeStatements(await Promise.all(places.map((place) => place.statements(whole))));
      const slow = merged.statements.filter(
        (facts) => facts.serviceTotalNs >= query.minMs * 1e6 * (facts.calls + facts.errors),
      );
      const listed = slow.filter((facts) => !query.hidden.includes(facts.source));
      return { ...merged, sums: sumsBySource(slow), statements: ordered(listed, query) };
    },
    statement: async (fingerprint, range) =>
      mergeStatements(await Promise.all(places.map((place) => place.statement(fingerprint, range)))),
    groups: async (query) => mergeGroups(await Promise.all(places.map((place) => place.groups(query)))),
    seen: async () => mergeSeen(await Promise.all(places.map((place) => place.seen()))),
    watched: async (range) => mergeWatched(await Promise.all(places.map((place) => place.watched(range)))),
    sessions: async () => (await Promise.all(places.map((place) => place.sessions()))).flat(),
    pools: async (range) => mergePools(await Promise.all(places.map((place) => place.pools(range)))),
    findings: async (range) => mergeFindings(await Promise.all(places.map((place) => place.findings(range)))),
    findingSample: async (id) => mergeFindingSamples(await Promise.all(places.map((place) => place.findingSample(id)))),
    routes: async (range) => mergeRoutes(await Promise.all(places.map((place) => place.routes(range)))),
    route: async (name, range) => mergeRouteDetails(await Promise.all(places.map((place) => place.route(name, range)))),
    timeline: async (query) => mergeTimelines(await Promise.all(places.map((place) => place.timeline(query)))),
    marks: async (range) =>
      (await Promise.all(places.map((place) => place.marks(range)))).flat().sort((a, b) => a.atMs - b.atMs),
    requests: async (asked) => mergeRequests(await Promise.all(places.map((place) => place.requests(asked)))),
    samples: async (fingerprint) => mergeSamples(await Promise.all(places.map((place) => place.samples(fingerprint)))),
    recorded: async () => {
      const each = (await Promise.all(places.map((place) => place.recorded()))).filter(
        (window) => window !== undefined,
      );
      if (each.length === 0) return undefined;
      return {
        sinceMs: Math.min(...each.map(({ sinceMs }) => sinceMs)),
        untilMs: Math.max(...each.map(({ untilMs }) => untilMs)),
      };
    },
    close: () => {
      for (const place of places) place.close();
    },
  };
}
