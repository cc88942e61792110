// Prints one route: its figures, and the statements of one request of it in order, as a waterfall.
// Invariant: repeats, and statements that take turns, are one line each with their number.
// Not here: choosing the request (reports/work/route-details.ts), the list of routes (routes.ts).

import type { SampledStatement, UnitSample } from '../../facts/rollup-row.js';
import { collapsed, type Line } from '../../facts/words/repeats.js';
import { shortSql } from '../../facts/words/short-sql.js';
import { namedSqlstate } from '../../facts/words/sqlstates.js';
import type { RouteDetails, RouteFacts } from '../../facts/work/routes.js';
import { routeDetailsJson } from '../../reports/forms/route-details-json.js';
import { count, duration, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { decimal, nameOf } from './routes.js';

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
  const lines = [styled(head, { style: 'bold', screen }), ...figures(route), ''];
  const sample = slowest ? details.slowest : details.typical;
  if (sample === undefined) return [...lines, 'No request of it that ended is kept in this window.'].join('\n');
  lines.push(`${slowest ? 'The slowest request' : 'A typical request'}: ${wordsOf(sample)}`, '');
  lines.push(waterfall(sample, { queries: details.queries, screen }));
  const left = sample.executions - sample.statements.length;
  if (left > 0) lines.push(`… and ${count(left)} more statements`);
  if (!slowest && details.slowest !== undefined) lines.push('', `The slowest (${wordsOf(details.slowest)}): --slowest`);
  return lines.join('\n');
}

function figures(route: RouteFacts): string[] {
  const { requests, statements, repeated, serviceTotalNs, serviceHistogram, serviceMaxNs, errors } = route;
  const each = (sum: number) => (requests === 0 ? 0 : sum / requests);
  const p95 = serviceHistogram.count === 0 ? null : Math.min(serviceMaxNs, serviceHistogram.percentile(0.95)) / 1e6;
  const parts = [
    requests === 1 ? '1 request' : `${count(requests)} requests`,
    `each ${decimal(each(statements))} statements (${decimal(each(repeated))} repeated)`,
    `in ${duration(each(serviceTotalNs) / 1e6)}, p95 ${duration(p95)}`,
    ...(errors > 0 ? [errors === 1 ? '1 error' : `${count(errors)} errors`] : []),
    ...(route.findings.size > 0 ? [`findings ${[...route.findings].sort().join(', ')}`] : []),
  ];
  return [parts.join(' · ')];
}

function wordsOf(sample: UnitSample): string {
  const { atMs, executions, serviceNs, durationMs, request, found, boundary } = sample;
  const at = `${new Date(atMs).toISOString().slice(0, 23).replace('T', ' ')} UTC`;
  const sent = executions === 1 ? '1 statement' : `${count(executions)} statements`;
  const how = found === 'direct' ? '' : `, found by ${boundary}`;
  const id = request === '' ? '' : `, request ${oneLine(request)}`;
  return `${at}, ${sent} in ${duration(serviceNs / 1e6)} over ${duration(durationMs)}${id}${how}`;
}

interface Shown {
  readonly line: Line<SampledStatement>;
  readonly first: SampledStatement;
}

function waterfall(
  sample: UnitSample,
  { queries, screen }: { queries: ReadonlyMap<string, string>; screen: Screen },
): string {
  const { statements, durationMs } = sample;
  const keyOf = (one: SampledStatement) => [one.fingerprint, one.source, one.sqlstate, one.pool].join(' ');
  const shown: Shown[] = collapsed(statements, keyOf).map((line) => ({ line, first: line.items[0] }));
  const several = (of: keyof SampledStatement) => new Set(statements.map((one) => one[of])).size > 1;
  const sum = ({ line }: Shown, of: 'serviceMs' | 'rows') => line.items.reduce((total, one) => total + one[of], 0);
  return renderTable(
    shown,
    [
      { title: 'start', align: 'right', cell: ({ first }) => duration(first.startMs) },
      { title: '', dropOrder: 2, cell: ({ line }) => bar(line.items, durationMs) },
      { title: 'time', align: 'right', cell: (one) => duration(sum(one, 'serviceMs')) },
      { title: '', align: 'right', cell: ({ line }) => `${MARKS[line.place]}${timesOf(line)}` },
      { title: 'rows', align: 'right', dropOrder: 5, cell: (one) => count(sum(one, 'rows')) },
      { title: 'source', dropOrder: 3, cell: sourceOf },
      ...(several('pool')
        ? [{ title: 'pool', dropOrder: 4, cell: ({ first }: Shown) => oneLine(first.pool) } as const]
        : []),
      ...(statements.some(({ caller }) => caller !== '')
        ? [{ title: 'caller', dropOrder: 1, cell: ({ first }: Shown) => oneLine(first.caller) } as const]
        : []),
      {
        title: 'statement',
        flexible: true,
        cell: ({ first }) => {
          const text = oneLine(shortSql(queries.get(first.fingerprint) ?? first.fingerprint));
          return first.sqlstate === '' ? text : `${namedSqlstate(first.sqlstate)}: ${text}`;
        },
      },
    ],
    screen,
  );
}

/** Lines that take turns are held together. */
const MARKS = { alone: '', first: '┌', inner: '│', last: '└' } as const;
const BAR_COLUMNS = 16;

function timesOf({ items }: Line<SampledStatement>): string {
  return items.length === 1 ? '' : `${count(items.length)}×`;
}

/** Where in the request it ran: each execution takes at least one column. */
function bar(items: readonly SampledStatement[], durationMs: number): string {
  const columns = Array.from({ length: BAR_COLUMNS }, () => '·');
  const scale = durationMs === 0 ? 0 : BAR_COLUMNS / durationMs;
  for (const { startMs, serviceMs } of items) {
    const from = Math.min(BAR_COLUMNS - 1, Math.floor(startMs * scale));
    const to = Math.min(BAR_COLUMNS, Math.max(from + 1, Math.round((startMs + serviceMs) * scale)));
    columns.fill('█', from, to);
  }
  return columns.join('');
}

function sourceOf({ first: { source, construct } }: Shown): string {
  return oneLine(construct === '' ? source : `${source}/${construct}`);
}
