// The routes of a window: requests, statements, time, rows and errors of each.
// Invariant: the route with most database time comes first. Not here: which statements are one request (analyzer/work),
// its JSON (forms/routes-json.ts).

import { addSums, addTo, REQUEST_RULES } from '../facts/sums.js';
import { addRoute, emptyRoute, type RouteFacts, type RoutesReport, routeOf } from '../facts/work/routes.js';
import { HistogramSum } from '../storage/reading/histogram-sum.js';
import { observedIn } from '../storage/reading/observed.js';
import type { RequestHistograms } from '../storage/reading/request-rows.js';
import { spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StoreReader } from '../storage/reading/stored-facts.js';
import { findingsOf } from './findings.js';

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportRoutes(reader: StoreReader, bounds: TimeBounds = {}): RoutesReport {
  return reader.read((stored) => {
    const span = spanOf(stored, bounds);
    const routes = new Map<string, RouteFacts>();
    const byTagSet = new Map<string, RouteFacts>();
    const of = (tagSet: string): RouteFacts => {
      let facts = byTagSet.get(tagSet);
      if (facts === undefined) {
        const { kind, route } = routeOf(tagSet);
        facts = routes.get(`${kind} ${route}`) ?? emptyRoute(kind, route);
        routes.set(`${kind} ${route}`, facts);
        byTagSet.set(tagSet, facts);
      }
      return facts;
    };
    for (const sums of stored.requestSums(span.segments, [])) {
      const facts = of(sums.tagSet);
      addSums(REQUEST_RULES, facts, sums);
      if (sums.found === 'direct') facts.directRequests += sums.requests;
    }
    let inRequests = 0;
    for (const { tagSet, source, pool, statements } of stored.requestPartSums(span.segments)) {
      if (source !== 'housekeeping') inRequests += statements;
      const facts = of(tagSet);
      addTo(facts.sources, source, statements);
      facts.pools.add(pool);
    }
    addHistograms(stored.requestHistograms(span.segments), of);
    const { findings } = findingsOf(stored, span.window);
    for (const facts of routes.values()) {
      for (const finding of findings) {
        if (finding.state !== 'candidate' && finding.state !== 'accepted' && finding.routes.includes(facts.route))
          facts.findings.add(finding.id);
      }
    }
    const counted = stored.sourceExecutions(span.segments).filter(({ source }) => source !== 'housekeeping');
    const all = counted.reduce((sum, { executions }) => sum + executions, 0);
    return {
      window: span.window,
      routes: byTime([...routes.values()]),
      notObserved: observedIn(stored, span).notObserved,
      // A request is of the minute in which it began: at the edges of a window there may be more in requests.
      inNoRequest: Math.max(0, all - inRequests),
    };
  });
}

/** Up to so many routes each get sums of their own: a row per hour, day and tag set is added to them. */
const SUMS_MAX = 1_000;

function addHistograms(rows: Iterable<RequestHistograms>, of: (tagSet: string) => RouteFacts): void {
  const sums = new Map<RouteFacts, { statements: HistogramSum; service: HistogramSum }>();
  for (const { tagSet, statementHistogram, serviceHistogram } of rows) {
    const facts = of(tagSet);
    let sum = sums.get(facts);
    if (sum === undefined && sums.size < SUMS_MAX) {
      sum = { statements: new HistogramSum(), service: new HistogramSum() };
      sums.set(facts, sum);
    }
    if (sum === undefined) {
      facts.statementHistogram.mergeEncoded(statementHistogram);
      facts.serviceHistogram.mergeEncoded(serviceHistogram);
      continue;
    }
    sum.statements.add(statementHistogram);
    sum.service.add(serviceHistogram);
  }
  for (const [facts, { statements, service }] of sums) {
    statements.addTo(facts.statementHistogram);
    service.addTo(facts.serviceHistogram);
  }
}

/** At least one report. The reports given are not changed. */
export function mergeRoutes(reports: readonly RoutesReport[]): RoutesReport {
  const routes = new Map<string, RouteFacts>();
  for (const report of reports) {
    for (const more of report.routes) {
      const key = `${more.kind} ${more.route}`;
      const into = routes.get(key) ?? emptyRoute(more.kind, more.route);
      addRoute(into, more);
      routes.set(key, into);
    }
  }
  const windows = reports.map(({ window }) => window);
  return {
    window: {
      sinceMs: Math.min(...windows.map(({ sinceMs }) => sinceMs)),
      untilMs: Math.max(...windows.map(({ untilMs }) => untilMs)),
    },
    routes: byTime([...routes.values()]),
    notObserved: reports.reduce((sum, { notObserved }) => sum + notObserved, 0),
    inNoRequest: reports.reduce((sum, { inNoRequest }) => sum + inNoRequest, 0),
  };
}

function byTime(routes: RouteFacts[]): RouteFacts[] {
  return routes.sort((a, b) => b.serviceTotalNs - a.serviceTotalNs || (a.route < b.route ? -1 : 1));
}
