// Draws the statements of one unit of work in order, as a waterfall.
// Invariant: repeats, and statements that take turns, are one line each with their number. Not here: choosing the unit
// (reports/work/route-details.ts, reports/units/finding-sample.ts).

import type { SampledStatement, SampledUnit } from '../../facts/rollup-row.js';
import { collapsed, type Line } from '../../facts/words/repeats.js';
import { shortSql } from '../../facts/words/short-sql.js';
import { namedSqlstate } from '../../facts/words/sqlstates.js';
import { count, duration } from '../terminal/format.js';
import { oneLine, type Screen } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

/** "2027-01-15 08:00:00.000 UTC, 31 statements in 32 ms over 40 ms, request 7f". */
export function unitWords(sample: SampledUnit): string {
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

interface Drawing {
  /** Normalised texts by fingerprint. */
  readonly queries: ReadonlyMap<string, string>;
  readonly screen: Screen;
  /** What a statement is in the finding that the unit shows; left out where it shows none. */
  readonly partOf?: (statement: SampledStatement) => string;
}

/** Its statements in order, and how many are left out. */
export function waterfall(sample: SampledUnit, { queries, screen, partOf }: Drawing): string {
  const { statements, durationMs } = sample;
  const keyOf = (one: SampledStatement) => [one.fingerprint, one.source, one.sqlstate, one.pool].join(' ');
  const shown: Shown[] = collapsed(statements, keyOf).map((line) => ({ line, first: line.items[0] }));
  const several = (of: keyof SampledStatement) => new Set(statements.map((one) => one[of])).size > 1;
  const sum = ({ line }: Shown, of: 'serviceMs' | 'rows') => line.items.reduce((total, one) => total + one[of], 0);
  const drawn = renderTable(
    shown,
    [
      ...(partOf ? [{ title: 'part', cell: ({ first }: Shown) => partOf(first) } as const] : []),
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
  const left = sample.executions - statements.length;
  return left > 0 ? `${drawn}\n… and ${count(left)} more statements` : drawn;
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
