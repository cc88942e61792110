// The list of statements: the API filters, searches and sorts it, 20,000 rows and more.
// Invariant: what is left out of the table is said below it; rows are asked for as they come into view (pages.ts).
// Not here: one statement (statement-view.tsx), its columns (columns.tsx).

import { useEffect, useMemo, useState } from 'preact/hooks';
import { STATEMENT_SORTS } from '../../../../facts/statement-order.js';
import { HIDDEN_SOURCES } from '../../../../facts/verdict.js';
import type { BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import { linkTo, replaceAddress, writeAddress } from '../../data/address.js';
import { count, duration } from '../../data/format.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { NothingYet, Observed, Problem, Reading } from '../../parts/parts.js';
import { VirtualTable } from '../../parts/virtual-table.js';
import { columnsFor, StatementCell } from './columns.js';
import { usePages } from './pages.js';
import { StatementFilters } from './statement-filters.js';
import { useTrends } from './trends.js';

/** A row of a list has no p99. */
const SORTS = STATEMENT_SORTS.filter((sort) => sort !== 'p99');

/** The list needs no whole texts: "brief" cuts them. */
const FORM = 'brief';
const ASKED = ['find', 'source', 'pool', 'tag', 'table', 'handwritten'] as const;

export function StatementsView({ address, live, version }: ViewProps) {
  const { filters } = address;
  const asked = Object.fromEntries(ASKED.map((name) => [name, filters[name]?.trim()]));
  const sort = SORTS.find((known) => known === filters.sort) ?? 'total';
  const hides = !filters.source;
  const question = queryOf(address, { form: FORM, sort, hide: hides ? HIDDEN_SOURCES.join(',') : '', ...asked });
  const [visible, setVisible] = useState<readonly [number, number]>([0, 40]);
  const path = useTyped(`/api/v1/statements?${question}`, filters.find ?? '');
  const { report, rows, isAnswered } = usePages(path, { live, version, visible, hides });
  const there = rows.slice(...visible).filter((row) => row !== undefined);
  const trends = useTrends(there, queryOf(address, { pool: filters.pool, tag: filters.tag }));
  const wholeMs = sumOf(report.data, (_, { total_ms }) => total_ms);
  const columns = useMemo(() => columnsFor(wholeMs, { trends, sort }), [wholeMs, trends, sort]);
  return (
    <>
      <h1 class="sr-only">Statements</h1>
      <StatementFilters address={address} isAsking={isAnswered} />
      <Problem problem={report.problem} />
      {report.data === undefined && !report.problem && <Reading />}
      {report.data && <Observed report={report.data} />}
      {isAnswered && rows.length === 0 && (
        <Nothing address={address} known={report.data !== undefined && Object.keys(report.data.sums).length > 0} />
      )}
      {rows.length > 0 && (
        <VirtualTable
          label="Statements"
          rows={rows}
          columns={columns}
          hrefOf={(row) => writeAddress({ ...address, id: row.fingerprint })}
          linkOf={(row) => <StatementCell row={row} />}
          linkTitle="Statement"
          sort={sort}
          onSort={(key) => replaceAddress({ ...address, filters: { ...filters, sort: key === 'total' ? '' : key } })}
          onVisible={(first, last) => setVisible([first, last])}
        />
      )}
      {isAnswered && report.data && (
        <p class="below">
          {rows.length > 0 && `${count(rows.length)} ${rows.length === 1 ? 'statement' : 'statements'} listed`}
          <LeftOut data={report.data} hides={hides} />
        </p>
      )}
    </>
  );
}

type Sums = BriefStatementsJson['sums'][string];

function sumOf(data: BriefStatementsJson | undefined, of: (source: string, sums: Sums) => number): number {
  return Object.entries(data?.sums ?? {}).reduce((sum, [source, sums]) => sum + of(source, sums), 0);
}

function LeftOut({ data, hides }: { data: BriefStatementsJson; hides: boolean }) {
  const hidden = (of: (sums: Sums) => number): number =>
    sumOf(data, (source, sums) => (hides && HIDDEN_SOURCES.includes(source) ? of(sums) : 0));
  const statements = hidden((sums) => sums.statements);
  if (statements === 0) return null;
  const executions = count(hidden((sums) => sums.executions));
  const time = duration(hidden((sums) => sums.total_ms));
  return <>{`, ${count(statements)} of housekeeping and tools left out (${executions} executions, ${time})`}</>;
}

const TYPING_MS = 200;

/** The question, as soon as nobody types any more; any other change is asked at once. */
function useTyped(path: string, typed: string): string {
  const [asked, setAsked] = useState({ path, typed });
  const isTyping = asked.typed !== typed;
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ path, typed }), isTyping ? TYPING_MS : 0);
    return () => clearTimeout(timer);
  }, [path, typed]);
  return isTyping ? asked.path : path;
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
