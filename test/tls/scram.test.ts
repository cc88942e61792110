// SCRAM with channel binding over every combination of legs.
// What each client gets, and what the log says where it cannot work.

import pg from 'pg';
import postgresjs from 'postgres';
import { beforeAll, describe, expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { useRelay } from '../kit/relay.js';
import { PASSWORD, tlsWorld } from '../kit/tls.js';

const world = await tlsWorld();
const postgres = usePostgres(world.postgresOptions);
const startRelay = useRelay();
beforeAll(() => postgres().createScramUser('scram', PASSWORD));

const OWN = { tlsCert: world.own.cert, tlsKey: world.own.key };
const SAME = { tlsCert: world.server.cert, tlsKey: world.server.key };
const CLIENT_REFUSES = /channel binding/i;
const SERVER_REFUSES = /SCRAM channel binding/;

interface Row {
  name: string;
  tls: boolean;
  flags: Record<string, unknown>;
  /** '' = logs in, else what the client is told. */
  expected: { prefer: Expected; disable: Expected; require: Expected; nodeBinding: Expected };
}
type Expected = '' | RegExp;

const ROWS: Row[] = [
  {
    name: 'plain client, TLS upstream',
    tls: false,
    flags: { upstreamTls: 'require' },
    expected: { prefer: '', disable: '', require: CLIENT_REFUSES, nodeBinding: SERVER_REFUSES },
  },
  {
    name: 'TLS client, TLS upstream, a certificate of our own',
    tls: true,
    flags: { ...OWN, upstreamTls: 'require' },
    expected: { prefer: SERVER_REFUSES, disable: '', require: SERVER_REFUSES, nodeBinding: SERVER_REFUSES },
  },
  {
    name: 'TLS client, TLS upstream, the certificate of the server',
    tls: true,
    flags: { ...SAME, upstreamTls: 'require' },
    expected: { prefer: '', disable: '', require: '', nodeBinding: '' },
  },
  {
    name: 'TLS client, plain upstream',
    tls: true,
    flags: { ...OWN, upstreamTls: 'disable' },
    expected: { prefer: '', disable: '', require: CLIENT_REFUSES, nodeBinding: '' },
  },
  {
    name: 'plain client, plain upstream',
    tls: false,
    flags: { upstreamTls: 'disable' },
    expected: { prefer: '', disable: '', require: CLIENT_REFUSES, nodeBinding: '' },
  },
];

function check(told: string, expected: Expected): void {
  if (expected === '') expect(told).toBe('');
  else expect(told).toMatch(expected);
}

async function told(login: () => Promise<unknown>): Promise<string> {
  try {
    await login();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each(ROWS)('$name', ({ tls, flags, expected }) => {
  const login = { host: '127.0.0.1', user: 'scram', database: 'postgres', password: PASSWORD };

  test.each([
    ['by itself', false, '' as Expected],
    ['with channel binding enabled', true, expected.nodeBinding],
  ])('node-postgres %s', async (_, enableChannelBinding, outcome) => {
    const { port } = await startRelay(postgres(), flags);
    const client = new pg.Client({
      ...login,
      port,
      ssl: tls && { rejectUnauthorized: false },
      enableChannelBinding,
    } as pg.ClientConfig);
    client.on('error', () => {});
    check(
      await told(async () => {
        await client.connect();
        await client.query('select 1');
        await client.end();
      }),
      outcome,
    );
  });

  test('postgres.js', async () => {
    const { port } = await startRelay(postgres(), flags);
    const sql = postgresjs({ ...login, port, max: 1, ssl: tls && { rejectUnauthorized: false } });
    check(await told(() => sql`select 1`), '');
    await sql.end();
  });
});

await describeWithPython('drivers of Python', (python) => {
  const PROGRAM = `
import asyncio, json, ssl, sys
import asyncpg, psycopg, psycopg2
port, tls, password = int(sys.argv[1]), sys.argv[2] == 'true', sys.argv[3]
told = {}
def attempt(name, login):
    try:
        login()
        told[name] = ''
    except Exception as error:
        told[name] = str(error) or repr(error)
mode = 'require' if tls else 'disable'
dsn = f"host=127.0.0.1 port={port} user=scram dbname=postgres password='{password}' sslmode={mode}"
for binding in ('prefer', 'disable', 'require'):
    for driver in (psycopg, psycopg2):
        attempt(f'{driver.__name__} {binding}', lambda: driver.connect(f'{dsn} channel_binding={binding}').close())
async def login():
    context = False
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    connection = await asyncpg.connect(host='127.0.0.1', port=port, user='scram', database='postgres', password=password, ssl=context)
    await connection.close()
attempt('asyncpg', lambda: asyncio.run(login()))
print(json.dumps(told))
`;

  test.each(ROWS)('$name', async ({ tls, flags, expected }) => {
    const relay = await startRelay(postgres(), flags);
    const { code, stdout, stderr } = await python.run(PROGRAM, { args: [String(relay.port), String(tls), PASSWORD] });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const results: Record<string, string> = JSON.parse(stdout);
    for (const driver of ['psycopg', 'psycopg2'])
      for (const binding of ['prefer', 'disable', 'require'] as const)
        check(results[`${driver} ${binding}`], expected[binding]);
    check(results.asyncpg, '');
    const refused = relay.log.find(({ msg }) => msg.startsWith('the server refused SCRAM channel binding'));
    if (expected.prefer === '') expect(refused).toBeUndefined();
    else expect(refused?.hint).toMatch(/--tls-cert.*channel_binding=disable.*--upstream-tls disable/);
  });

  test("libpq's sslmode=prefer gets in without TLS, after one refused login", async () => {
    const relay = await startRelay(postgres(), { ...OWN, upstreamTls: 'require' });
    const program = `
import sys, psycopg
with psycopg.connect(host='127.0.0.1', port=sys.argv[1], user='scram', dbname='postgres', password=sys.argv[2], sslmode=sys.argv[3]) as c:
    print(c.pgconn.ssl_in_use, c.execute('select ssl from pg_stat_ssl where pid = pg_backend_pid()').fetchone()[0])
`;
    const login = (mode: string) => python.run(program, { args: [String(relay.port), PASSWORD, mode] });
    const refusals = () =>
      relay.log.filter(({ msg }) => msg.startsWith('the server refused SCRAM channel binding')).length;
    // The server takes it for encrypted, because pgwitness's own leg is.
    expect(await login('prefer')).toMatchObject({ code: 0, stdout: 'False True\n' });
    expect(refusals()).toBe(1);
    const required = await login('require');
    expect(required.code).not.toBe(0);
    expect(required.stderr).toMatch(SERVER_REFUSES);
    expect(refusals()).toBe(2);
  });
});
