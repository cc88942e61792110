// The list of statements: the API filters it; the page searches and sorts it, 20,000 rows at once.
// Invariant: what is left out of the table is said below it. The first rows are asked for by themselves, so that nobody
// waits for the last one. Not here: one statement (statement-view.tsx), its columns (columns.tsx).

import { useMemo, useState } from 'preact/hooks';
import { SORT_COLUMNS, STATEMENT_SORTS } from '../../../../facts/statement-order.js';
import { HIDDEN_SOURCES } from '../../../../facts/verdict.js';
import type { BriefStatementJson, BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import { linkTo, replaceAddress, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { NothingYet, Observed, Problem, Reading } from '../../parts/parts.js';
import { VirtualTable } from '../../parts/virtual-table.js';
import { columnsFor, StatementCell } from './columns.js';
import { StatementFilters } from './statement-filters.js';
import { useTrends } from './trends.js';

/** A row of a list has no p99. */
const SORTS = STATEMENT_SORTS.filter((sort) => sort !== 'p99');
type Sort = (typeof SORTS)[number];

const NONE: readonly BriefStatementJson[] = [];
/** The list needs no whole texts: "brief" cuts them. */
const LIST = { form: 'brief', limit: '0' };
/** Rows that are there before all others are. */
const FIRST_ROWS = '200';
const ASKED = ['source', 'pool', 'tag', 'table', 'handwritten'] as const;

export function StatementsView({ address, live, version }: ViewProps) {
  const { filters } = address;
  const asked = Object.fromEntries(ASKED.map((name) => [name, filters[name]]));
  const path = (more: Record<string, string>): string =>
    `/api/v1/statements?${queryOf(address, { ...LIST, ...asked, ...more })}`;
  const sort = SORTS.find((known) => known === filters.sort) ?? 'total';
  const hide = filters.source ? '' : HIDDEN_SOURCES.join(',');
  const wholePath = path({});
  // Once all rows are there, another order or word asks nothing.
  const firstPath = useMemo(() => (filters.find ? '' : path({ limit: FIRST_ROWS, sort, hide })), [wholePath]);
  const first = useReport<BriefStatementsJson>(firstPath, { live: false, version });
  const isFirst = firstPath === '' || (first.path === firstPath && !first.loading);
  // Reports are made one after another: what is long must not be in the way of what is short.
  const whole = useReport<BriefStatementsJson>(isFirst ? wholePath : '', { live, version });
  const isWhole = whole.data !== undefined && whole.path === wholePath;
  const shownFirst = first.data !== undefined && (first.path === firstPath || whole.data === undefined);
  const report = isWhole || !shownFirst ? whole : { ...first, problem: first.problem ?? whole.problem };
  const all = report.data?.statements ?? NONE;
  const { shown, hidden, wholeMs } = useMemo(
    () => chosen(all, { find: filters.find ?? '', sort, hide: !filters.source }),
    [all, filters.find, sort, filters.source],
  );
  const [visible, setVisible] = useState<readonly [number, number]>([0, 40]);
  const trends = useTrends(shown.slice(...visible), queryOf(address, { pool: filters.pool, tag: filters.tag }));
  const columns = useMemo(
    () => columnsFor(isWhole ? wholeMs : undefined, { trends, sort }),
    [isWhole, wholeMs, trends, sort],
  );
  return (
    <>
      <h1 class="sr-only">Statements</h1>
      <StatementFilters address={address} isAsking={isFirst} />
      <Problem problem={report.problem} />
      {report.data === undefined && !report.problem && <Reading />}
      {report.data && <Observed report={report.data} />}
      {isWhole && shown.length === 0 && <Nothing address={address} known={all.length > 0} />}
      {shown.length > 0 && (
        <VirtualTable
          label="Statements"
          rows={shown}
          columns={columns}
          keyOf={(row) => `${row.fingerprint} ${row.source}`}
          hrefOf={(row) => writeAddress({ ...address, id: row.fingerprint })}
          linkOf={(row) => <StatementCell row={row} />}
          linkTitle="Statement"
          sort={sort}
          onSort={(key) => replaceAddress({ ...address, filters: { ...filters, sort: key === 'total' ? '' : key } })}
          onVisible={(first, last) => setVisible([first, last])}
        />
      )}
      {report.data && all.length > 0 && (
        <p class="below">
          {isWhole ? `${count(shown.length)} statements shown` : `The first ${count(shown.length)}; all others follow.`}
          {hidden.rows > 0 &&
            `, ${count(hidden.rows)} of housekeeping and tools left out (${count(hidden.executions)} executions, ${duration(hidden.totalMs)})`}
        </p>
      )}
    </>
  );
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
  const text = `${row.query} ${row.summary} ${row.fingerprint} ${row.construct} ${row.caller}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

const NARROWING = ['find', 'source', 'pool', 'tag', 'table', 'handwritten'] as const;

function Nothing({ address, known }: { address: ViewProps['address']; known: boolean }) {
  const isNarrowed = NARROWING.some((name) => (address.filters[name] ?? '') !== '');
  if (!known && !isNarrowed) return <NothingYet address={address} />;
  if (!isNarrowed)
    return <p class="nothing">Only housekeeping and tools were observed. Choose one of them as source.</p>;
  const since = address.filters.since ?? '';
  return (
    <p class="nothing">
      No statement fits. <a href={linkTo(address, { view: 'statements' })}>Clear the filters</a>
      {since !== EVERYTHING && (
        <>
          , or{' '}
          <a href={writeAddress({ ...address, filters: { ...address.filters, since: EVERYTHING, until: '' } })}>
            look at everything stored
          </a>
        </>
      )}
      .
    </p>
  );
}
