// Opens the place that reports are read from: a data directory, a running sidecar, or several.
// Invariant: an answer has the same shape and the same percentiles wherever it is read; histograms are merged, never
// averaged.
// Not here: flags (read-flags.ts), printing (cli/views).

import type { IdentityFilter } from '../../facts/fleet/identity.js';
import { reportFindings } from '../../reports/findings.js';
import { findingSampleFromJson, findingsFromJson } from '../../reports/forms/findings-json.js';
import { marksFromJson } from '../../reports/forms/marks-json.js';
import { poolsFromJson } from '../../reports/forms/pools-json.js';
import { requestsFromJson } from '../../reports/forms/requests-json.js';
import { routeDetailsFromJson } from '../../reports/forms/route-details-json.js';
import { routesFromJson } from '../../reports/forms/routes-json.js';
import { samplesFromJson } from '../../reports/forms/samples-json.js';
import { decodeStatementsReport } from '../../reports/forms/statements-codec.js';
import { recordedFromJson, shippingFromJson } from '../../reports/forms/status-json.js';
import { decodeTimeline } from '../../reports/forms/timeline-codec.js';
import { decodeGroups } from '../../reports/groups/groups-codec.js';
import { answerGroups } from '../../reports/groups/identity-groups.js';
import { reportSeen, seenFromJson } from '../../reports/groups/seen.js';
import { reportMarks } from '../../reports/marks.js';
import { reportPools } from '../../reports/pools.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import { openFleetStore } from '../../reports/questions/fleet-store.js';
import {
  writeRequestsQuery,
  writeStatementQuery,
  writeStatementsQuery,
  writeTimelineQuery,
  writeTimeRange,
} from '../../reports/questions/grammar.js';
import { writeGroupsQuery } from '../../reports/questions/groups-query.js';
import { writeIdentity } from '../../reports/questions/identity-query.js';
import { reportRequests } from '../../reports/requests.js';
import { reportRoutes } from '../../reports/routes.js';
import { reportSamples } from '../../reports/samples.js';
import { reportSessions } from '../../reports/sessions.js';
import { reportSketches, type Sketch } from '../../reports/sketches.js';
import { reportStatements } from '../../reports/statements.js';
import { recordedWindow, reportStatus } from '../../reports/status.js';
import { reportTimeline } from '../../reports/timeline.js';
import { reportFindingSample } from '../../reports/units/finding-sample.js';
import { reportWatched } from '../../reports/watched/watched.js';
import { watchedFromJson } from '../../reports/watched/watched-json.js';
import { reportRoute } from '../../reports/work/route-details.js';
import { sessionsFromJson } from '../../reports/work/sessions-json.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { askJson } from './ask-json.js';
import { mergedPlace } from './merged-place.js';
import type { Place } from './readable-place.js';

export type { Place } from './readable-place.js';

export interface PlaceNames {
  /** clickhouse://… */
  readonly stores?: readonly string[];
  readonly directories: readonly string[];
  readonly urls: readonly URL[];
  readonly token?: string;
}

/** Needs at least one name. Throws StoreError for a directory without a store. */
export function openPlaces(names: PlaceNames): Place {
  return mergedPlace(openEach(names));
}

/** As openPlaces, each by itself. */
export function openEach({ directories, stores = [], urls, token }: PlaceNames): Place[] {
  const places: Place[] = [];
  try {
    for (const directory of directories) places.push(localPlace(directory, openReader(directory)));
    for (const store of stores) {
      const reader = openFleetStore(store);
      places.push(localPlace(reader.place, reader));
    }
  } catch (error) {
    for (const place of places) place.close();
    throw error;
  }
  for (const url of urls) places.push(remotePlace(url, token));
  return places;
}

function localPlace(name: string, reader: StoreReader): Place {
  return {
    name,
    statements: async (query) => answerStatements(reader, query),
    statement: async (fingerprint, range) => reportStatements(reader, { ...range, filter: { fingerprint } }),
    groups: async ({ range, filter, hidden, groupBy }) =>
      answerGroups(reader, { ...range, by: groupBy, filter, hidden: new Set(hidden) }),
    seen: async () => reportSeen(reader),
    pools: async (range) => reportPools(reader, range),
    routes: async (range) => reportRoutes(reader, range),
    route: async (name, range) => reportRoute(reader, name, range),
    findings: async (range) => reportFindings(reader, range),
    findingSample: async (id) => reportFindingSample(reader, id),
    watched: async (range) => reportWatched(reader, range),
    sessions: async () => reportSessions(reader),
    timeline: async ({ range, ...asked }) => reportTimeline(reader, { ...range, ...asked }),
    sketches: async ({ range, ...asked }) => reportSketches(reader, { ...range, ...asked }),
    marks: async (range) => reportMarks(reader, range),
    requests: async ({ range, tags, by }) => reportRequests(reader, { ...range, tags, by }),
    samples: async (fingerprint) => reportSamples(reader, fingerprint),
    recorded: async () => recordedWindow(reportStatus(reader)),
    shipping: async () => listOf(reader.shipping()),
    within: (filter) => localPlace(name, reader.within(filter)),
    close: () => reader.close(),
  };
}

function remotePlace(base: URL, token: string | undefined, identity: IdentityFilter = {}): Place {
  const ask = <T>(path: string, options: { parameters: URLSearchParams; decode: (json: unknown) => T }): Promise<T> => {
    writeIdentity(options.parameters, identity);
    return askJson(base, path, { ...options, token });
  };
  const form = 'mergeable';
  const timeline: Place['timeline'] = ({ fingerprint, ...asked }) =>
    ask(`/api/v1/statements/${fingerprint}/history`, {
      parameters: writeTimelineQuery({ ...asked, form }),
      decode: decodeTimeline,
    });
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
    timeline,
    sketches: async ({ statements, pointsMax: _, ...asked }) => {
      const sketches: Sketch[] = [];
      for (const { fingerprint, source } of statements)
        sketches.push(await timeline({ ...asked, fingerprint, source }));
      return sketches;
    },
    marks: (range) => ask('/api/v1/marks', { parameters: writeTimeRange(range), decode: marksFromJson }),
    requests: (asked) => ask('/api/v1/requests', { parameters: writeRequestsQuery(asked), decode: requestsFromJson }),
    samples: (fingerprint) =>
      ask(`/api/v1/statements/${fingerprint}/samples`, { parameters: new URLSearchParams(), decode: samplesFromJson }),
    recorded: () => ask('/api/v1/status', { parameters: new URLSearchParams(), decode: recordedFromJson }),
    shipping: async () =>
      listOf(await ask('/api/v1/status', { parameters: new URLSearchParams(), decode: shippingFromJson })),
    within: (filter) => remotePlace(base, token, filter),
    close: () => {},
  };
}

function listOf<Item>(item: Item | undefined): Item[] {
  return item === undefined ? [] : [item];
}
