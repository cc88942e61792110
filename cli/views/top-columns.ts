// The columns of `top`, and the order in which they go where the screen is narrow.
// Invariant: the column that rows are sorted by stays; so do fingerprint and text. Not here: the lines around the table
// (top.ts).

import type { StatementSort } from '../../facts/statement-order.js';
import { shortSql } from '../../facts/words/short-sql.js';
import type { StatementJson } from '../../reports/forms/statements-json.js';
import { count, duration, share } from '../terminal/format.js';
import { coloured, oneLine, type Screen } from '../terminal/output.js';
import type { Column } from '../terminal/table.js';

export function trendKey({ fingerprint, source }: { fingerprint: string; source: string }): string {
  return `${fingerprint} ${source}`;
}

interface TableOptions {
  readonly sort: StatementSort;
  readonly wholeMs: number;
  readonly trends?: ReadonlyMap<string, string>;
  readonly screen: Screen;
}

/** A beginning is enough for `show`, as long as it tells the rows apart. */
const FINGERPRINT_SHOWN = 8;

export function digitsOf(fingerprints: readonly string[]): number {
  const distinct = new Set(fingerprints);
  let digits = FINGERPRINT_SHOWN;
  while (new Set([...distinct].map((one) => one.slice(0, digits))).size < distinct.size) digits++;
  return digits;
}

const PER_REQUEST: Column<StatementJson> & { key: StatementSort } = {
  title: 'per request',
  key: 'per-request',
  align: 'right',
  cell: (row) => (row.calls_per_request === null ? '–' : row.calls_per_request.toFixed(1)),
};

export function columnsFor(
  shown: readonly StatementJson[],
  { sort, wholeMs, trends, screen }: TableOptions,
): Column<StatementJson>[] {
  const digits = digitsOf(shown.map(({ fingerprint }) => fingerprint));
  const columns: Array<Column<StatementJson> & { key?: StatementSort }> = [
    // Errors are executions too; calls are those that ended well.
    sort === 'calls'
      ? { title: 'calls', key: 'calls', align: 'right', cell: (row) => count(row.calls) }
      : { title: 'executions', align: 'right', cell: (row) => count(row.calls + row.errors) },
    {
      title: 'errors',
      key: 'errors',
      align: 'right',
      // The first column to drop if it is empty.
      dropOrder: shown.some((row) => row.errors > 0) ? 1.8 : 10,
      cell: (row) => (row.errors === 0 ? '' : count(row.errors)),
    },
    { title: 'rows', key: 'rows', align: 'right', dropOrder: 8, cell: (row) => count(row.rows) },
    { title: 'total', key: 'total', align: 'right', cell: (row) => duration(row.total_ms) },
    ...(sort === 'per-request' ? [PER_REQUEST] : []),
    { title: 'share', align: 'right', dropOrder: 5, cell: (row) => share(row.total_ms, wholeMs) },
    { title: 'mean', key: 'mean', align: 'right', dropOrder: 2, cell: (row) => duration(row.mean_ms) },
    { title: 'p95', key: 'p95', align: 'right', dropOrder: 4, cell: (row) => duration(row.p95_ms) },
    { title: 'p99', key: 'p99', align: 'right', dropOrder: 7, cell: (row) => duration(row.p99_ms) },
    { title: 'max', key: 'max', align: 'right', dropOrder: 6, cell: (row) => duration(row.max_ms) },
    {
      title: 'source',
      // Dropped late if the rows differ in it: it is what people use this tool for.
      dropOrder: new Set(shown.map(({ source }) => source)).size > 1 ? 1 : 6,
      cell: ({ source, construct }) => {
        const isWhole = construct !== '' && screen.width >= NARROW;
        return coloured(oneLine(isWhole ? `${source}/${construct}` : source), { source, screen });
      },
    },
    ...tagColumn(shown, { key: 'caller', dropOrder: 1.5, say: screen.width < WIDE ? placeText : oneLine }),
    ...tagColumn(shown, { key: 'route', dropOrder: 5.5, say: oneLine }),
    ...(trends === undefined
      ? []
      : [{ title: 'trend', dropOrder: 9, cell: (row: StatementJson) => trends.get(trendKey(row)) ?? '' }]),
    { title: 'fingerprint', cell: (row) => row.fingerprint.slice(0, digits) },
    { title: 'query', flexible: true, cell: (row) => oneLine(shortSql(row.query)) },
  ];
  // The column that the rows are sorted by is never dropped.
  return columns.map((column) =>
    column.key === sort ? { ...column, title: `${column.title}↓`, dropOrder: undefined } : column,
  );
}

/** The first value and the number of others; no column where no row has one. It shows where there is room. */
function tagColumn(
  shown: readonly StatementJson[],
  { key, dropOrder, say }: { key: string; dropOrder: number; say: (value: string) => string },
): Column<StatementJson>[] {
  if (shown.every((row) => (row.tags[key] ?? []).length === 0)) return [];
  const cell = (row: StatementJson): string => {
    const [first = '', ...others] = row.tags[key] ?? [];
    return others.length === 0 ? say(first) : `${say(first)} +${others.length}`;
  };
  return [{ title: key, dropOrder, cell }];
}

/** Columns from which on a path is shown whole. */
const WIDE = 160;
/** Columns below which the source stands without its construct. */
const NARROW = 120;

/** `shop/store/views/reports.py:41 sales` → `views/reports.py:41` */
function placeText(caller: string): string {
  return oneLine(
    caller
      .replace(/(:\d+) .*$/, '$1')
      .split('/')
      .slice(-2)
      .join('/'),
  );
}
