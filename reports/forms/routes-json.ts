// The JSON form of a routes report, and back: /api/v1/routes, `routes --json`, --url.
// Invariant: routesFromJson(routesJson(report)) is the report: sums and histograms travel beside the figures.
// Not here: merging (reports/routes.ts).

import * as v from 'valibot';
import { LogHistogram } from '../../facts/histogram.js';
import { type RequestMeasureName, type SnakeCase, snakeCase } from '../../facts/measures.js';
import { REQUEST_RULES, type Sums } from '../../facts/sums.js';
import { emptyRoute, type RouteFacts, type RoutesReport } from '../../facts/work/routes.js';

const NAMES = Object.keys(REQUEST_RULES) as RequestMeasureName[];
const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());
const figures = { mean: count, p50: v.nullable(count), p95: v.nullable(count) };

const routeSchema = v.object({
  /** '' = untagged. */
  route: v.string(),
  /** The tag that names it. */
  kind: v.picklist(['route', 'job', 'command', 'action', '']),
  /** Requests that sent a statement. */
  requests: count,
  /** Of those, found by tags or a short connection; the others by the traffic alone. */
  direct_requests: count,
  /** Requests that sent none, where the application counts them. */
  idle_requests: count,
  statements_per_request: v.object({ ...figures, max: count }),
  repeated_per_request: count,
  db_ms_per_request: v.object(figures),
  rows_per_request: count,
  errors: count,
  /** Executions by source. */
  sources: v.record(v.string(), count),
  pools: v.array(v.string()),
  findings: v.array(v.string()),
  sums: v.object(sumSchemas()),
  /** Base64, so that reports merge. */
  statement_histogram: v.string(),
  service_histogram: v.string(),
});
const reportSchema = v.object({
  window: v.object({ since: moment, until: moment }),
  /** Executions; servers of version 0.1 do not say it. */
  not_observed: v.optional(count, 0),
  in_no_request: v.optional(count, 0),
  routes: v.array(routeSchema),
});

export type RoutesJson = v.InferOutput<typeof reportSchema>;

export function routesJson(report: RoutesReport): RoutesJson {
  const { sinceMs, untilMs } = report.window;
  return {
    window: { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString() },
    not_observed: report.notObserved,
    in_no_request: report.inNoRequest,
    routes: report.routes.map(routeJson),
  };
}

/** Throws ValiError, or RangeError for a damaged histogram. */
export function routesFromJson(json: unknown): RoutesReport {
  const { window, routes, not_observed, in_no_request } = v.parse(reportSchema, json);
  return {
    notObserved: not_observed,
    inNoRequest: in_no_request,
    window: { sinceMs: Date.parse(window.since), untilMs: Date.parse(window.until) },
    routes: routes.map((route) => ({
      ...emptyRoute(route.kind, route.route),
      ...sumsOf(route.sums),
      directRequests: route.direct_requests,
      statementHistogram: LogHistogram.fromBase64(route.statement_histogram),
      serviceHistogram: LogHistogram.fromBase64(route.service_histogram),
      sources: new Map(Object.entries(route.sources)),
      pools: new Set(route.pools),
      findings: new Set(route.findings),
    })),
  };
}

function routeJson(facts: RouteFacts): v.InferOutput<typeof routeSchema> {
  const { requests, statementHistogram: statements, serviceHistogram: service } = facts;
  const each = (sum: number): number => (requests === 0 ? 0 : sum / requests);
  const whole = (q: number) => (statements.count === 0 ? null : Math.min(facts.statementsMax, statementsAt(facts, q)));
  const ms = (q: number) => (service.count === 0 ? null : Math.min(facts.serviceMaxNs, service.percentile(q)) / 1e6);
  return {
    route: facts.route,
    kind: facts.kind,
    requests,
    direct_requests: facts.directRequests,
    idle_requests: facts.idleRequests,
    statements_per_request: {
      mean: each(facts.statements),
      p50: whole(0.5),
      p95: whole(0.95),
      max: facts.statementsMax,
    },
    repeated_per_request: each(facts.repeated),
    db_ms_per_request: { mean: each(facts.serviceTotalNs) / 1e6, p50: ms(0.5), p95: ms(0.95) },
    rows_per_request: each(facts.rows),
    errors: facts.errors,
    sources: Object.fromEntries([...facts.sources].sort(([, a], [, b]) => b - a)),
    pools: [...facts.pools].sort(),
    findings: [...facts.findings].sort(),
    sums: Object.fromEntries(NAMES.map((name) => [snakeCase(name), facts[name]])) as SumsJson,
    statement_histogram: statements.toBase64(),
    service_histogram: service.toBase64(),
  };
}

/** A whole number of statements, as far as 1 % of accuracy tells: exact below 50. */
export function statementsAt({ statementHistogram }: RouteFacts, q: number): number {
  return Math.round(statementHistogram.percentile(q));
}

type SumsJson = { [Name in RequestMeasureName as SnakeCase<Name>]: number };

function sumSchemas() {
  return Object.fromEntries(NAMES.map((name) => [snakeCase(name), count])) as {
    [Name in keyof SumsJson]: typeof count;
  };
}

function sumsOf(json: SumsJson): Sums<RequestMeasureName> {
  return Object.fromEntries(NAMES.map((name) => [name, json[snakeCase(name)]])) as Sums<RequestMeasureName>;
}
