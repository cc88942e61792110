// The JSON form of one route with single requests of it, and back: /api/v1/routes?route=.
// Invariant: routeDetailsFromJson(routeDetailsJson(details)) is the answer. Not here: finding it
// (reports/work/route-details.ts).

import * as v from 'valibot';
import type { UnitSample } from '../../facts/rollup-row.js';
import type { RouteDetails } from '../../facts/work/routes.js';
import { routesFromJson, routesJson } from './routes-json.js';

const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());

const requestSchema = v.object({
  /** Its first statement was sent. */
  at: moment,
  /** Id that its tags give. */
  request: v.string(),
  found: v.picklist(['direct', 'heuristic']),
  boundary: v.picklist(['tags', 'connection', 'driver', 'transaction', 'burst']),
  tags: v.record(v.string(), v.string()),
  /** From the first statement to the end of the last. */
  duration_ms: count,
  db_ms: count,
  /** Executions, housekeeping included; more than are listed where it was long. */
  executions: count,
  /** In the order in which they started. */
  statements: v.array(
    v.object({
      /** After the first one was sent. */
      start_ms: count,
      service_ms: count,
      rows: count,
      /** Null = it completed. */
      sqlstate: v.nullable(v.string()),
      source: v.string(),
      construct: v.string(),
      pool: v.string(),
      /** Numbers the connections of this request. */
      connection: count,
      caller: v.string(),
      fingerprint: v.string(),
      query: v.string(),
    }),
  ),
});
const detailsSchema = v.object({
  window: v.nullable(v.object({ since: moment, until: moment })),
  /** As in the list of routes; null, as all else: no request of it is in the window. */
  route: v.unknown(),
  typical: v.nullable(requestSchema),
  slowest: v.nullable(requestSchema),
});

type RequestJson = v.InferOutput<typeof requestSchema>;
export type RouteDetailsJson = v.InferOutput<typeof detailsSchema>;

export function routeDetailsJson(details: RouteDetails | undefined): RouteDetailsJson {
  if (details === undefined) return { window: null, route: null, typical: null, slowest: null };
  const { window, route, typical, slowest, queries } = details;
  const { routes, ...of } = routesJson({ window, routes: [route] });
  const asked = (sample: UnitSample | undefined) => (sample === undefined ? null : requestJson(sample, queries));
  return { ...of, route: routes[0], typical: asked(typical), slowest: asked(slowest) };
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
    typical: typical === null ? undefined : sampleOf(typical, 'random'),
    slowest: slowest === null ? undefined : sampleOf(slowest, 'slowest'),
    queries: new Map(
      requests.flatMap(({ statements }) => statements.map(({ fingerprint, query }) => [fingerprint, query])),
    ),
  };
}

function requestJson(sample: UnitSample, queries: ReadonlyMap<string, string>): RequestJson {
  const { atMs, request, found, boundary, tagSet, durationMs, serviceNs, executions, statements } = sample;
  return {
    at: new Date(Math.round(atMs)).toISOString(),
    request,
    found,
    boundary,
    tags: tagSet.startsWith('{') ? (JSON.parse(tagSet) as Record<string, string>) : {},
    duration_ms: durationMs,
    db_ms: serviceNs / 1e6,
    executions,
    statements: statements.map(({ startMs, serviceMs, sqlstate, fingerprint, ...one }) => ({
      start_ms: startMs,
      service_ms: serviceMs,
      ...one,
      sqlstate: sqlstate === '' ? null : sqlstate,
      fingerprint,
      query: queries.get(fingerprint) ?? '',
    })),
  };
}

function sampleOf(json: RequestJson, kind: UnitSample['kind']): UnitSample {
  const { at, tags, duration_ms, db_ms, statements, ...rest } = json;
  return {
    ...rest,
    kind,
    rank: 0,
    atMs: Date.parse(at),
    tagSet: Object.keys(tags).length === 0 ? '' : JSON.stringify(tags),
    durationMs: duration_ms,
    serviceNs: db_ms * 1e6,
    statements: statements.map(({ start_ms, service_ms, sqlstate, query: _, ...one }) => ({
      ...one,
      startMs: start_ms,
      serviceMs: service_ms,
      sqlstate: sqlstate ?? '',
    })),
  };
}
