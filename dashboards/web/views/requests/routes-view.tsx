// The routes, jobs and commands: what a request of each costs.
// Invariant: requests that name no route are a row of their own. Not here: one of them (route-view.tsx).

import type { RoutesJson } from '../../../../reports/forms/routes-json.js';
import { linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, each, share, span } from '../../data/format.js';
import { bySourceOrder } from '../../data/sources.js';
import { queryOf, type ViewProps } from '../../data/window.js';
import { FindField, filterSetter } from '../../parts/filters.js';
import { NothingYet, Problem, Reading, Source } from '../../parts/parts.js';
import { type VirtualColumn, VirtualTable } from '../../parts/virtual-table.js';

export type Route = RoutesJson['routes'][number];

const SORTS: Readonly<Record<string, (route: Route) => number>> = {
  time: ({ db_ms_per_request, requests }) => db_ms_per_request.mean * requests,
  requests: ({ requests }) => requests,
  idle: ({ idle_requests: idle, requests }) => idle / Math.max(1, idle + requests),
  statements: ({ statements_per_request }) => statements_per_request.mean,
  repeated: ({ repeated_per_request }) => repeated_per_request,
  each: ({ db_ms_per_request }) => db_ms_per_request.mean,
  p95: ({ db_ms_per_request }) => db_ms_per_request.p95 ?? -1,
  rows: ({ rows_per_request }) => rows_per_request,
  errors: ({ errors }) => errors,
  findings: ({ findings }) => findings.length,
};

export function routeName({ route, kind }: Pick<Route, 'route' | 'kind'>): string {
  if (route === '') return '(no route named)';
  return kind === 'route' ? route : `${kind} ${route}`;
}

export function RoutesView({ address, live, version }: ViewProps) {
  const report = useReport<RoutesJson>(`/api/v1/routes?${queryOf(address)}`, { live, version });
  const { find = '', sort = 'time' } = address.filters;
  const all = report.data?.routes ?? [];
  const sizeOf = SORTS[sort] ?? SORTS.time;
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = all
    .filter((route) => words.every((word) => routeName(route).toLowerCase().includes(word)))
    .sort((a, b) => sizeOf(b) - sizeOf(a));
  const wholeMs = all.reduce((sum, route) => sum + SORTS.time(route), 0);
  const set = filterSetter(address);
  return (
    <>
      <h1 class="sr-only">Routes</h1>
      <search class="filters">
        <FindField words="a route, job or command" value={find} set={set} />
      </search>
      <Problem problem={report.problem} />
      {report.data === undefined && !report.problem && <Reading />}
      {report.data && all.length === 0 && <NothingYet address={address} />}
      {report.data && all.length > 0 && (
        <p class="observed" role="status">
          {span(report.data.window)} · <b>{count(all.reduce((sum, { requests }) => sum + requests, 0))}</b> requests
          with statements · a request is what its tags, its connection or the traffic show to belong together
          {report.data.not_observed > 0 && (
            <>
              {' '}
              · <span class="lost">{count(report.data.not_observed)} executions not observed</span>
            </>
          )}
          {report.data.in_no_request > 0 && ` · ${count(report.data.in_no_request)} executions are in no request yet`}
        </p>
      )}
      {report.data && all.length > 0 && <Untagged routes={all} />}
      {report.data && all.length > 0 && shown.length === 0 && (
        <p class="nothing">
          No route fits. <a href={linkTo(address, { view: 'routes' })}>Clear the search</a>
        </p>
      )}
      {shown.length > 0 && (
        <VirtualTable
          label="Routes"
          rows={shown}
          columns={columnsFor(wholeMs, { idle: all.some(({ idle_requests: idle }) => idle > 0) })}
          hrefOf={({ kind, route }) => writeAddress({ ...address, id: `${kind}:${route}` })}
          linkOf={(route) => <RouteCell route={route} />}
          linkTitle="Route"
          sort={sort}
          onSort={(key) => set('sort', key === 'time' ? '' : key)}
        />
      )}
    </>
  );
}

function Untagged({ routes }: { routes: readonly Route[] }) {
  if (routes.some(({ route }) => route !== '')) return null;
  return (
    <p class="note">
      No request names its route: <code>clients/python</code> adds route, job and caller to what Django and SQLAlchemy
      send. Until then all requests are in one row, told apart by their connections and the traffic.
    </p>
  );
}

function RouteCell({ route }: { route: Route }) {
  const all = Object.keys(route.sources).sort(bySourceOrder);
  // What transactions need says nothing of a route, unless it is all there is.
  const sources = all.filter((name) => name !== 'housekeeping' || all.length === 1);
  return (
    <>
      <span class="name">{routeName(route)}</span>
      <span class="below-line">
        {sources.slice(0, 3).map((name) => (
          <Source key={name} name={name} />
        ))}
      </span>
    </>
  );
}

/** `idle`: the application counts requests that sent nothing. */
function columnsFor(wholeMs: number, { idle }: { idle: boolean }): VirtualColumn<Route>[] {
  const number = (
    key: string,
    title: string,
    { help, cell, hide }: { help: string; cell: (route: Route) => string; hide?: 'wide' | 'roomy' },
  ): VirtualColumn<Route> => ({
    key,
    title,
    help,
    cell,
    // Long titles need room, with the arrow of the order; on a narrow screen the name gets it otherwise.
    className: ['number', title.length > 4 ? 'broad' : '', hide ?? ''].filter(Boolean).join(' '),
    sortable: true,
  });
  return [
    number('requests', 'Requests', {
      help: 'that sent a statement',
      cell: ({ requests }) => count(requests),
      hide: 'roomy',
    }),
    ...(idle
      ? [
          number('idle', 'Sent nothing', {
            help: 'part of all requests of it: answered by a cache, most often',
            cell: ({ idle_requests: none, requests }) => share(none, none + requests),
            hide: 'wide',
          }),
        ]
      : []),
    number('statements', 'Statements', {
      help: 'in each request, on average',
      cell: ({ statements_per_request }) => each(statements_per_request.mean),
    }),
    number('repeated', 'Repeated', {
      help: 'in each request: executions of a statement that it had run before',
      cell: ({ repeated_per_request }) => (repeated_per_request === 0 ? '' : each(repeated_per_request)),
      hide: 'roomy',
    }),
    number('each', 'Time', {
      help: 'in the database, in each request',
      cell: ({ db_ms_per_request }) => duration(db_ms_per_request.mean),
    }),
    number('p95', 'p95', {
      help: '95 of 100 requests spent at most this in the database',
      cell: ({ db_ms_per_request }) => duration(db_ms_per_request.p95),
      hide: 'roomy',
    }),
    number('time', 'Share', {
      help: 'of the time of all requests',
      cell: (route) => share(SORTS.time(route), wholeMs),
      hide: 'wide',
    }),
    number('rows', 'Rows', {
      help: 'in each request',
      cell: ({ rows_per_request }) => each(rows_per_request),
      hide: 'wide',
    }),
    number('errors', 'Failed', {
      help: 'statements answered by an error',
      cell: ({ errors }) => (errors === 0 ? '' : count(errors)),
      hide: 'wide',
    }),
    number('findings', 'Findings', {
      help: 'found in its requests',
      cell: ({ findings }) => (findings.length === 0 ? '' : count(findings.length)),
      hide: 'roomy',
    }),
  ];
}

/** "route:orders/" of an address, as a filter of statements. */
export function routeOfId(id: string): { kind: string; route: string } {
  const at = id.indexOf(':');
  if (at < 0) return { kind: 'route', route: id };
  const kind = id.slice(0, at);
  // Grafana links to the untagged requests by the name that metrics give them.
  return { kind, route: kind === '' ? '' : id.slice(at + 1) };
}

/** The tag that statements of it have; undefined where none names it alone. */
export function tagOfRoute({ kind, route }: { kind: string; route: string }): string | undefined {
  return kind === '' || kind === 'action' || route === '' ? undefined : `${kind}=${route}`;
}
