// `activity` on a running sidecar: statements in flight, transactions that wait, whose they are.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ActivityJson } from '../../reports/work/activity-json.js';
import { type Postgres, startPostgres } from '../../scripts/lib/postgres.mjs';
import { connect, type WireClient } from '../../scripts/lib/wire/client.mjs';
import { cstrings, int16, int32, message } from '../../scripts/lib/wire/messages.mjs';
import { familyOf, observerPid, pgwitness, type Sidecar, until, useSidecar } from '../kit/sidecar.js';

type Row = ActivityJson['activity'][number];

describe('activity', () => {
  const start = useSidecar();
  let postgres: Postgres;
  const clients: WireClient[] = [];

  beforeAll(async () => {
    postgres = await startPostgres({ database: 'activity' });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => postgres?.stop());

  async function client(at: { host: string; port: number }, application: string): Promise<WireClient> {
    const names = { user: postgres.user, database: postgres.database, application_name: application };
    const opened = await connect({ host: at.host, port: at.port, startup: Object.entries(names) });
    clients.push(opened);
    return opened;
  }

  async function rows({ httpUrl }: Sidecar): Promise<Row[]> {
    const answer = await fetch(`${httpUrl}/api/v1/activity`).catch(() => undefined);
    if (answer?.status !== 200) return [];
    return ((await answer.json()) as ActivityJson).activity;
  }

  /** Waits until the sidecar shows these states of applications, and nothing else. */
  async function shows(sidecar: Sidecar, wanted: Readonly<Record<string, Row['state']>>): Promise<Row[]> {
    let found: Row[] = [];
    const alike = () => Object.fromEntries(found.map((row) => [row.application_name, row.state]));
    const sorted = (of: object) => JSON.stringify(Object.entries(of).sort());
    await until(`${JSON.stringify(wanted)} to be shown`, async () => {
      found = await rows(sidecar);
      return found.length === Object.keys(wanted).length && sorted(alike()) === sorted(wanted);
    });
    return found;
  }

  test('what runs and what waits: since when, who, where from, and no literal', { timeout: 60_000 }, async () => {
    const sidecar = await start(postgres);
    const direct = await client(postgres, 'direct');
    await direct.query('SELECT pg_advisory_lock(1)');
    const slow = await client(sidecar, 'slow');
    const sent = Date.now();
    const tags = "/*route='reports/',caller='views.py:9',request_id='r-1'*/";
    const answered = slow.query(`SELECT 'secret', pg_advisory_lock(1) ${tags}`);
    const waiting = await client(sidecar, 'waiting');
    await waiting.query('BEGIN');
    await waiting.query(`SELECT 'secret' AS word, 98765 ${tags.replace('reports', 'checkout').replace('r-1', 'r-2')}`);
    await waiting.query('SAVEPOINT s1');
    const failed = await client(sidecar, 'failed');
    await failed.query('BEGIN');
    await expect(failed.query('SELECT 1 / 0')).rejects.toThrow('22012');

    const all = { slow: 'running', waiting: 'idle', failed: 'aborted' } as const;
    const found = Object.fromEntries((await shows(sidecar, all)).map((row) => [row.application_name, row]));
    const { user, database } = postgres;
    const who = { user, database, client_address: '127.0.0.1', caller: 'views.py:9' };
    expect(found.slow).toMatchObject({ ...who, state: 'running', route: 'reports/', route_kind: 'route' });
    expect(found.slow).toMatchObject({ request: 'r-1', backend_pid: slow.backendPid, transaction_since: null });
    expect(found.slow.query).toMatch(/^SELECT \S+, pg_advisory_lock/);
    // It shows after a second, whenever the relay read it.
    expect(Date.parse(found.slow.since)).toBeGreaterThan(sent - 50);
    expect(Date.parse(found.slow.since)).toBeLessThan(Date.now() - 1_000);
    expect(found.slow.seconds).toBeGreaterThan(1);
    // Of the SAVEPOINT nothing is known but that it was the last; the request is that of its transaction.
    expect(found.waiting).toMatchObject({
      ...who,
      caller: '',
      route: 'checkout/',
      request: 'r-2',
      pool: expect.any(String),
    });
    expect(found.waiting).toMatchObject({ transaction_statements: 2, backend_pid: waiting.backendPid });
    expect(found.waiting.query).toMatch(/^SAVEPOINT/);
    expect(Date.parse(found.waiting.transaction_since!)).toBeLessThanOrEqual(Date.parse(found.waiting.since));
    expect(found.failed.query).toMatch(/^SELECT \S+ \/ \S+$/);

    const { stdout, stderr } = await pgwitness('activity', '--url', sidecar.httpUrl);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/1 statement in flight, 2 transactions idle/);
    const csv = await pgwitness('activity', '--url', sidecar.httpUrl, '--format', 'csv');
    expect(csv.stdout.split('\n')[0]).toMatch(/^state,since,seconds,/);
    expect(stdout + csv.stdout + JSON.stringify(found)).not.toMatch(/secret|98765/);

    // A new observer is told again what runs and what is open.
    const killed = observerPid(sidecar.pid);
    process.kill(killed, 'SIGKILL');
    await until('a new observer', () => ![0, killed].includes(observerPid(sidecar.pid)));
    const again = await shows(sidecar, { slow: 'running', waiting: 'idle', failed: 'idle' });
    expect(again.find((row) => row.application_name === 'slow')).toMatchObject({
      route: 'reports/',
      query: found.slow.query,
    });

    await direct.query('SELECT pg_advisory_unlock(1)');
    await answered;
    await waiting.query('COMMIT');
    await failed.query('ROLLBACK');
    await shows(sidecar, {});
    expect((await pgwitness('activity', '--url', sidecar.httpUrl)).stdout).toMatch(/no statement is in flight/);
  });

  test('a portal that is suspended does not run', { timeout: 60_000 }, async () => {
    const sidecar = await start(postgres);
    const direct = await client(postgres, 'direct');
    await direct.query('SELECT pg_advisory_lock(2)');
    const cursor = await client(sidecar, 'cursor');
    await cursor.query('BEGIN');
    const sql = 'SELECT pg_advisory_lock(2), g FROM generate_series(1, 3) g';
    cursor.send(message('P', Buffer.concat([cstrings('', sql), int16(0)])));
    cursor.send(message('B', Buffer.concat([cstrings('p', ''), int16(0), int16(0), int16(0)])));
    cursor.send(message('E', Buffer.concat([cstrings('p'), int32(1)])));
    cursor.send(message('S'));
    await shows(sidecar, { cursor: 'running' });
    await direct.query('SELECT pg_advisory_unlock(2)');
    expect((await cursor.reply()).status).toBe('T');
    await shows(sidecar, { cursor: 'idle' });
  });

  test('over two relays, the sessions of both', { timeout: 60_000 }, async () => {
    const sidecar = await start(postgres, ['--relays', '2']);
    await until('both relays', () => familyOf(sidecar.pid).relays.length === 2);
    const wanted: Record<string, Row['state']> = {};
    for (let n = 0; n < 4; n++) {
      const one = await client(sidecar, `c${'abcd'[n]}`);
      await one.query('BEGIN');
      wanted[`c${'abcd'[n]}`] = 'idle';
    }
    const found = await shows(sidecar, wanted);
    expect(new Set(found.map(({ session }) => session.split('.')[0])).size).toBe(2);
  });

  test('a data directory cannot be asked', async () => {
    const { code, stderr } = await pgwitness('activity', '--data', 'x');
    expect(code).toBe(2);
    expect(stderr).toContain('--url');
  });
});
