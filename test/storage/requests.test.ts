// Requests from units of work through a store on disk to `routes`.
// Not here: how units are found (../work/).

import { describe, expect, it } from 'vitest';
import { routesText } from '../../cli/views/routes.js';
import { routesFromJson, routesJson } from '../../reports/forms/routes-json.js';
import { mergeRoutes, reportRoutes } from '../../reports/routes.js';
import type { SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { Playing, T0 } from '../work/playing.js';
import { flushOf, MINUTE_MS, openStore, openTestReader, poolOf, temporaryDirectory } from './flushes.js';

/** Requests of three routes: one repeats its statement, one is a job on two pools, one has no tags. */
function play(playing: Playing, at: number): void {
  const r = `${at}`;
  const list = { route: '/list' };
  for (let n = 0; n < 21; n++)
    playing.send({
      sql: 'item',
      at: at + n,
      requestId: `list ${r}`,
      session: 'one',
      tags: { caller: 'a.py:1', ...list },
    });
  playing.send(
    { sql: 'task', at, requestId: `job ${r}`, session: 'two', tags: { job: 'nightly' }, source: 'django-orm', rows: 4 },
    {
      sql: 'work',
      at: at + 3,
      requestId: `job ${r}`,
      session: 'three',
      source: 'sqlalchemy',
      pool: 'pool-b',
      sqlstate: '23505',
    },
    { sql: 'plain', at, session: 'four', ms: 5, idle: 0 },
  );
}

function flushed(store: SqliteStore, playing: Playing, atMs: number): void {
  const { requests, statements } = playing.units;
  store.flush(flushOf({ atMs, requests: requests.pending(), requestStatements: statements.pending() }));
  requests.stored();
  statements.stored();
}

function filled(minutes: number): string {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  store.flush(flushOf({ pools: [poolOf('pool-a', 'django:app@shop'), poolOf('pool-b', 'sqlalchemy:app@shop')] }));
  const playing = new Playing();
  for (let minute = 0; minute < minutes; minute++) {
    play(playing, minute * MINUTE_MS);
    playing.pass(3_000);
    flushed(store, playing, T0 + minute * MINUTE_MS + 5_000);
    store.maintain(T0 + minute * MINUTE_MS + 50_000);
  }
  store.close();
  return dataDir;
}

describe('routes', () => {
  it('are rows of requests, with what each sent', () => {
    const reader = openTestReader(filled(1));
    const { routes } = routesJson(reportRoutes(reader));
    expect(routes).toMatchObject([
      {
        route: '/list',
        kind: 'route',
        requests: 1,
        direct_requests: 1,
        statements_per_request: { mean: 21, p50: 21, p95: 21, max: 21 },
        repeated_per_request: 20,
        db_ms_per_request: { mean: 21, p50: 21, p95: 21 },
        rows_per_request: 21,
        errors: 0,
        sources: { raw: 21 },
        pools: ['django:app@shop'],
        findings: [],
      },
      { route: '', kind: '', requests: 1, direct_requests: 0, statements_per_request: { mean: 1 } },
      {
        route: 'nightly',
        kind: 'job',
        requests: 1,
        rows_per_request: 4,
        errors: 1,
        sources: { 'django-orm': 1, sqlalchemy: 1 },
        pools: ['django:app@shop', 'sqlalchemy:app@shop'],
      },
    ]);
  });

  it('say the same on every level, from minutes to hours', () => {
    const minutes = 150;
    const reader = openTestReader(filled(minutes));
    const whole = reportRoutes(reader);
    const range = reportRoutes(reader, { sinceMs: T0, untilMs: T0 + minutes * MINUTE_MS });
    const [first] = whole.routes;
    expect(first).toMatchObject({ route: '/list', requests: minutes, statements: 21 * minutes, statementsMax: 21 });
    expect(first.statementsSquared).toBe(441 * minutes);
    expect(first.statementHistogram.count).toBe(minutes);
    expect(range.routes).toEqual(whole.routes);
    const hour = reportRoutes(reader, { sinceMs: T0 + 20 * MINUTE_MS, untilMs: T0 + 110 * MINUTE_MS });
    expect(hour.routes[0].requests).toBe(90);
  });

  it('travel as JSON whole, and add up over two places', () => {
    const report = reportRoutes(openTestReader(filled(3)));
    expect(routesFromJson(JSON.parse(JSON.stringify(routesJson(report))))).toEqual(report);
    const [list] = mergeRoutes([report, report]).routes;
    expect(list).toMatchObject({ requests: 6, statements: 126, statementsMax: 21 });
  });

  it('have the mean and the variance of each statement per request', () => {
    const reader = openTestReader(filled(4));
    const rows = reader.readRows((all) =>
      all.all<{ fingerprint: string; tagSet: string; requests: number; executions: number; squares: number }>(
        `SELECT fingerprint, tag_set AS tagSet, sum(requests) AS requests, sum(executions) AS executions,
                sum(executions_squared) AS squares
           FROM request_statement_rollup r JOIN tag_series s ON s.tag_series_id = r.tag_series_id
          WHERE span_s = 60 GROUP BY fingerprint, tag_set ORDER BY fingerprint`,
      ),
    );
    expect(rows[0]).toEqual({
      fingerprint: 'item',
      tagSet: '{"caller":"a.py:1","route":"/list"}',
      requests: 4,
      executions: 84,
      squares: 4 * 441,
    });
    expect(rows.map(({ fingerprint }) => fingerprint)).toEqual(['item', 'plain', 'task', 'work']);
  });

  it('print as a table in which an untagged row says so', () => {
    const report = reportRoutes(openTestReader(filled(1)));
    const text = routesText(report, { read: 'here', screen: { width: 140, colours: false } });
    expect(text).toContain('3 requests with statements');
    expect(text).toMatch(/\/list +1 +21 +21 +21 +20 +21\.0 ms/);
    expect(text).toContain('(untagged)');
    expect(text).toContain('job nightly');
    const narrow = routesText(report, { read: 'here', screen: { width: 80, colours: false } });
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});
