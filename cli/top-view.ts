// How `top` is printed: a header that says what was and was not observed, a table that fits, what was folded away.
// Invariant: every execution of the report is in a row, in a folded line, or in "more" below the table.
// Not here: which rows and in what order (storage/report-json.ts).

import type { StatementsQuery } from '../dashboards/http/parameters.js';
import { type StatementJson, type StatementsJson, statementsJson } from '../storage/report-json.js';
import type { Observed, StatementFacts, StatementsReport } from '../storage/report-types.js';
import { ordered, type StatementSort } from '../storage/statement-order.js';
import { count, duration, share, span } from './format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from './output.js';
import { type Column, renderTable } from './table.js';

export interface TopOptions {
  readonly query: StatementsQuery;
  /** Housekeeping and tools as rows too. */
  readonly all: boolean;
  readonly json: boolean;
  /** What was read, for a person. */
  readonly read: string;
  /** Sparklines of the rows shown, by trendKey; none = no such column. */
  readonly trends?: ReadonlyMap<string, string>;
  /** Flags that name the same place, for the command to go on with; none = it is not told. */
  readonly place?: string;
}

export function trendKey({ fingerprint, source }: { fingerprint: string; source: string }): string {
  return `${fingerprint} ${source}`;
}

const FOLDED: ReadonlySet<string> = new Set(['housekeeping', 'tool']);

export function printTop(report: StatementsReport, options: TopOptions): void {
  const { query } = options;
  if (options.json) {
    printJson(statementsJson(report, query));
    return;
  }
  print(topText(report, { ...options, screen: screenOf(process.stdout, process.env) }));
}

export function topText(report: StatementsReport, options: TopOptions & { readonly screen: Screen }): string {
  const { query, screen } = options;
  const json = statementsJson(report, { ...query, limit: 0 });
  if (json.statements.length === 0) return nothing(report, options);
  const { fold, rows, shown } = partsOf(json.statements, options);
  const wholeMs = json.statements.reduce((sum, row) => sum + row.total_ms, 0);
  const lines = [styled(headerOf(report), { style: 'bold', screen }), ''];
  if (shown.length > 0)
    lines.push(renderTable(shown, columnsFor(shown, { sort: query.sort, wholeMs, trends: options.trends }), screen));
  else lines.push('Only housekeeping and tools were seen; --all shows them.');
  const left = rows.slice(shown.length);
  if (left.length > 0) {
    lines.push(styled(`… ${summaryOf(left, wholeMs)}: --limit 0 shows all`, { style: 'dim', screen }));
  }
  if (fold) {
    for (const source of FOLDED) {
      const folded = json.statements.filter((row) => row.source === source);
      if (folded.length > 0) lines.push(styled(`${source}: ${summaryOf(folded, wholeMs)}`, { style: 'dim', screen }));
    }
  }
  if (options.place !== undefined && shown.length > 0) {
    const next = `pgwitness show ${shown[0].fingerprint}${options.place}`;
    lines.push('', styled(`${next}   who sends it, and how that is known`, { style: 'dim', screen }));
  }
  return lines.join('\n');
}

/** What the table needs of a local store: every row for its sums, percentiles of those that are shown. */
export function neededFor({ query, all }: Pick<TopOptions, 'query' | 'all'>): StatementsQuery {
  if (query.limit === 0) return query;
  const fold = !all && !FOLDED.has(query.filter.source ?? '');
  return { ...query, limit: 0, percentilesOf: { limit: query.limit, exceptSources: fold ? FOLDED : new Set() } };
}

/** The rows that the table shows, before it is printed. */
export function shownRows(report: StatementsReport, options: Pick<TopOptions, 'query' | 'all'>): StatementFacts[] {
  const inOrder = ordered(report.statements, { ...options.query, limit: 0 });
  return partsOf(inOrder, options).shown;
}

function partsOf<Row extends { readonly source: string }>(
  statements: readonly Row[],
  { query, all }: Pick<TopOptions, 'query' | 'all'>,
): { fold: boolean; rows: Row[]; shown: Row[] } {
  const fold = !all && !FOLDED.has(query.filter.source ?? '');
  const rows = statements.filter((row) => !fold || !FOLDED.has(row.source));
  return { fold, rows, shown: query.limit === 0 ? rows : rows.slice(0, query.limit) };
}

/** "2026-01-31 08:00 – 08:20 UTC (20 min) · 12,345 executions observed · 0 not observed · 0.4 % unknown" */
export function headerOf({ window, observed }: Pick<StatementsReport, 'window' | 'observed'>): string {
  const parts = [
    span(window.sinceMs, window.untilMs),
    `${count(observed.statements)} executions observed`,
    `${count(observed.notObserved)} not observed${reasons(observed)}`,
    `${share(observed.unknown, observed.statements)} unknown`,
  ];
  if (!observed.exact) parts.push(`not exact: ${inexactness(observed)}`);
  return parts.join(' · ');
}

function inexactness({ notObservedByReason }: Observed): string {
  const killed = notObservedByReason.get('killed') ?? 0;
  if (killed === 0) return 'a session could not be followed';
  const times = killed === 1 ? 'once' : `${count(killed)} times`;
  return `pgwitness was killed ${times}, what came after its last flush is missing`;
}

/** What these count is no execution. */
const EVENTS: ReadonlySet<string> = new Set(['opaque_session', 'loop_late_session', 'killed']);

function reasons({ notObservedByReason }: Observed): string {
  const some = [...notObservedByReason].filter(([reason, number]) => number > 0 && !EVENTS.has(reason));
  return some.length === 0
    ? ''
    : ` (${some.map(([reason, number]) => `${oneLine(reason)} ${count(number)}`).join(', ')})`;
}

function nothing({ observed, window }: StatementsReport, { read }: TopOptions): string {
  if (observed.statements > 0) {
    return `${headerOf({ window, observed })}\n\nNo statement fits these filters. Leave one out, or widen --since.`;
  }
  return [
    `Nothing observed yet in ${oneLine(read)}.`,
    'Let the application connect to pgwitness instead of to Postgres (run --listen, by default 127.0.0.1:6433), run some',
    'queries, and try again in a second or two. With --since or --until, a wider window may hold more.',
  ].join('\n');
}

function summaryOf(rows: StatementsJson['statements'], wholeMs: number): string {
  let calls = 0;
  let totalMs = 0;
  for (const row of rows) {
    calls += row.calls + row.errors;
    totalMs += row.total_ms;
  }
  const statements = `${count(rows.length)} ${rows.length === 1 ? 'statement' : 'statements'}`;
  return `${statements}, ${count(calls)} executions, ${duration(totalMs)} (${share(totalMs, wholeMs)})`;
}

interface TableOptions {
  readonly sort: StatementSort;
  readonly wholeMs: number;
  readonly trends?: ReadonlyMap<string, string>;
}

function columnsFor(shown: readonly StatementJson[], { sort, wholeMs, trends }: TableOptions): Column<StatementJson>[] {
  const columns: Array<Column<StatementJson> & { key?: StatementSort }> = [
    { title: 'calls', key: 'calls', align: 'right', cell: (row) => count(row.calls) },
    {
      title: 'errors',
      key: 'errors',
      align: 'right',
      // With nothing in it, it is the first to go.
      dropOrder: shown.some((row) => row.errors > 0) ? 3 : 10,
      cell: (row) => (row.errors === 0 ? '' : count(row.errors)),
    },
    { title: 'rows', key: 'rows', align: 'right', dropOrder: 8, cell: (row) => count(row.rows) },
    { title: 'total', key: 'total', align: 'right', cell: (row) => duration(row.total_ms) },
    { title: 'share', align: 'right', dropOrder: 5, cell: (row) => share(row.total_ms, wholeMs) },
    { title: 'mean', key: 'mean', align: 'right', dropOrder: 2, cell: (row) => duration(row.mean_ms) },
    { title: 'p95', key: 'p95', align: 'right', dropOrder: 4, cell: (row) => duration(row.p95_ms) },
    { title: 'p99', key: 'p99', align: 'right', dropOrder: 7, cell: (row) => duration(row.p99_ms) },
    { title: 'max', key: 'max', align: 'right', dropOrder: 6, cell: (row) => duration(row.max_ms) },
    {
      title: 'source',
      // Where rows differ in it, it is what this tool is asked for.
      dropOrder: new Set(shown.map(({ source }) => source)).size > 1 ? 1 : 6,
      cell: (row) => oneLine(row.construct === '' ? row.source : `${row.source}/${row.construct}`),
    },
    ...(trends === undefined
      ? []
      : [{ title: 'trend', dropOrder: 9, cell: (row: StatementJson) => trends.get(trendKey(row)) ?? '' }]),
    { title: 'fingerprint', cell: (row) => row.fingerprint },
    { title: 'query', flexible: true, cell: (row) => oneLine(row.query) },
  ];
  // What the rows are sorted by stays, however narrow the screen.
  return columns.map((column) =>
    column.key === sort ? { ...column, title: `${column.title}↓`, dropOrder: undefined } : column,
  );
}
