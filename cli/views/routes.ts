// Prints `routes`: a row per route, job or command, most database time first.
// Not here: the JSON form (reports/forms/routes-json.ts).

import type { RouteFacts, RoutesReport } from '../../facts/work/routes.js';
import { routesJson, statementsAt } from '../../reports/forms/routes-json.js';
import { count, duration, share, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { boldLines } from './top.js';

export function printRoutes(report: RoutesReport, options: { readonly json: boolean; readonly read: string }): void {
  if (options.json) printJson(routesJson(report));
  else print(routesText(report, { read: options.read, screen: screenOf(process.stdout, process.env) }));
}

export function routesText(report: RoutesReport, options: { readonly read: string; readonly screen: Screen }): string {
  const { routes, window } = report;
  const { screen } = options;
  if (routes.length === 0) {
    return `No request observed in ${oneLine(options.read)} in this window. Widen --since, or send something through pgwitness.`;
  }
  const requests = routes.reduce((sum, route) => sum + route.requests, 0);
  const direct = routes.reduce((sum, route) => sum + route.directRequests, 0);
  const idle = routes.reduce((sum, route) => sum + route.idleRequests, 0);
  const without = idle === 0 ? '' : `, ${count(idle)} without`;
  const head = `${span(window.sinceMs, window.untilMs)} · ${count(requests)} requests with statements${without}`;
  const lines = [...boldLines(head, screen), '', table(routes, { screen, idle: idle > 0 })];
  lines.push(
    '',
    ...wrapped(
      `${share(direct, requests)} of the requests were found by tags or short connections, the others by the traffic.`,
      screen,
    ),
  );
  const missing = missingText(report);
  if (missing !== '') lines.push(...wrapped(missing, screen));
  return lines.join('\n');
}

/** What the figures lack; '' = nothing. */
function missingText({ notObserved, inNoRequest }: RoutesReport): string {
  const parts = [];
  if (notObserved > 0) parts.push(`${count(notObserved)} executions were not observed`);
  if (inNoRequest > 0)
    parts.push(`${count(inNoRequest)} are in no request: it goes on, or did when an observer was killed`);
  return parts.length === 0 ? '' : `Not in these figures: ${parts.join('; ')}.`;
}

function table(routes: readonly RouteFacts[], { screen, idle }: { screen: Screen; idle: boolean }): string {
  const each = (facts: RouteFacts, sum: number) => (facts.requests === 0 ? 0 : sum / facts.requests);
  // Both at once: a percentile is a walk over the whole histogram.
  const percentiles = new Map(routes.map((facts) => [facts, facts.serviceHistogram.percentiles([0.5, 0.95])]));
  const ms = (facts: RouteFacts, which: 0 | 1) =>
    duration(
      facts.serviceHistogram.count === 0 ? null : Math.min(facts.serviceMaxNs, percentiles.get(facts)![which]) / 1e6,
    );
  return renderTable(
    routes,
    [
      { title: 'route', flexible: true, cell: nameOf },
      {
        title: requestsTitle(idle, screen),
        align: 'right',
        cell: (facts) => count(facts.requests + facts.idleRequests),
      },
      ...(idle
        ? [
            {
              title: 'sent nothing',
              align: 'right',
              dropOrder: 3,
              cell: (facts: RouteFacts) => share(facts.idleRequests, facts.requests + facts.idleRequests),
            } as const,
          ]
        : []),
      { title: 'statements', align: 'right', cell: (facts) => decimal(each(facts, facts.statements)) },
      { title: 'p95', align: 'right', dropOrder: 4, cell: (facts) => statementsP95(facts) },
      { title: 'max', align: 'right', dropOrder: 6, cell: (facts) => count(facts.statementsMax) },
      { title: 'repeated', align: 'right', dropOrder: 2, cell: (facts) => decimal(each(facts, facts.repeated)) },
      { title: 'db p50', align: 'right', cell: (facts) => ms(facts, 0) },
      { title: 'db p95', align: 'right', dropOrder: 1, cell: (facts) => ms(facts, 1) },
      { title: 'rows', align: 'right', dropOrder: 5, cell: (facts) => decimal(each(facts, facts.rows)) },
      { title: 'errors', align: 'right', dropOrder: 3, cell: (facts) => count(facts.errors) },
      { title: 'sources', dropOrder: 7, cell: sourcesOf },
      { title: 'pools', align: 'right', dropOrder: 9, cell: (facts) => count(facts.pools.size) },
    ],
    screen,
  );
}

export function nameOf({ kind, route }: RouteFacts): string {
  if (kind === '') return '(untagged)';
  return kind === 'route' ? oneLine(route) : `${kind} ${oneLine(route)}`;
}

/** Where nobody tells of requests that sent nothing, the number is of the others. */
function requestsTitle(idle: boolean, { width }: Screen): string {
  return idle || width < WIDE ? 'requests' : 'requests with statements';
}

const WIDE = 120;

function statementsP95(facts: RouteFacts): string {
  return facts.statementHistogram.count === 0 ? '–' : count(Math.min(facts.statementsMax, statementsAt(facts, 0.95)));
}

/** What the application sent; housekeeping only where there is nothing else. */
function sourcesOf({ sources }: RouteFacts): string {
  const named = [...sources].filter(([source]) => source !== 'housekeeping').sort(([, a], [, b]) => b - a);
  const total = named.reduce((sum, [, statements]) => sum + statements, 0);
  return named.map(([source, statements]) => `${oneLine(source)} ${share(statements, total)}`).join(', ');
}

/** 2 → "2", 20.95 → "21.0", 1.5 → "1.5". */
export function decimal(value: number): string {
  return Number.isInteger(value) ? count(value) : value < 100 ? value.toFixed(1) : count(value);
}
