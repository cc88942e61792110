// The rows of a comparison: what changed, how much, and whether that is more than noise.
// Invariant: the judged ones come first. Not here: asking (compare-view.tsx).

import { changeWords } from '../../../../facts/words/changes.js';
import { shortSql } from '../../../../facts/words/short-sql.js';
import type { ComparedRowJson, ComparisonJson } from '../../../../reports/compare/comparison-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { capital, count, duration, each } from '../../data/format.js';
import { Source } from '../../parts/parts.js';
import { type Column, Table } from '../../parts/tables.js';

interface ChangesProps {
  readonly address: Address;
  readonly data: ComparisonJson & { readonly rows_all: number };
}

const ORDER = ['slower', 'new', 'gone', 'faster'];

export function ChangesTable({ address, data }: ChangesProps) {
  const { rows, group_by: by, left_out: leftOut } = data;
  const rank = ({ judgement }: ComparedRowJson): number => {
    const at = ORDER.indexOf(judgement);
    return at < 0 ? ORDER.length : at;
  };
  const sorted = [...rows].sort((a, b) => rank(a) - rank(b));
  if (rows.length === 0) return <p class="nothing">Nothing ran on either side.</p>;
  return (
    <>
      <Table caption="Changes" rows={sorted} columns={columnsFor(address, { by, rows })} />
      <p class="below">
        {count(rows.length)} of {count(data.rows_all)} rows, the judged ones first
        {Object.entries(leftOut).map(
          ([source, [before, after]]) => ` · ${source}: ${count(before)} → ${count(after)} executions left out`,
        )}
      </p>
    </>
  );
}

function columnsFor(
  address: Address,
  { by, rows }: { by: string | null; rows: readonly ComparedRowJson[] },
): Column<ComparedRowJson>[] {
  const both = (row: ComparedRowJson, cell: (side: NonNullable<ComparedRowJson['before']>) => string): string =>
    `${row.before === null ? '–' : cell(row.before)} → ${row.after === null ? '–' : cell(row.after)}`;
  const perRequest: Column<ComparedRowJson>[] = rows.some(
    ({ before, after }) => (before?.calls_per_request ?? after?.calls_per_request ?? null) !== null,
  )
    ? [
        {
          title: by === null ? 'In each' : 'Statements',
          help: by === null ? 'executions in each request' : 'in each request',
          cell: (row) => both(row, ({ calls_per_request: n }) => (n === null ? '–' : each(n))),
        },
        {
          title: 'Time in each',
          help: 'in the database, in each request',
          cell: (row) => both(row, ({ ms_per_request: ms }) => duration(ms)),
        },
      ]
    : [];
  const ofStatement: Column<ComparedRowJson>[] =
    by === null ? [{ title: 'p95', cell: (row) => both(row, ({ p95_ms }) => duration(p95_ms)), from: 'wide' }] : [];
  return [
    { title: by === null ? 'Statement' : capital(by), cell: (row) => <Name address={address} row={row} by={by} /> },
    { title: 'Change', cell: (row) => <Judged row={row} />, words: true },
    ...perRequest,
    {
      title: 'Mean',
      help: 'of one statement',
      cell: (row) => both(row, ({ mean_ms }) => duration(mean_ms)),
      from: perRequest.length > 0 ? 'wide' : undefined,
    },
    {
      title: 'A minute',
      help: 'executions, per minute that was recorded',
      cell: (row) => both(row, ({ executions_per_minute: n }) => (n === null ? '–' : each(n))),
    },
    ...ofStatement,
  ];
}

function Name({ address, row, by }: { address: Address; row: ComparedRowJson; by: string | null }) {
  const { key, query, source } = row;
  if (by === null) {
    return (
      <>
        <a class="two-lines" href={linkTo(address, { view: 'statements', id: key })}>
          <code>{shortSql(query)}</code>
        </a>
        <span class="below-line">
          <Source name={source} />
        </span>
      </>
    );
  }
  if (!['route', 'job', 'command'].includes(by)) return <>{key}</>;
  return (
    <a class="one-line" href={linkTo(address, { view: 'routes', id: `${by}:${key}` })}>
      {key}
    </a>
  );
}

/** In the words of the terminal; what is more than noise has a colour. */
export function Judged({ row }: { row: Pick<ComparedRowJson, 'judgement'> & Parameters<typeof changeWords>[0] }) {
  const { text, aside } = changeWords(row);
  const judged = ORDER.includes(row.judgement);
  return (
    <>
      <span class={judged ? `judgement ${row.judgement}` : 'unjudged'}>{text}</span>
      <span class="unjudged">{aside}</span>
    </>
  );
}
