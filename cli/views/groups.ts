// Prints `top --group-by`: a row per route, caller, pool or table, with the cost of one request.
// Invariant: every execution that fits is in a row, or in the lines below the table. Not here: rows and their order
// (reports/groups/groups-json.ts).

import type { GroupsReport } from '../../reports/groups/groups.js';
import { type GroupJson, groupsJson } from '../../reports/groups/groups-json.js';
import type { GroupsQuery } from '../../reports/questions/groups-query.js';
import { count, duration, share } from '../terminal/format.js';
import { coloured, oneLine, print, printJson, type Screen, screenOf } from '../terminal/output.js';
import { type Column, renderTable } from '../terminal/table.js';
import { boldLines, dimLines, headerOf } from './top.js';

export function printGroups(report: GroupsReport, options: { query: GroupsQuery; json: boolean }): void {
  const { query } = options;
  if (options.json) printJson(groupsJson(report, { ...query, by: query.groupBy }));
  else print(groupsText(report, { query, screen: screenOf(process.stdout, process.env) }));
}

export function groupsText(report: GroupsReport, { query, screen }: { query: GroupsQuery; screen: Screen }): string {
  const by = query.groupBy;
  const dim = (text: string): string[] => dimLines(text, screen);
  const lines = boldLines(headerOf(report), screen);
  const all = groupsJson(report, { ...query, by, limit: 0 }).groups;
  const named = all.filter(({ value }) => value !== '');
  const shown = query.limit === 0 ? named : named.slice(0, query.limit);
  if (shown.length === 0) return [...lines, '', `Nothing that fits has a ${by}.`].join('\n');
  lines.push('', renderTable(shown, columnsFor(shown, { query, screen }), screen), '');
  const left = named.slice(shown.length);
  if (left.length > 0) lines.push(...dim(`${count(left.length)} more, ${sumOf(left, all)}: --limit 0 shows all`));
  const rest = all.filter(({ value }) => value === '');
  if (rest.length > 0) lines.push(...dim(`without a ${by}: ${sumOf(rest, all)}, ${mixOf(rest[0])}`));
  if (shown.some(({ requests }) => requests !== null)) {
    const unknown = shown.some(({ requests }) => requests === null) ? UNKNOWN_REQUESTS : '';
    lines.push(
      ...dim(
        `requests: as far as comments name them; /request: statements and database time of one, on average${unknown}`,
      ),
    );
  }
  const first = filterFor(by, shown[0].value);
  if (first !== '') lines.push(...dim(`pgwitness top ${first}   shows its statements`));
  return lines.join('\n').trimEnd();
}

const UNKNOWN_REQUESTS = '; –: none is named, or its statements need not meet in one request';

function columnsFor(
  shown: readonly GroupJson[],
  { query, screen }: { query: GroupsQuery; screen: Screen },
): Column<GroupJson>[] {
  const { sort } = query;
  const perRequest = shown.some(({ requests }) => requests !== null);
  const requests: Array<Column<GroupJson> & { key?: string }> = [
    {
      title: 'requests',
      align: 'right',
      dropOrder: 4,
      cell: (row) => (row.requests === null ? '–' : count(row.requests)),
    },
    {
      title: 'statements/request',
      key: 'per-request',
      align: 'right',
      dropOrder: 2,
      cell: (row) => (row.calls_per_request === null ? '–' : row.calls_per_request.toFixed(1)),
    },
    { title: 'time/request', align: 'right', dropOrder: 1, cell: (row) => duration(row.ms_per_request) },
  ];
  const columns: Array<Column<GroupJson> & { key?: string }> = [
    { title: query.groupBy, flexible: true, cell: (row) => oneLine(row.value) },
    { title: 'total', key: 'total', align: 'right', cell: (row) => duration(row.total_ms) },
    { title: 'share', align: 'right', cell: (row) => share(row.share, 1) },
    ...(perRequest ? requests : []),
    { title: 'executions', key: 'calls', align: 'right', dropOrder: 5, cell: (row) => count(row.calls + row.errors) },
    {
      title: 'errors',
      key: 'errors',
      align: 'right',
      dropOrder: shown.some(({ errors }) => errors > 0) ? 3 : 12,
      cell: (row) => (row.errors === 0 ? '' : count(row.errors)),
    },
    { title: 'statements', align: 'right', dropOrder: 9, cell: (row) => count(row.statements) },
    { title: 'mean', key: 'mean', align: 'right', dropOrder: 7, cell: (row) => duration(row.mean_ms) },
    { title: 'p95', key: 'p95', align: 'right', dropOrder: 6, cell: (row) => duration(row.p95_ms) },
    { title: 'p99', key: 'p99', align: 'right', dropOrder: 10, cell: (row) => duration(row.p99_ms) },
    { title: 'max', key: 'max', align: 'right', dropOrder: 11, cell: (row) => duration(row.max_ms) },
    { title: 'rows', key: 'rows', align: 'right', dropOrder: 12, cell: (row) => count(row.rows) },
    { title: 'sources', dropOrder: 8, cell: (row) => sourcesOf(row, screen) },
  ];
  return columns.map((column) =>
    column.key === sort ? { ...column, title: `${column.title}↓`, dropOrder: undefined } : column,
  );
}

function sourcesOf({ sources }: GroupJson, screen: Screen): string {
  return Object.keys(sources)
    .map((source) => coloured(oneLine(source), { source, screen }))
    .join(', ');
}

function sumOf(some: readonly GroupJson[], all: readonly GroupJson[]): string {
  const ms = (groups: readonly GroupJson[]): number => groups.reduce((sum, { total_ms }) => sum + total_ms, 0);
  const executions = some.reduce((sum, { calls, errors }) => sum + calls + errors, 0);
  return `${count(executions)} executions, ${duration(ms(some))} (${share(ms(some), ms(all))})`;
}

function mixOf({ sources, calls, errors }: GroupJson): string {
  return Object.entries(sources)
    .map(([source, executions]) => `${oneLine(source)} ${share(executions, calls + errors)}`)
    .join(', ');
}

/** The flag that asks for a group's statements, quoted for a shell where needed; '' = there is none. */
function filterFor(by: string, value: string): string {
  const typed = /^[\w./:@%+-]+$/.test(value) ? value : `'${oneLine(value).replaceAll("'", "'\\''")}'`;
  return ['pool', 'table', 'source', 'construct'].includes(by) ? `--${by} ${typed}` : `--tag ${by}=${typed}`;
}
