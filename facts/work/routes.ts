// The answer to "what does each route cost": requests of a window by route, job or command.
// Invariant: everything in it can be added up; percentiles are computed last. Not here: reading it (reports/routes.ts),
// its JSON (reports/forms/routes-json.ts).

import { tagsIn } from '../../config/values/tag-set.js';
import type { Window } from '../answers.js';
import { LogHistogram } from '../histogram.js';
import type { RequestMeasureName } from '../measures.js';
import type { UnitSample } from '../rollup-row.js';
import { addAll, addSums, noSums, REQUEST_RULES } from '../sums.js';

/** By which tag a route is named; '' = its requests are untagged. */
export type RouteKind = 'route' | 'job' | 'command' | 'action' | '';

export interface RouteFacts extends Record<RequestMeasureName, number> {
  kind: RouteKind;
  /** '' = untagged. */
  route: string;
  /** Of its requests, those found by tags or a short connection. */
  directRequests: number;
  statementHistogram: LogHistogram;
  /** In ns. */
  serviceHistogram: LogHistogram;
  /** Executions by source, housekeeping included. */
  sources: Map<string, number>;
  /** Names. */
  pools: Set<string>;
  /** Ids of what was found in its requests. */
  findings: Set<string>;
}

export interface RoutesReport {
  readonly window: Window;
  readonly routes: RouteFacts[];
  /** Executions in the window that were not observed: their requests are not known. */
  readonly notObserved: number;
  /** The application's executions that are in no request: it is open, or was when an observer was killed. */
  readonly inNoRequest: number;
}

/** One route, and single requests of it. */
export interface RouteDetails {
  readonly window: Window;
  readonly route: RouteFacts;
  /** Pools are names. Undefined where no request that ended was kept. */
  readonly typical: UnitSample | undefined;
  readonly slowest: UnitSample | undefined;
  /** Normalised texts by fingerprint. */
  readonly queries: ReadonlyMap<string, string>;
}

export function emptyRoute(kind: RouteKind, route: string): RouteFacts {
  return {
    kind,
    route,
    directRequests: 0,
    ...noSums(REQUEST_RULES),
    statementHistogram: new LogHistogram(),
    serviceHistogram: new LogHistogram(),
    sources: new Map(),
    pools: new Set(),
    findings: new Set(),
  };
}

/** Adds what another sidecar, or another row, says of the same route. */
export function addRoute(into: RouteFacts, more: RouteFacts): void {
  addSums(REQUEST_RULES, into, more);
  into.directRequests += more.directRequests;
  into.statementHistogram.merge(more.statementHistogram);
  into.serviceHistogram.merge(more.serviceHistogram);
  addAll(into.sources, more.sources);
  for (const pool of more.pools) into.pools.add(pool);
  for (const finding of more.findings) into.findings.add(finding);
}

/** The route that a unit's tag set names. @param tagSet canonical JSON object, '' or '(other)'. */
export function routeOf(tagSet: string): { kind: RouteKind; route: string } {
  if (tagSet === '') return { kind: '', route: '' };
  if (!tagSet.startsWith('{')) return { kind: 'route', route: tagSet };
  const tags: Readonly<Record<string, string | undefined>> = tagsIn(tagSet);
  for (const kind of ['route', 'job', 'command'] as const) {
    const route = tags[kind];
    if (route !== undefined) return { kind, route };
  }
  const { controller, action } = tags;
  if (controller !== undefined)
    return { kind: 'action', route: action === undefined ? controller : `${controller}#${action}` };
  return { kind: '', route: '' };
}
