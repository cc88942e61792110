// The columns of the list of statements, and its cell that says what a statement is.
// Invariant: each number has its explanation on hover. Not here: the list (statements-view.tsx).

import type { StatementSort } from '../../../../facts/statement-order.js';
import { shortSql } from '../../../../facts/words/short-sql.js';
import type { BriefStatementJson } from '../../../../reports/forms/statement-json.js';
import { Spark } from '../../charts/spark.js';
import { count, duration, each, share } from '../../data/format.js';
import { colourOf } from '../../data/sources.js';
import type { VirtualColumn } from '../../parts/virtual-table.js';
import { type Trends, trendKey } from './trends.js';

/** Its text, and who sends it from where. */
export function StatementCell({ row }: { row: BriefStatementJson }) {
  return (
    <>
      <code>{shortSql(row.query)}</code>
      <span class="below-line">
        <span class="dot" style={{ background: `var(${colourOf(row.source)})` }} />
        <span class="maker">
          {row.construct === '' ? row.source : `${row.source} / ${row.construct}`}
          {row.caller !== '' && ' · '}
        </span>
        {row.caller !== '' && (
          <span>
            {row.caller}
            {row.callers_more > 0 && ` and ${row.callers_more} more`}
          </span>
        )}
      </span>
    </>
  );
}

interface NumberColumn {
  readonly help: string;
  readonly cell: (row: BriefStatementJson) => string;
  readonly hide?: 'wide' | 'roomy';
  /** Its title is a long word. */
  readonly broad?: boolean;
}

function number(key: string, title: string, column: NumberColumn): VirtualColumn<BriefStatementJson> {
  const { help, cell, hide = '', broad = false } = column;
  const className = ['number', broad ? 'broad' : '', hide].filter(Boolean).join(' ');
  return { key, title, help, cell, className, sortable: true };
}

/** `wholeMs`: undefined while not all rows are there. In order of calls the column says calls, as in `top`. */
export function columnsFor(
  wholeMs: number | undefined,
  { trends, sort }: { readonly trends: Trends; readonly sort: StatementSort },
): VirtualColumn<BriefStatementJson>[] {
  return [
    {
      key: 'trend',
      title: 'Load',
      help: 'service time over the window, from its start to its end',
      className: 'trend roomy',
      sortable: false,
      cell: (row) => <Spark values={trends.get(trendKey(row))} />,
    },
    number('total', 'Total', { help: 'service time of all executions', cell: (row) => duration(row.total_ms) }),
    {
      key: 'share',
      title: 'Share',
      help: 'of the service time of every statement in this list',
      className: 'share roomy',
      sortable: false,
      cell: (row) =>
        wholeMs === undefined ? null : (
          <>
            <meter min={0} max={wholeMs || 1} value={row.total_ms} aria-label="share of time" />
            {share(row.total_ms, wholeMs)}
          </>
        ),
    },
    sort === 'calls'
      ? number('calls', 'Calls', { help: 'executions that completed', cell: (row) => count(row.calls), hide: 'roomy' })
      : number('calls', 'Executions', {
          help: 'completed or answered by an error',
          cell: (row) => count(row.calls + row.errors),
          hide: 'roomy',
          broad: true,
        }),
    number('mean', 'Mean', { help: 'mean service time', cell: (row) => duration(row.mean_ms) }),
    number('p95', 'p95', {
      help: '95 of 100 executions were at most this long',
      cell: (row) => duration(row.p95_ms),
      hide: 'roomy',
    }),
    number('per-request', 'In each', {
      help: 'executions in each request that ran it',
      cell: (row) => (row.calls_per_request === null ? '–' : each(row.calls_per_request)),
      hide: 'wide',
      broad: true,
    }),
    number('errors', 'Failed', {
      help: 'executions answered by an error',
      cell: (row) => (row.errors === 0 ? '' : count(row.errors)),
      hide: 'wide',
    }),
    number('rows', 'Rows', { help: 'rows returned or changed', cell: (row) => count(row.rows), hide: 'wide' }),
  ];
}
