// Prints one route: its figures, and the statements of one request of it in order, as a waterfall.
// Not here: choosing the request (reports/work/route-details.ts), its lines (waterfall.ts), the list of routes
// (routes.ts).

import type { RouteDetails, RouteFacts } from '../../facts/work/routes.js';
import { routeDetailsJson } from '../../reports/forms/route-details-json.js';
import { count, duration, span } from '../terminal/format.js';
import { print, printJson, type Screen, screenOf, wrapped } from '../terminal/output.js';
import { decimal, nameOf } from './routes.js';
import { boldLines } from './top.js';
import { unitWords, waterfall } from './waterfall.js';

export interface RoutePrinting {
  readonly json: boolean;
  /** The slowest request that is kept, instead of a typical one. */
  readonly slowest: boolean;
}

export function printRoute(details: RouteDetails, { json, slowest }: RoutePrinting): void {
  if (json) printJson(routeDetailsJson(details));
  else print(routeText(details, { slowest, screen: screenOf(process.stdout, process.env) }));
}

export function routeText(details: RouteDetails, { slowest, screen }: { slowest: boolean; screen: Screen }): string {
  const { route, window } = details;
  const head = `${nameOf(route)} · ${span(window.sinceMs, window.untilMs)}`;
  const words = (text: string): string[] => wrapped(text, { ...screen, indent: '  ' });
  const lines = [...boldLines(head, screen), ...words(figures(route)), ''];
  const sample = slowest ? details.slowest : details.typical;
  if (sample === undefined) return [...lines, 'No request of it that ended is kept in this window.'].join('\n');
  lines.push(...words(`${slowest ? 'The slowest request' : 'A typical request'}: ${unitWords(sample)}`), '');
  lines.push(waterfall(sample, { queries: details.queries, screen }));
  if (!slowest && details.slowest !== undefined)
    lines.push('', ...words(`The slowest (${unitWords(details.slowest)}): --slowest`));
  return lines.join('\n');
}

function figures(route: RouteFacts): string {
  const { requests, statements, repeated, serviceTotalNs, serviceHistogram, serviceMaxNs, errors } = route;
  const each = (sum: number) => (requests === 0 ? 0 : sum / requests);
  const p95 = serviceHistogram.count === 0 ? null : Math.min(serviceMaxNs, serviceHistogram.percentile(0.95)) / 1e6;
  const parts = [
    requests === 1 ? '1 request' : `${count(requests)} requests`,
    `each ${decimal(each(statements))} statements (${decimal(each(repeated))} repeated)`,
    `in ${duration(each(serviceTotalNs) / 1e6)}, p95 ${duration(p95)}`,
    ...(errors > 0 ? [errors === 1 ? '1 error' : `${count(errors)} errors`] : []),
    ...(route.findings.size > 0
      ? [
          `findings ${[...route.findings]
            .sort()
            .map((id) => id.slice(0, 8))
            .join(', ')}`,
        ]
      : []),
  ];
  return parts.join(' · ');
}
