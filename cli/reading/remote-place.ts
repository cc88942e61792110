// A running sidecar as a place that reports are read from: each question is one request of its API.
// Invariant: an answer of another version is an error, never a wrong report.
// Not here: the request (ask-json.ts), directories and stores (local-place.ts).

import type { IdentityFilter } from '../../facts/fleet/identity.js';
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
import { seenFromJson } from '../../reports/groups/seen.js';
import {
  writeRequestsQuery,
  writeStatementQuery,
  writeStatementsQuery,
  writeTimelineQuery,
  writeTimeRange,
} from '../../reports/questions/grammar.js';
import { writeGroupsQuery } from '../../reports/questions/groups-query.js';
import { writeIdentity } from '../../reports/questions/identity-query.js';
import type { Sketch } from '../../reports/sketches.js';
import { watchedFromJson } from '../../reports/watched/watched-json.js';
import { sessionsFromJson } from '../../reports/work/sessions-json.js';
import { askJson } from './ask-json.js';
import type { Place } from './readable-place.js';

export function remotePlace(base: URL, token: string | undefined, identity: IdentityFilter = {}): Place {
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
