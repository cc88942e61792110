// The JSON form of one route with single requests of it, and back: /api/v1/routes?route=.
// Invariant: routeDetailsFromJson(routeDetailsJson(details)) is the answer. Not here: finding it
// (reports/work/route-details.ts).

import * as v from 'valibot';
import type { UnitSample } from '../../facts/rollup-row.js';
import type { RouteDetails } from '../../facts/work/routes.js';
import { unitFromJson, unitJson, unitSchema } from '../units/unit-json.js';
import { routesFromJson, routesJson } from './routes-json.js';

const moment = v.pipe(v.string(), v.isoTimestamp());

const detailsSchema = v.object({
  window: v.nullable(v.object({ since: moment, until: moment })),
  /** As in the list of routes; null, as all else: no request of it is in the window. */
  route: v.unknown(),
  typical: v.nullable(unitSchema),
  slowest: v.nullable(unitSchema),
});

export type RouteDetailsJson = v.InferOutput<typeof detailsSchema>;

export function routeDetailsJson(details: RouteDetails | undefined): RouteDetailsJson {
  if (details === undefined) return { window: null, route: null, typical: null, slowest: null };
  const { window, route, typical, slowest, queries } = details;
  const all = routesJson({ window, routes: [route], notObserved: 0, inNoRequest: 0 });
  const asked = (sample: UnitSample | undefined) => (sample === undefined ? null : unitJson(sample, { queries }));
  return { window: all.window, route: all.routes[0], typical: asked(typical), slowest: asked(slowest) };
}

/** Throws ValiError on what routeDetailsJson did not make. */
export function routeDetailsFromJson(json: unknown): RouteDetails | undefined {
  const { window, route, typical, slowest } = v.parse(detailsSchema, json);
  if (window === null) return undefined;
  const report = routesFromJson({ window, routes: [route] });
  const requests = [typical, slowest].filter((request) => request !== null);
  return {
    window: report.window,
    route: report.routes[0],
    typical: typical === null ? undefined : { ...unitFromJson(typical), kind: 'random', rank: 0 },
    slowest: slowest === null ? undefined : { ...unitFromJson(slowest), kind: 'slowest', rank: 0 },
    queries: new Map(
      requests.flatMap(({ statements }) => statements.map(({ fingerprint, query }) => [fingerprint, query])),
    ),
  };
}
