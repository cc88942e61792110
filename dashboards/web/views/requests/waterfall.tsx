// One request, of a route or a finding: its statements in order, each where it ran in its time.
// Invariant: repeats, and statements that take turns, are one line each, as in the terminal. Not here: choosing the
// request (reports/work/route-details.ts, reports/units/finding-sample.ts), figures of all requests (route-view.tsx).

import { collapsed, type Line } from '../../../../facts/words/repeats.js';
import { shortSql } from '../../../../facts/words/short-sql.js';
import { namedSqlstate } from '../../../../facts/words/sqlstates.js';
import type { RouteDetailsJson } from '../../../../reports/forms/route-details-json.js';
import type { UnitJson } from '../../../../reports/units/unit-json.js';
import { type Address, linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, second } from '../../data/format.js';
import { colourOf } from '../../data/sources.js';
import { queryOf } from '../../data/window.js';
import { Problem } from '../../parts/parts.js';
import { type Column, Table } from '../../parts/tables.js';
import type { Route } from './routes-view.js';

type Execution = UnitJson['statements'][number];

/** Filter of the address: which request is shown; a typical one where it says nothing. */
const SHOWN = 'request';
const SLOWEST = 'slowest';

interface WaterfallProps {
  readonly address: Address;
  readonly route: Route;
  readonly options: { readonly live: boolean; readonly version: number };
}

export function Waterfall({ address, route, options }: WaterfallProps) {
  // As `routes` prints it.
  const name = route.kind === '' ? '(untagged)' : `${route.kind} ${route.route}`;
  const asked = `/api/v1/routes?${queryOf(address, { route: name })}`;
  const { data, problem } = useReport<RouteDetailsJson>(asked, options);
  const slowest = address.filters[SHOWN] === SLOWEST;
  const request = slowest ? data?.slowest : data?.typical;
  const choice = (title: string, which: string) => (
    <a
      href={writeAddress({ ...address, filters: { ...address.filters, [SHOWN]: which } })}
      aria-current={which === (slowest ? SLOWEST : '') ? 'true' : undefined}
    >
      {title}
    </a>
  );
  return (
    <section aria-labelledby="route-request">
      <h2 id="route-request">A request of it</h2>
      <p class="choices">
        {choice('A typical one', '')} {choice('The slowest', SLOWEST)}
      </p>
      <Problem problem={problem} />
      {data && !request && (
        <p>None that ended is kept of this time: one of each hour is, as soon as it is over. Choose a longer time.</p>
      )}
      {request && <OneRequest address={address} request={request} />}
    </section>
  );
}

/** Where it is an example of a finding, each line has its part. */
export function OneRequest({ address, request }: { address: Address; request: UnitJson }) {
  const { statements, duration_ms: wholeMs, executions } = request;
  const lines = collapsed(statements, ({ fingerprint, source, sqlstate, pool }) =>
    [fingerprint, source, sqlstate, pool].join(' '),
  );
  const left = executions - statements.length;
  return (
    <>
      <p class="observed">{wordsOf(request)}</p>
      <Table
        caption="Statements of the request"
        rows={lines}
        columns={columnsFor(address, {
          wholeMs,
          pools: new Set(statements.map(({ pool }) => pool)).size,
          hasParts: statements.some(({ role }) => role),
        })}
      />
      {left > 0 && <p class="below">and {count(left)} more statements</p>}
    </>
  );
}

function wordsOf({ at, executions, db_ms, duration_ms, request, found, boundary }: UnitJson): string {
  const parts = [
    second(at),
    `${executions === 1 ? '1 statement' : `${count(executions)} statements`} took ${duration(db_ms)} of its ${duration(duration_ms)}`,
    ...(request === '' ? [] : [`request ${request}`]),
    ...(found === 'direct' ? [] : [`its bounds are guessed (${boundary})`]),
  ];
  return parts.join(' · ');
}

/** Lines that take turns are held together. */
const TURNS = { alone: '', first: '┌', inner: '│', last: '└' } as const;

function columnsFor(
  address: Address,
  { wholeMs, pools, hasParts }: { wholeMs: number; pools: number; hasParts: boolean },
): Column<Line<Execution>>[] {
  const sum = ({ items }: Line<Execution>, of: 'service_ms' | 'rows'): number =>
    items.reduce((total, one) => total + one[of], 0);
  const ofPool: Column<Line<Execution>>[] =
    pools > 1 ? [{ title: 'Pool', cell: ({ items }) => items[0].pool, words: true, from: 'wide' }] : [];
  const part: Column<Line<Execution>>[] = hasParts
    ? [{ title: 'Part', cell: ({ items }) => items[0].role ?? '', words: true }]
    : [];
  return [
    { title: 'Statement', cell: ({ items }) => <Statement address={address} first={items[0]} /> },
    ...part,
    {
      title: 'Times',
      help: 'lines held together take turns',
      cell: ({ items, place }) =>
        `${TURNS[place]}${items.length === 1 && place === 'alone' ? '' : ` ${count(items.length)}×`}`,
    },
    {
      title: 'Start',
      help: 'after the first statement',
      cell: ({ items }) => duration(items[0].start_ms),
    },
    { title: 'Time', help: 'of all of the line', cell: (line) => duration(sum(line, 'service_ms')) },
    {
      title: 'When',
      help: 'from the start of the request to its end',
      cell: (line) => <Bar line={line} wholeMs={wholeMs} />,
      words: true,
    },
    { title: 'Rows', cell: (line) => count(sum(line, 'rows')) },
    ...ofPool,
    { title: 'From', cell: ({ items }) => <code>{items[0].caller}</code>, words: true },
  ];
}

function Statement({ address, first }: { address: Address; first: Execution }) {
  const { fingerprint, query, source, sqlstate } = first;
  return (
    <a class="one-line" href={linkTo(address, { view: 'statements', id: fingerprint })}>
      <span class="dot" style={{ background: `var(${colourOf(source)})` }} title={source} />
      {sqlstate !== null && <span class="lost">{namedSqlstate(sqlstate)} </span>}
      <code>{query === '' ? '(text unknown)' : shortSql(query)}</code>
    </a>
  );
}

const WIDTH = 240;
const NARROWEST = 2;

/** Each execution is seen, however short. The table has the numbers. */
function Bar({ line, wholeMs }: { line: Line<Execution>; wholeMs: number }) {
  const scale = wholeMs === 0 ? 0 : WIDTH / wholeMs;
  return (
    <svg class="bar-line" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true">
      {line.items.map(({ start_ms: startMs, service_ms: serviceMs, source }, at) => {
        const width = Math.min(WIDTH, Math.max(NARROWEST, serviceMs * scale));
        const x = Math.min(startMs * scale, WIDTH - width);
        return <rect key={at} x={x} y={0} width={width} height={10} style={{ fill: `var(${colourOf(source)})` }} />;
      })}
    </svg>
  );
}
