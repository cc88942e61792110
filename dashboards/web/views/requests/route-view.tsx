// One route: what its requests send, what was found, one of them, its statements by source.
// Invariant: numbers are per request. Not here: the list (routes-view.tsx), one request (waterfall.tsx).

import { shortSql } from '../../../../facts/words/short-sql.js';
import type { findingsJson } from '../../../../reports/forms/findings-json.js';
import type { RoutesJson } from '../../../../reports/forms/routes-json.js';
import type { BriefStatementJson, BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import { type Address, linkTo, writeAddress } from '../../data/address.js';
import { useReport } from '../../data/api.js';
import { count, duration, each, share, span } from '../../data/format.js';
import { bySourceOrder } from '../../data/sources.js';
import { EVERYTHING, queryOf, type ViewProps } from '../../data/window.js';
import { Figure, Problem, Reading, Source, SourceMix } from '../../parts/parts.js';
import { Table } from '../../parts/tables.js';
import { FindingLines } from './finding-lines.js';
import { type Route, routeName, routeOfId, tagOfRoute } from './routes-view.js';
import { Waterfall } from './waterfall.js';

export function RouteView({ address, live, version }: ViewProps) {
  const options = { live, version };
  const named = routeOfId(address.id);
  const query = queryOf(address);
  const routes = useReport<RoutesJson>(`/api/v1/routes?${query}`, options);
  const route = routes.data?.routes.find((one) => one.route === named.route && one.kind === named.kind);
  return (
    <article class="one">
      <p>
        <a href={writeAddress({ ...address, id: '' })}>← Routes</a>
      </p>
      {routes.data === undefined && <h1>{routeName(named as Route)}</h1>}
      <Problem problem={routes.problem} />
      {routes.data === undefined && !routes.problem && <Reading />}
      {routes.data && route === undefined && <Unknown address={address} name={routeName(named as Route)} />}
      {routes.data && route && (
        <>
          <h1>{routeName(route)}</h1>
          <p class="observed" role="status">
            {span(routes.data.window)} · <b>{count(route.requests)}</b> requests with statements
            {route.direct_requests < route.requests &&
              ` · of ${count(route.requests - route.direct_requests)} the bounds are guessed from the traffic`}
          </p>
          <Main route={route} />
          <SourceMix sources={Object.entries(route.sources).sort(([a], [b]) => bySourceOrder(a, b))} />
          <Found address={address} route={route} options={options} />
          <Waterfall address={address} route={route} options={options} />
          <Statements address={address} route={route} options={options} />
        </>
      )}
    </article>
  );
}

function Unknown({ address, name }: { address: Address; name: string }) {
  return (
    <div class="nothing">
      <h1>{name}</h1>
      <p>No request of it was seen in this time range.</p>
      {address.filters.since !== EVERYTHING && (
        <p>
          <a href={writeAddress({ ...address, filters: { since: EVERYTHING } })}>Show everything stored</a>
        </p>
      )}
    </div>
  );
}

function Main({ route }: { route: Route }) {
  const { statements_per_request: statements, db_ms_per_request: time, idle_requests: idle, errors } = route;
  const more = [
    idle === 0 ? '' : `${count(idle)} more sent nothing`,
    errors === 0 ? 'no statement failed' : `${count(errors)} statements failed`,
  ];
  return (
    <div class="cards">
      <Figure
        title="Statements"
        value={each(statements.mean)}
        note={`in each request; p95 ${statements.p95 === null ? '–' : count(statements.p95)}, most ${count(statements.max)}`}
      />
      <Figure
        title="Repeated"
        value={each(route.repeated_per_request)}
        note="in each request: executions of a statement that it had run before"
      />
      <Figure
        title="Time in the database"
        value={duration(time.mean)}
        note={`in each request; half took at most ${duration(time.p50)}, 95 of 100 ${duration(time.p95)}`}
      />
      <Figure title="Rows" value={each(route.rows_per_request)} note="in each request" />
      <Figure title="Requests" value={count(route.requests)} note={more.filter(Boolean).join('; ')} />
    </div>
  );
}

interface PartProps {
  readonly address: Address;
  readonly route: Route;
  readonly options: { readonly live: boolean; readonly version: number };
}

function Found({ address, route, options }: PartProps) {
  const { data } = useReport<ReturnType<typeof findingsJson>>(`/api/v1/findings?${queryOf(address)}`, options);
  if (data === undefined) return null;
  const found = data.findings.filter(({ id, routes }) => route.findings.includes(id) || routes.includes(route.route));
  return (
    <section aria-labelledby="route-findings">
      <h2 id="route-findings">Found in its requests</h2>
      {found.length === 0 ? <p>Nothing.</p> : <FindingLines address={address} findings={found} />}
    </section>
  );
}

function Statements({ address, route, options }: PartProps) {
  const tag = tagOfRoute(route);
  const hide = 'housekeeping,tool';
  const path = tag && `/api/v1/statements?${queryOf(address, { form: 'brief', limit: '500', tag, hide })}`;
  const { data, problem } = useReport<BriefStatementsJson>(path ?? '', options);
  const wholeMs = data?.statements.reduce((sum, row) => sum + row.total_ms, 0) ?? 0;
  const ofRequest = (row: BriefStatementJson): number => (row.calls + row.errors) / Math.max(1, route.requests);
  return (
    <section aria-labelledby="route-statements">
      <h2 id="route-statements">Its statements</h2>
      {tag === undefined && <p>They have no tag that names this route alone.</p>}
      <Problem problem={problem} />
      {data && (
        <Table
          caption="Statements of the route"
          rows={data.statements}
          columns={[
            {
              title: 'Statement',
              cell: (row) => (
                <a class="one-line" href={linkTo(address, { view: 'statements', id: row.fingerprint })}>
                  <code>{shortSql(row.query)}</code>
                </a>
              ),
            },
            { title: 'In each', help: 'executions in a request, on average', cell: (row) => each(ofRequest(row)) },
            {
              title: 'Time',
              help: 'in each request',
              cell: (row) => duration(row.total_ms / Math.max(1, route.requests)),
            },
            { title: 'Share', help: "of the route's time", cell: (row) => share(row.total_ms, wholeMs) },
            { title: 'Source', cell: (row) => <Source name={row.source} />, words: true },
            {
              title: 'From',
              cell: (row) => <code>{row.caller}</code>,
              words: true,
            },
          ]}
        />
      )}
    </section>
  );
}
