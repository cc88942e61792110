// libpq itself, in its current release, over TLS.
// TLS begun by request and at once, verification, and cancelling over the encrypted leg.

import { expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { useRelay } from '../kit/relay.js';
import { tlsWorld } from '../kit/tls.js';

const world = await tlsWorld();
const postgres = usePostgres(world.postgresOptions);
const startRelay = useRelay();

await describeWithPython('libpq through psycopg', (python) => {
  const CONNECT = `
import sys, threading, time
import psycopg
conninfo = f"host=127.0.0.1 port={sys.argv[1]} user=postgres dbname=postgres sslrootcert={sys.argv[2]} {sys.argv[3]}"
`;
  const run = async (options: string, program: string) => {
    const { port } = await startRelay(postgres(), {
      tlsCert: world.own.cert,
      tlsKey: world.own.key,
      upstreamTls: 'verify-full',
      upstreamTlsCa: world.caFile,
    });
    const { stdout, stderr } = await python.run(CONNECT + program, { args: [String(port), world.caFile, options] });
    expect(stderr).toBe('');
    return stdout.trim();
  };

  test.each([
    ['by request', 'sslmode=verify-full'],
    ['at once', 'sslmode=verify-full sslnegotiation=direct'],
  ])('TLS %s, with the certificate verified', async (_, options) => {
    const program = `
with psycopg.connect(conninfo) as connection:
    print(connection.pgconn.ssl_in_use, connection.execute('select 6 * 7').fetchone()[0])
`;
    expect(await run(options, program)).toBe('True 42');
  });

  test('a query is cancelled over TLS', async () => {
    const program = `
with psycopg.connect(conninfo) as connection:
    threading.Timer(0.3, connection.cancel_safe).start()
    began = time.monotonic()
    try:
        connection.execute('select pg_sleep(30)')
    except psycopg.errors.QueryCanceled:
        print('cancelled', time.monotonic() - began < 10)
`;
    expect(await run('sslmode=require', program)).toBe('cancelled True');
  });

  test('an asynchronous client reads a large result to its end', async () => {
    const program = `
import asyncio
async def main():
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        cursor = await connection.execute("select repeat('x', 20000) from generate_series(1, 500)")
        print(sum(len(row[0]) for row in await cursor.fetchall()))
asyncio.run(main())
`;
    expect(await run('sslmode=require', program)).toBe('10000000');
  });

  test('COPY in and out', async () => {
    const program = `
with psycopg.connect(conninfo) as connection:
    connection.execute('create temp table t (a int, b text)')
    with connection.cursor().copy('copy t from stdin') as copy:
        for i in range(20000):
            copy.write_row((i, 'x' * 100))
    with connection.cursor().copy('copy t to stdout') as copy:
        print(sum(len(bytes(block)) for block in copy))
`;
    expect(await run('sslmode=require', program)).toBe('2128890');
  });
});
