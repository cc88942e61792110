// Several places as one: each is asked, and the answers are merged.
// Invariant: histograms are merged, never averaged; only merged rows are filtered and cut.
// Not here: the places themselves (place.ts).

import { sumsBySource } from '../../facts/statement-facts.js';
import { ordered } from '../../facts/statement-order.js';
import { mergeFindings } from '../../reports/findings.js';
import { mergePools, mergeStatements } from '../../reports/forms/merge.js';
import { mergeRequests } from '../../reports/forms/requests-json.js';
import { mergeTimelines } from '../../reports/forms/timeline-codec.js';
import { mergeGroups } from '../../reports/groups/groups-codec.js';
import { mergeSeen } from '../../reports/groups/seen.js';
import { mergeRoutes } from '../../reports/routes.js';
import { mergeSamples } from '../../reports/samples.js';
import { mergeSketches } from '../../reports/sketches.js';
import { mergeFindingSamples } from '../../reports/units/finding-sample.js';
import { mergeWatched } from '../../reports/watched/watched.js';
import { mergeRouteDetails } from '../../reports/work/route-details.js';
import type { Place } from './readable-place.js';

export function mergedPlace(places: readonly Place[]): Place {
  if (places.length === 1) return places[0];
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
    findings: async (range, about) =>
      mergeFindings(await Promise.all(places.map((place) => place.findings(range, about)))),
    findingSample: async (id) => mergeFindingSamples(await Promise.all(places.map((place) => place.findingSample(id)))),
    routes: async (range) => mergeRoutes(await Promise.all(places.map((place) => place.routes(range)))),
    route: async (name, range) => mergeRouteDetails(await Promise.all(places.map((place) => place.route(name, range)))),
    timeline: async (query) => mergeTimelines(await Promise.all(places.map((place) => place.timeline(query)))),
    sketches: async (asked) => {
      const each = await Promise.all(places.map((place) => place.sketches(asked)));
      return asked.statements.map((_, n) => mergeSketches(each.map((sketches) => sketches[n])));
    },
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
    shipping: async () => (await Promise.all(places.map((place) => place.shipping()))).flat(),
    within: (filter) => mergedPlace(places.map((place) => place.within(filter))),
    close: () => {
      for (const place of places) place.close();
    },
  };
}
