// Bad input at the start and on the wire: a clear message and the right code.
// An exit code or a SQLSTATE, and nothing is lost.

import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { freeFlags, pgwitness, temporaryDirectory, top, useSidecar } from '../kit/sidecar.js';

describe('run refuses', () => {
  test.each(['--listen', '--http', '--health'].flatMap((flag) => ['1', '2'].map((relays) => [flag, relays] as const)))(
    'a port in use for %s, with --relays %s',
    async (flag, relays) => {
      const taken = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => taken.once('listening', resolve));
      const { port } = taken.address() as { port: number };
      const { code, stderr } = await pgwitness(
        'run',
        ...(await freeFlags()),
        '--relays',
        relays,
        flag,
        `127.0.0.1:${port}`,
      );
      taken.close();
      expect(code).toBe(3);
      expect(stderr).toContain(`the port is in use: ${flag} 127.0.0.1:${port}`);
    },
  );

  // A disk that is mended later must not have taken the database away meanwhile: see test/faults/disk.test.ts.
  test.each([
    ['is a file', () => fileOf('mine')],
    // Not even root may make a directory there.
    ['cannot be made', () => '/sys/pgwitness-data'],
  ])('a data directory that %s is told, and does not end the relay', async (_what, directory) => {
    const data = directory();
    await build(() => {});
    const upstream = { host: '127.0.0.1', port: await freePort() };
    const sidecar = await startSidecar({ upstream, data, unobserved: true });
    await sidecar.stop();
    expect(sidecar.output()).toContain(data);
    expect(sidecar.output()).toMatch(/making the data directory/);
    expect(sidecar.output()).toContain('cannot use its data directory');
  });

  test('an unknown flag', async () => {
    const { code, stderr } = await pgwitness('run', '--lisen', '127.0.0.1:1');
    expect(code).toBe(2);
    expect(stderr).toContain('--listen');
  });

  test('a broken config file, with the line', async () => {
    const file = path.join(temporaryDirectory('bad'), 'pgwitness.yaml');
    writeFileSync(file, 'listen: 127.0.0.1:1\nupstraem: 127.0.0.1:2\n');
    const { code, stderr } = await pgwitness('run', '--config', file);
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}:2:1`);
    expect(stderr).toContain('did you mean upstream');
  });
});

describe('with a Postgres', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  test('a second run on the same data directory', async () => {
    const sidecar = await startSidecar(postgres());
    const { code, stderr } = await pgwitness('run', ...(await freeFlags()), '--data', sidecar.data);
    expect(code).toBe(3);
    expect(stderr).toContain(sidecar.data);
    expect(stderr).toMatch(/another|locked|in use/);
  });

  test('an unreachable upstream: FATAL 08001 to the client, and the sidecar stays', async () => {
    const sidecar = await startSidecar({ host: '127.0.0.1', port: await freePort(0) });
    const client = new pg.Client({ host: '127.0.0.1', port: sidecar.port, user: 'app', database: 'app' });
    const error = (await client.connect().catch((reason: unknown) => reason)) as { code: string; message: string };
    expect(error.code).toBe('08001');
    expect(error.message).toContain('cannot connect to the upstream');
    expect((await fetch(`${sidecar.healthUrl}/readyz`)).status).toBe(200);
  });

  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['zeros', Buffer.alloc(64)],
    ['a packet of length 4', Buffer.from([0, 0, 0, 4])],
    ['a packet of negative length', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
    ['a packet over 10,000 bytes', Buffer.from([0, 0, 0x27, 0x19, 0, 3, 0, 0])],
    ['an SSLRequest with bytes behind it', Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f, 1, 2, 3])],
  ])('%s on the proxy port is closed without a word', async (_name, bytes) => {
    const sidecar = await startSidecar(postgres());
    const answer = await new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connect(sidecar.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', () => {});
      socket.on('close', () => resolve(Buffer.concat(chunks)));
    });
    expect(answer).toHaveLength(0);
    const client = new pg.Client({ host: '127.0.0.1', port: sidecar.port, user: 'postgres', database: 'postgres' });
    await client.connect();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
    await sidecar.stop();
    expect((await top(sidecar.data)).observed).toMatchObject({ statements: 1, not_observed: 0, exact: true });
  });
});

function fileOf(content: string): string {
  const file = path.join(temporaryDirectory('bad'), 'file');
  writeFileSync(file, content);
  return file;
}
