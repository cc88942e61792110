// The routes and the statements that take most time.
// Invariant: sorted by time in all, in both. Not here: whole lists (../requests/routes-view.tsx,
// ../statements/statements-view.tsx).

import { shortSql } from '../../../../facts/words/short-sql.js';
import type { RoutesJson } from '../../../../reports/forms/routes-json.js';
import type { BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { count, duration, each, share } from '../../data/format.js';
import { colourOf } from '../../data/sources.js';
import { Table } from '../../parts/tables.js';

interface MostTimeProps {
  readonly address: Address;
  readonly routes: RoutesJson | undefined;
  readonly statements: BriefStatementsJson | undefined;
  readonly rows: number;
}

export function MostTime({ address, routes, statements, rows }: MostTimeProps) {
  const tagged = (routes?.routes ?? []).filter(({ route }) => route !== '');
  const timeOf = ({ db_ms_per_request: each, requests }: RoutesJson['routes'][number]): number => each.mean * requests;
  const wholeMs = (routes?.routes ?? []).reduce((sum, route) => sum + timeOf(route), 0);
  return (
    <div class="halves">
      <section aria-labelledby="most-routes">
        <h2 id="most-routes">
          <a href={linkTo(address, { view: 'routes' })}>Routes</a> by time
        </h2>
        {routes !== undefined && tagged.length === 0 && (
          <p>
            No request names its route yet: <code>clients/python</code> adds route, job and caller to what Django and
            SQLAlchemy send.
          </p>
        )}
        {tagged.length > 0 && (
          <Table
            caption="Routes by time"
            rows={tagged.slice(0, rows)}
            columns={[
              {
                title: 'Route',
                cell: ({ route, kind }) => (
                  <a class="one-line" href={linkTo(address, { view: 'routes', id: `${kind}:${route}` })}>
                    {kind === 'route' ? route : `${kind} ${route}`}
                  </a>
                ),
              },
              { title: 'Share', help: 'of the time of all requests', cell: (row) => share(timeOf(row), wholeMs) },
              { title: 'Requests', cell: ({ requests }) => count(requests), from: 'wide' },
              { title: 'Statements', help: 'per request', cell: (row) => each(row.statements_per_request.mean) },
              {
                title: 'Time',
                help: 'in the database, per request',
                cell: (row) => duration(row.db_ms_per_request.mean),
              },
              { title: 'p95', cell: (row) => duration(row.db_ms_per_request.p95), from: 'wide' },
            ]}
          />
        )}
      </section>
      <section aria-labelledby="most-statements">
        <h2 id="most-statements">
          <a href={linkTo(address, { view: 'statements' })}>Statements</a> by time
        </h2>
        <Table
          caption="Statements by time"
          rows={statements?.statements ?? []}
          columns={[
            {
              title: 'Statement',
              cell: (row) => (
                <a class="one-line" href={linkTo(address, { view: 'statements', id: row.fingerprint })}>
                  <span class="dot" style={{ background: `var(${colourOf(row.source)})` }} title={row.source} />
                  <code>{shortSql(row.query)}</code>
                </a>
              ),
            },
            { title: 'Total', cell: (row) => duration(row.total_ms) },
            { title: 'Executions', cell: (row) => count(row.calls + row.errors), from: 'wide' },
            { title: 'Mean', cell: (row) => duration(row.mean_ms) },
          ]}
        />
      </section>
    </div>
  );
}
