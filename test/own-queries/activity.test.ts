// Sessions that go past pgwitness, on a real server.
// Told from those that come through, over several sidecars, and never guessed.

import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { compareActivity, type ServerSession } from '../../own-queries/activity.js';
import { usePostgres } from '../kit/postgres.js';
import { pgwitness, useSidecar } from '../kit/sidecar.js';

const session = (pid: number, given: Partial<ServerSession> = {}): ServerSession => ({
  pid,
  user: 'app',
  database: 'shop',
  applicationName: '',
  clientAddress: '10.0.0.1',
  ...given,
});
const seen = (backendPid: number, user = 'app') => ({ backendPid, user, database: 'shop' });

describe('comparing', () => {
  const both = (sessions: ServerSession[]) => ({ before: sessions, after: sessions });

  test('what was not witnessed is listed in groups, the largest first', () => {
    const sessions = [session(1), session(2, { user: 'etl' }), session(3), session(4)];
    expect(compareActivity([seen(1)], both(sessions)).bypassing).toEqual([
      { user: 'app', database: 'shop', applicationName: '', clientAddress: '10.0.0.1', connections: 2 },
      { user: 'etl', database: 'shop', applicationName: '', clientAddress: '10.0.0.1', connections: 1 },
    ]);
  });

  test('a session that came or went in between is not judged', () => {
    const at = { before: [session(1), session(2)], after: [session(1), session(3)] };
    expect(compareActivity([seen(1)], at)).toMatchObject({ outcome: 'listed', bypassing: [] });
  });

  test('process ids that are not this server’s: cannot tell', () => {
    const report = compareActivity([seen(70), seen(71)], both([session(1), session(2)]));
    expect(report).toMatchObject({ outcome: 'cannot tell', matchedSessions: 0, bypassing: [] });
  });

  test('a process id of somebody else is no match', () => {
    expect(compareActivity([seen(1, 'other')], both([session(1)]))).toMatchObject({ outcome: 'cannot tell' });
  });

  test('nobody through pgwitness: everybody goes past it', () => {
    expect(compareActivity([], both([session(1)]))).toMatchObject({ outcome: 'listed', matchedSessions: 0 });
    expect(compareActivity([], both([session(1)])).bypassing).toHaveLength(1);
  });
});

describe('pgwitness pools --dsn', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();
  const clients: pg.Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end().catch(() => {});
  });

  async function connected(port: number, applicationName: string): Promise<pg.Client> {
    const { host, user, database } = postgres();
    const client = new pg.Client({ host, port, user, database, application_name: applicationName });
    clients.push(client);
    await client.connect();
    await client.query('select 1');
    return client;
  }

  const dsn = () => `postgres://${postgres().user}@${postgres().host}:${postgres().port}/${postgres().database}`;

  test('lists who goes past it: the union of two sidecars, as JSON and as text', async () => {
    const [one, two] = [await startSidecar(postgres()), await startSidecar(postgres())];
    await connected(one.port, 'through one');
    await connected(two.port, 'through two');
    await connected(postgres().port, 'past');
    const urls = ['--url', one.httpUrl, '--url', two.httpUrl, '--dsn', dsn()];
    const { bypass } = JSON.parse((await pgwitness('pools', '--json', ...urls)).stdout);
    expect(bypass).toMatchObject({ outcome: 'listed', verdict: 'listed', witnessed_sessions: 2, matched_sessions: 2 });
    expect(bypass.bypassing).toEqual([
      { user: 'postgres', database: 'postgres', application_name: 'past', client_address: '127.0.0.1', connections: 1 },
    ]);
    const text = (await pgwitness('pools', ...urls)).stdout;
    expect(text).toMatch(/3 client sessions; 2 of them come through pgwitness\.\n1 bypasses it:/);
  });

  test('one sidecar alone does not know of the other one’s', async () => {
    const [one, two] = [await startSidecar(postgres()), await startSidecar(postgres())];
    await connected(one.port, 'through one');
    await connected(two.port, 'through two');
    const { stdout } = await pgwitness('pools', '--json', '--url', one.httpUrl, '--dsn', dsn());
    expect(JSON.parse(stdout).bypass.bypassing).toMatchObject([{ application_name: 'through two' }]);
  });

  test('a server that does not answer is told, exit 3', async () => {
    const sidecar = await startSidecar(postgres());
    const { code, stderr } = await pgwitness('pools', '--url', sidecar.httpUrl, '--dsn', 'postgres://x@127.0.0.1:1/x');
    expect(code).toBe(3);
    expect(stderr).toContain('127.0.0.1:1/x');
  });
});
