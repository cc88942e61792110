// The observer is killed while requests are open.
// They end, none is counted twice, and what lacks is said.
// Not here: statements by themselves (observer-failures.test.ts), which unit goes on (../work/).

import { afterEach, expect, test } from 'vitest';
import type { RoutesJson } from '../../reports/forms/routes-json.js';
import { connect, type WireClient } from '../../scripts/lib/wire/client.mjs';
import { usePostgres } from '../kit/postgres.js';
import { observerPid, pgwitness, type Sidecar, top, until, useSidecar } from '../kit/sidecar.js';

const WORKERS = 4;
const PER_REQUEST = 3;

const postgres = usePostgres();
const start = useSidecar();
const clients: WireClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function clientOf({ host, port }: Sidecar, application: string): Promise<WireClient> {
  const names = { user: postgres().user, database: postgres().database, application_name: application };
  const client = await connect({ host, port, startup: Object.entries(names) });
  clients.push(client);
  return client;
}

/** What the clients sent of each route: '' is untagged. */
class Sent {
  readonly requests = new Map<string, number>();
  readonly statements = new Map<string, number>();

  request(route: string): void {
    this.requests.set(route, (this.requests.get(route) ?? 0) + 1);
  }

  async statement(client: WireClient, route: string, { sql, tags = '' }: { sql: string; tags?: string }) {
    await client.query(tags === '' ? sql : `${sql} /*${tags}*/`);
    this.statements.set(route, (this.statements.get(route) ?? 0) + 1);
  }

  get allStatements(): number {
    return [...this.statements.values()].reduce((sum, statements) => sum + statements, 0);
  }
}

async function routesNow({ httpUrl }: Sidecar): Promise<RoutesJson['routes']> {
  const answer = await fetch(`${httpUrl}/api/v1/routes`).catch(() => undefined);
  return answer?.status === 200 ? ((await answer.json()) as RoutesJson).routes : [];
}

const requestsOf = (routes: RoutesJson['routes'], name: string): number =>
  routes.find(({ route }) => route === name)?.requests ?? 0;

test('requests open at a kill -9: counted once, or said to be missing', { timeout: 120_000 }, async () => {
  const sidecar = await start(postgres());
  const sent = new Sent();
  let goesOn = true;

  const worker = async (number: number) => {
    const client = await clientOf(sidecar, 'web');
    for (let request = 0; goesOn; request++) {
      const route = request % 2 === 0 ? '/list' : '/save';
      sent.request(route);
      const tags = `request_id='w${number}-${request}',route='${route.slice(1)}'`;
      for (let n = 0; n < PER_REQUEST; n++)
        await sent.statement(client, route, { sql: `SELECT ${n}, pg_sleep(0.01)`, tags });
    }
  };
  const steady = async (name: string, { tags, inTransaction }: { tags: string; inTransaction: boolean }) => {
    const client = await clientOf(sidecar, name);
    sent.request(name === 'untagged' ? '' : name);
    if (inTransaction) await client.query('BEGIN');
    while (goesOn)
      await sent.statement(client, name === 'untagged' ? '' : name, { sql: 'SELECT 1, pg_sleep(0.05)', tags });
    if (inTransaction) await client.query('COMMIT');
  };
  const pausing = await clientOf(sidecar, 'pausing');
  const pause = () => sent.statement(pausing, 'pausing', { sql: 'SELECT 7', tags: "request_id='p1',route='pausing'" });
  sent.request('pausing');
  await pause();
  const running = [
    ...Array.from({ length: WORKERS }, (_, number) => worker(number)),
    steady('nightly', { tags: "request_id='j1',job='nightly'", inTransaction: false }),
    steady('untagged', { tags: '', inTransaction: true }),
  ];
  // The long ones show before they end; the one that pauses has ended as far as anybody can tell.
  await until('long requests are counted', async () => {
    const routes = await routesNow(sidecar);
    return ['nightly', 'pausing', ''].every((name) => requestsOf(routes, name) === 1);
  });
  const before = requestsOf(await routesNow(sidecar), 'list');
  const killed = observerPid(sidecar.pid);
  process.kill(killed, 'SIGKILL');
  await until('a new observer counts', async () => {
    const pid = observerPid(sidecar.pid);
    return pid > 0 && pid !== killed && requestsOf(await routesNow(sidecar), 'list') > before + WORKERS;
  });
  await pause();
  goesOn = false;
  await Promise.all(running);
  for (const client of clients.splice(0)) client.close();
  await sidecar.stop();

  const { stdout } = await pgwitness('routes', '--json', '--data', sidecar.data);
  const { routes, not_observed, in_no_request } = JSON.parse(stdout) as RoutesJson;
  for (const name of ['nightly', 'pausing', '']) expect([name, requestsOf(routes, name)]).toEqual([name, 1]);
  const { observed } = await top(sidecar.data, '--all');
  // BEGIN and COMMIT besides.
  expect(observed.statements + observed.not_observed).toBe(sent.allStatements + 2);
  expect(not_observed).toBe(observed.not_observed);
  expect(not_observed + in_no_request).toBeGreaterThan(0);
  let counted = 0;
  for (const { route, requests, sums } of routes) {
    const name = sent.requests.has(route) ? route : `/${route}`;
    expect(requests, name).toBeLessThanOrEqual(sent.requests.get(name)!);
    expect(sums.statements, name).toBeLessThanOrEqual(sent.statements.get(name)!);
    counted += sums.statements;
  }
  expect(counted + in_no_request + not_observed).toBe(sent.allStatements);
  const asked = [...sent.requests.values()].reduce((sum, requests) => sum + requests, 0);
  const found = routes.reduce((sum, { requests }) => sum + requests, 0);
  // Each request that lacks has a statement that was not observed, or is in no request.
  expect(asked - found).toBeLessThanOrEqual(in_no_request + not_observed);
  expect((await pgwitness('routes', '--data', sidecar.data)).stdout).toContain('Not in these figures: ');
});
