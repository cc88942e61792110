// The list of statements: the API filters it; the page searches and sorts it, 20,000 rows at once.
// Invariant: what is left out of the table is said below it. Not here: one statement (statement-page.tsx).

import { useMemo } from 'preact/hooks';
import { SORT_COLUMNS, STATEMENT_SORTS } from '../../../facts/statement-order.js';
import { HIDDEN_SOURCES } from '../../../facts/verdict.js';
import { shortSql } from '../../../facts/words/short-sql.js';
import type { BriefStatementJson, BriefStatementsJson } from '../../../reports/forms/statement-json.js';
import { type Address, replaceAddress, writeAddress } from '../data/address.js';
import { useReport } from '../data/api.js';
import { count, duration, share } from '../data/format.js';
import { colourOf } from '../data/sources.js';
import { NothingYet, Observed, Problem, Source } from '../parts/parts.js';
import { type VirtualColumn, VirtualTable } from '../parts/virtual-table.js';
import { StatementFilters } from './statement-filters.js';

/** A row of a list has no p99. */
const SORTS = STATEMENT_SORTS.filter((sort) => sort !== 'p99');
type Sort = (typeof SORTS)[number];

export interface PageProps {
  readonly address: Address;
  readonly live: boolean;
  readonly version: number;
  readonly retry: () => void;
}

export function StatementsPage({ address, live, version, retry }: PageProps) {
  const { filters } = address;
  const report = useReport<BriefStatementsJson>(`/api/v1/statements?${queryOf(filters)}`, { live, version });
  const all = report.data?.statements ?? NONE;
  const sort = SORTS.find((known) => known === filters.sort) ?? 'total';
  const { shown, hidden, wholeMs } = useMemo(
    () => chosen(all, { find: filters.find ?? '', sort, hide: !filters.source }),
    [all, filters.find, sort, filters.source],
  );
  const seen = useMemo(() => new Set(all.map(({ source }) => source)), [all]);
  const columns = useMemo(() => columnsFor(wholeMs), [wholeMs]);
  return (
    <>
      <h1 class="sr-only">Statements</h1>
      <StatementFilters address={address} seen={seen} />
      {report.problem && <Problem problem={report.problem} retry={retry} />}
      {report.data && <Observed report={report.data} />}
      {report.data && shown.length === 0 && <Nothing filters={filters} known={all.length > 0} />}
      {shown.length > 0 && (
        <VirtualTable
          label="Statements"
          rows={shown}
          columns={columns}
          keyOf={(row) => `${row.fingerprint} ${row.source}`}
          hrefOf={(row) => writeAddress({ ...address, fingerprint: row.fingerprint })}
          linkOf={(row) => (
            <>
              {/* Where there is no room for its column; the statement's page names it. */}
              <span class="dot only-narrow" style={{ background: `var(${colourOf(row.source)})` }} aria-hidden="true" />
              <code>{shortSql(row.query)}</code>
            </>
          )}
          linkTitle="Statement"
          sort={sort}
          onSort={(key) => replaceAddress({ ...address, filters: { ...filters, sort: key === 'total' ? '' : key } })}
        />
      )}
      {report.data && all.length > 0 && (
        <p class="below">
          {count(shown.length)} statements shown
          {hidden.rows > 0 &&
            `, ${count(hidden.rows)} of housekeeping and tools left out (${count(hidden.executions)} executions, ${duration(hidden.totalMs)})`}
        </p>
      )}
    </>
  );
}

const NONE: readonly BriefStatementJson[] = [];

/** The list needs no whole texts: "brief" cuts them. */
function queryOf(filters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams({ form: 'brief', limit: '0' });
  for (const name of ['source', 'pool', 'tag', 'handwritten', 'since', 'until']) {
    if (filters[name]) query.set(name, filters[name]);
  }
  return query.toString();
}

function chosen(all: readonly BriefStatementJson[], { find, sort, hide }: { find: string; sort: Sort; hide: boolean }) {
  const hidden = { rows: 0, executions: 0, totalMs: 0 };
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const shown: BriefStatementJson[] = [];
  let wholeMs = 0;
  for (const row of all) {
    wholeMs += row.total_ms;
    if (hide && HIDDEN_SOURCES.includes(row.source)) {
      hidden.rows++;
      hidden.executions += row.calls + row.errors;
      hidden.totalMs += row.total_ms;
    } else if (words.length === 0 || fits(row, words)) shown.push(row);
  }
  const column = SORT_COLUMNS[sort];
  const key = (row: BriefStatementJson): number => row[column] ?? -1;
  return { shown: shown.sort((a, b) => key(b) - key(a)), hidden, wholeMs };
}

function fits(row: BriefStatementJson, words: readonly string[]): boolean {
  const text = `${row.query} ${row.summary} ${row.fingerprint} ${row.construct}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function columnsFor(wholeMs: number): VirtualColumn<BriefStatementJson>[] {
  const number = (
    key: string,
    title: string,
    more: { help: string; cell: (row: BriefStatementJson) => string; hide?: 'wide' | 'roomy' },
  ) => ({
    key,
    title,
    help: more.help,
    cell: more.cell,
    className: more.hide === undefined ? 'number' : `number ${more.hide}`,
    sortable: true,
  });
  return [
    number('total', 'Total', { help: 'service time of all executions', cell: (row) => duration(row.total_ms) }),
    {
      key: 'share',
      title: 'Share',
      help: 'of the service time of every statement in this list',
      className: 'share',
      sortable: false,
      cell: (row) => (
        <>
          <meter min={0} max={wholeMs || 1} value={row.total_ms} aria-label="share of time" />
          {share(row.total_ms, wholeMs)}
        </>
      ),
    },
    number('calls', 'Calls', { help: 'executions that completed', cell: (row) => count(row.calls), hide: 'roomy' }),
    number('mean', 'Mean', { help: 'mean service time', cell: (row) => duration(row.mean_ms) }),
    number('p95', 'p95', {
      help: '95 of 100 executions were at most this long',
      cell: (row) => duration(row.p95_ms),
      hide: 'roomy',
    }),
    number('max', 'Max', { help: 'longest execution', cell: (row) => duration(row.max_ms), hide: 'wide' }),
    number('errors', 'Errors', {
      help: 'executions answered by an error',
      cell: (row) => (row.errors === 0 ? '' : count(row.errors)),
      hide: 'wide',
    }),
    number('rows', 'Rows', { help: 'rows returned or changed', cell: (row) => count(row.rows), hide: 'wide' }),
    {
      key: 'source',
      title: 'Source',
      help: 'the source that sent it, and its construct',
      className: 'from',
      sortable: false,
      cell: (row) => <Source name={row.source} construct={row.construct} />,
    },
  ];
}

const NARROWING = ['find', 'source', 'pool', 'tag', 'handwritten'] as const;

function Nothing({ filters, known }: { filters: Readonly<Record<string, string>>; known: boolean }) {
  const isNarrowed = NARROWING.some((name) => (filters[name] ?? '') !== '');
  if (!known && !isNarrowed) return <NothingYet since={filters.since} />;
  if (!isNarrowed)
    return <p class="nothing">Only housekeeping and tools were observed. Choose one of them as source.</p>;
  return <p class="nothing">No statement fits. Clear a filter, or choose a longer time range.</p>;
}
