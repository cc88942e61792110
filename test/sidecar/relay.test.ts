// The relay with real clients on a real Postgres.
// What passes is what the server and the client said, whoever speaks and however slowly.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import pg from 'pg';
import postgresjs from 'postgres';
import { describe, expect, test } from 'vitest';
import { B, F } from '../kit/frames.js';
import { untilRunning, usePostgres } from '../kit/postgres.js';
import { residentBytes, type Sidecar, top, until, useSidecar } from '../kit/sidecar.js';

const MIB = 1024 * 1024;

/**
 * Of each open connection whose own end has this port, whether the system probes the other end (proc(5),
 * /proc/net/tcp: timer 2).
 */
const probedFrom = (port: number) => probed(({ local }) => local === port);
const probedTo = (port: number) => probed(({ remote }) => remote === port);

function probed(which: (ports: { local: number; remote: number }) => boolean): boolean[] {
  const portOf = (address: string) => Number.parseInt(address.split(':')[1], 16);
  return readFileSync('/proc/net/tcp', 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, remote, state]) => state === '01' && which({ local: portOf(local), remote: portOf(remote) }))
    .map(([, , , , , timer]) => timer.startsWith('02:'));
}

describe('clients', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();
  const client = async (sidecar: Sidecar) => {
    const it = new pg.Client({ host: '127.0.0.1', port: sidecar.port, user: 'postgres', database: 'postgres' });
    await it.connect();
    return it;
  };

  test('node-postgres and postgres.js: parameters, prepared statements, errors, transactions', async () => {
    const sidecar = await startSidecar(postgres());
    const one = await client(sidecar);
    await one.query('create temp table t (a int, b text)');
    await one.query({ name: 'ins', text: 'insert into t values ($1, $2)', values: [1, 'x'] });
    await one.query({ name: 'ins', text: 'insert into t values ($1, $2)', values: [2, 'y'] });
    await expect(one.query('select nothing from nowhere')).rejects.toMatchObject({ code: '42P01' });
    expect((await one.query('select * from t where a = $1', [2])).rows).toEqual([{ a: 2, b: 'y' }]);
    await one.end();
    const sql = postgresjs({
      host: '127.0.0.1',
      port: sidecar.port,
      username: 'postgres',
      database: 'postgres',
      max: 2,
    });
    expect([...(await sql`select ${7}::int + 1 as eight`)]).toEqual([{ eight: 8 }]);
    await sql.begin(async (tx) => {
      await Promise.all([tx`select 1`, tx`select 2`, tx`select 3`]);
    });
    await sql.end();
    await sidecar.stop();
    const { observed, statements } = await top(sidecar.data);
    expect(observed).toMatchObject({ not_observed: 0, exact: true });
    const insert = statements.find(({ query }) => query.startsWith('insert into t'));
    expect(insert).toMatchObject({ calls: 2, rows: 2 });
    expect(statements.find(({ query }) => query.includes('nowhere'))).toMatchObject({ calls: 0, errors: 1 });
  });

  test('that stay are probed by the system, on both legs', async () => {
    const upstream = postgres();
    const sidecar = await startSidecar(upstream);
    const one = await client(sidecar);
    const idle = await client(sidecar);
    // Enough reads for its handle to move.
    for (let i = 0; i < 40; i++) await one.query('select 1');
    await until('both legs of both are probed', () => {
      const legs = [...probedFrom(sidecar.port), ...probedTo(upstream.port)];
      return legs.length >= 4 && legs.every(Boolean);
    });
    await one.end();
    await idle.end();
  });

  test('cancel', async () => {
    const sidecar = await startSidecar(postgres());
    const one = await client(sidecar);
    const { processID, secretKey } = one as unknown as { processID: number; secretKey: number };
    const slow = one.query('select pg_sleep(30)');
    const packet = Buffer.alloc(16);
    packet.writeInt32BE(16, 0);
    packet.writeInt32BE(80877102, 4);
    packet.writeInt32BE(processID, 8);
    packet.writeInt32BE(secretKey, 12);
    const told = expect(slow).rejects.toMatchObject({ code: '57014' });
    await untilRunning(postgres(), 'pg_sleep');
    connect(sidecar.port, '127.0.0.1').end(packet);
    await told;
    await one.end();
  });

  test('a half-closed client still gets its answer', async () => {
    const sidecar = await startSidecar(postgres());
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect({ port: sidecar.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.write(F.startup({ user: 'postgres', database: 'postgres' }));
      socket.once('data', () => socket.end(F.query("select 'the answer'")));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('end', () => resolve(Buffer.concat(chunks)));
    });
    expect(answer.includes('the answer')).toBe(true);
    expect(answer.subarray(-6)).toEqual(B.ready());
  });

  test('a slow reader of a large result: the upstream waits, memory does not grow', async () => {
    const sidecar = await startSidecar(postgres());
    const before = residentBytes(sidecar.pid);
    let most = 0;
    const received = await new Promise<number>((resolve, reject) => {
      let bytes = 0;
      const socket = connect(sidecar.port, '127.0.0.1');
      socket.write(F.startup({ user: 'postgres', database: 'postgres' }));
      socket.once('data', () =>
        socket.write(Buffer.concat([F.query("select repeat('x', 100000) from generate_series(1, 1500)"), F.end()])),
      );
      socket.on('data', (chunk) => {
        bytes += chunk.length;
        most = Math.max(most, residentBytes(sidecar.pid));
        if (bytes < 20 * MIB) {
          socket.pause();
          setTimeout(() => socket.resume(), 5);
        }
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(bytes));
    });
    expect(received).toBeGreaterThan(150_000_000);
    expect(most - before).toBeLessThan(60 * MIB);
    await sidecar.stop();
    const { statements } = await top(sidecar.data);
    expect(statements.find(({ query }) => query.includes('repeat'))).toMatchObject({ calls: 1, rows: 1500 });
  });

  test('bytes that are not the protocol make a session opaque, and pass all the same', async () => {
    const sidecar = await startSidecar(postgres());
    const answer = await new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connect(sidecar.port, '127.0.0.1');
      socket.write(F.startup({ user: 'postgres', database: 'postgres' }));
      socket.once('data', () => socket.write(Buffer.from('!!!!!!!!!!')));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('close', () => resolve(Buffer.concat(chunks)));
      socket.on('error', () => {});
    });
    // The server itself judges: FATAL 08P01 or a silent close, never a word of ours.
    expect(answer.includes('pgwitness')).toBe(false);
    const one = await client(sidecar);
    expect((await one.query('select 1')).rowCount).toBe(1);
    await one.end();
  });

  test('SIGTERM: idle sessions are told 57P01, busy ones finish, everything is stored, exit 0', async () => {
    const sidecar = await startSidecar(postgres());
    const idle = await client(sidecar);
    const toldIdle = new Promise<Error & { code?: string }>((resolve) => idle.on('error', resolve));
    const busy = await client(sidecar);
    busy.on('error', () => {});
    const slow = busy.query('select pg_sleep(1.5), 42 as answer');
    await untilRunning(postgres(), 'pg_sleep');
    const stopped = sidecar.stop();
    expect((await toldIdle).code).toBe('57P01');
    expect((await slow).rows[0].answer).toBe(42);
    await stopped;
    const { observed } = await top(sidecar.data);
    expect(observed).toMatchObject({ not_observed: 0, exact: true });
  });

  test('record and replay give the same counts', async () => {
    const file = `${(await import('../kit/sidecar.js')).temporaryDirectory('record')}/traffic.observations`;
    const sidecar = await startSidecar(postgres(), ['--record', file]);
    const one = await client(sidecar);
    for (let i = 0; i < 20; i++) await one.query(`select ${i}, $1::text`, ['x']);
    await one.query('begin; select 1; commit');
    await one.end();
    await sidecar.stop();
    const { pgwitness, temporaryDirectory } = await import('../kit/sidecar.js');
    const data = `${temporaryDirectory('replay')}/data`;
    for (const executions of [23, 23]) {
      const replayed = await pgwitness('replay', file, '--data', data);
      expect(replayed.stderr).toBe('');
      expect(replayed.code).toBe(0);
      const counts = ({ statements }: Awaited<ReturnType<typeof top>>) =>
        statements.map(({ fingerprint, source, calls, rows }) => ({ fingerprint, source, calls, rows }));
      const again = await top(data);
      expect(again.observed.statements).toBe(executions);
      expect(counts(again)).toEqual(counts(await top(sidecar.data)));
    }
  });
});
