// Listening and forwarding: Unix sockets, several pairs, an upstream that moves.
// An upstream that comes and goes, too.

import dns from 'node:dns';
import { chownSync, existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { ordinaryUser } from '../../scripts/lib/setup/ordinary-user.mjs';
import { F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { halfOpenClient } from '../kit/raw-client.js';
import { temporaryFile, useRelay } from '../kit/relay.js';
import { bareServer } from '../kit/scripted-server.js';

const socketDirectory = mkdtempSync(path.join(tmpdir(), 'pgw-'));
const user = await ordinaryUser();
if (user !== undefined) chownSync(socketDirectory, user.uid, user.gid);
const postgres = usePostgres({ settings: { unix_socket_directories: socketDirectory } });
const startRelay = useRelay();
const STARTUP = F.startup({ user: 'postgres', database: 'postgres' });
const READY = Buffer.from('5a0000000549', 'hex');

async function ask(where: { host: string; port: number }, sql: string): Promise<unknown> {
  const client = new pg.Client({ ...where, user: 'postgres', database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0])[0];
  } finally {
    await client.end();
  }
}

const at = (port: number) => ({ host: '127.0.0.1', port });

describe('Unix sockets', () => {
  test('as the upstream: the server sees a local connection', async () => {
    const { port } = await startRelay(`unix:${socketDirectory}/.s.PGSQL.${postgres().port}`);
    expect(await ask(at(port), 'select inet_client_addr()')).toBe(null);
  });

  test('to listen on: clients find it by directory and port, and it is gone afterwards', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'pgw-'));
    const socket = path.join(directory, '.s.PGSQL.7777');
    const relay = await startRelay(postgres(), { listen: `unix:${socket}` });
    expect(await ask({ host: directory, port: 7777 }, 'select 42')).toBe(42);
    relay.run.stop();
    await relay.run.ended;
    expect(existsSync(socket)).toBe(false);
  });

  test('a socket that a killed process left is taken over, one that is answered is not', async () => {
    const socket = path.join(mkdtempSync(path.join(tmpdir(), 'pgw-')), 's');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    await expect(startRelay(postgres(), { listen: `unix:${socket}` })).rejects.toThrow('another process listens there');
    const { ino } = statSync(socket);
    // What a SIGKILL leaves: the file without its listener.
    const left = path.join(path.dirname(socket), 'left');
    const { rename } = await import('node:fs/promises');
    await rename(socket, left);
    server.close();
    expect(statSync(left).ino).toBe(ino);
    const relay = await startRelay(postgres(), { listen: `unix:${left}` });
    expect(relay.listen).toEqual([{ kind: 'unix', path: left }]);
  });

  test('a file in the way is left alone', async () => {
    const file = temporaryFile('notes', 'mine');
    await expect(startRelay(postgres(), { listen: `unix:${file}` })).rejects.toThrow('no socket is in the way');
    expect(existsSync(file)).toBe(true);
  });

  test('an upstream socket that is not there is 08001', async () => {
    const { port } = await startRelay('unix:/nowhere/.s.PGSQL.1');
    await expect(ask(at(port), 'select 1')).rejects.toMatchObject({ code: '08001', message: /unix:\/nowhere.*ENOENT/ });
  });
});

describe('pairs', () => {
  test('each listener has its own upstream, and cancel requests go to that one', async () => {
    const received: string[] = [];
    const stub = (name: string) =>
      bareServer(async (peer) => {
        const bytes = await peer.take(8);
        received.push(`${name} ${bytes.readInt32BE(4) === 80877102 ? 'cancel' : 'startup'}`);
        peer.socket.end();
      });
    const [primary, replica] = [await stub('primary'), await stub('replica')];
    const file = temporaryFile(
      'pgwitness.yaml',
      `pairs:\n  - { listen: "127.0.0.1:0", upstream: "127.0.0.1:${primary.port}" }\n` +
        `  - { listen: "127.0.0.1:0", upstream: "127.0.0.1:${replica.port}" }\n`,
    );
    const { ports } = await startRelay('', {}, file);
    for (const port of ports) {
      for (const packet of [STARTUP, F.cancelRequest(1, 0)]) {
        const client = await halfOpenClient(port);
        client.send(packet);
        await client.closed();
      }
    }
    expect(received).toEqual(['primary startup', 'primary cancel', 'replica startup', 'replica cancel']);
  });

  test('a pair that cannot listen leaves none of the others behind', async () => {
    const taken = await bareServer();
    const free = await bareServer();
    await free.stop();
    const file = temporaryFile(
      'pgwitness.yaml',
      `pairs:\n  - { listen: "127.0.0.1:${free.port}", upstream: "127.0.0.1:5" }\n` +
        `  - { listen: "127.0.0.1:${taken.port}", upstream: "127.0.0.1:5" }\n`,
    );
    await expect(startRelay('', {}, file)).rejects.toThrow('the port is in use');
    await expect(halfOpenClient(free.port)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('an upstream', () => {
  test('that is down at the start is no reason not to start; sessions work once it is up', async () => {
    const place = await bareServer();
    await place.stop();
    const relay = await startRelay(place);
    await expect(ask(at(relay.port), 'select 1')).rejects.toMatchObject({ code: '08001' });
    const { port } = postgres();
    relay.reload({ upstream: `127.0.0.1:${port}` });
    expect(await ask(at(relay.port), 'select 1')).toBe(1);
  });

  test('that is down: the client is told, however much it has sent already', async () => {
    const place = await bareServer();
    await place.stop();
    const { port } = await startRelay(place);
    const client = await halfOpenClient(port);
    client.send(STARTUP, Buffer.alloc(1_000_000, 'Q'));
    expect((await client.closed()).toString('latin1')).toContain('C08001');
    expect(client.error).toBe('');
  });

  test('that moves: new sessions find the new address, old ones stay', async () => {
    const lookups = vi.spyOn(dns, 'lookup');
    const relay = await startRelay(`db.example:${postgres().port}`);
    let address = '127.0.0.1';
    lookups.mockImplementation(((_: string, options: { all?: boolean }, done: (...of: unknown[]) => void) => {
      if (address === '') done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
      else if (options.all) done(null, [{ address, family: 4 }]);
      else done(null, address, 4);
    }) as never);
    try {
      const old = await halfOpenClient(relay.port);
      old.send(STARTUP);
      await old.until(READY);
      address = '';
      await expect(ask(at(relay.port), 'select 1')).rejects.toMatchObject({ code: '08001', message: /ENOTFOUND/ });
      address = '127.0.0.1';
      expect(await ask(at(relay.port), 'select 1')).toBe(1);
      old.forget();
      old.send(F.query('select 1'));
      await old.until(READY);
      expect(lookups.mock.calls.filter(([name]) => name === 'db.example')).toHaveLength(3);
    } finally {
      lookups.mockRestore();
    }
  });

  test('that goes away ends its sessions, and the relay stays', async () => {
    const peers: Array<() => void> = [];
    const stub = await bareServer(async (peer) => {
      await peer.take(STARTUP.length);
      peers.push(() => peer.socket.resetAndDestroy());
    });
    const { port } = await startRelay(stub);
    const client = await halfOpenClient(port);
    client.send(STARTUP);
    await expect.poll(() => peers.length).toBe(1);
    peers[0]();
    await client.closed();
    // A reset is passed on as a reset.
    await expect.poll(() => client.error).toBe('ECONNRESET');
    const next = await halfOpenClient(port);
    next.send(STARTUP);
    await expect.poll(() => peers.length).toBe(2);
  });
});

describe('reload', () => {
  test('new sessions go to the new upstream, old ones stay where they are', async () => {
    const stub = await bareServer((peer) => peer.send(Buffer.from('the other one')));
    const relay = await startRelay(postgres());
    const old = await halfOpenClient(relay.port);
    old.send(STARTUP);
    await old.until(READY);
    relay.reload({ upstream: `127.0.0.1:${stub.port}` });
    const fresh = await halfOpenClient(relay.port);
    fresh.send(STARTUP);
    expect((await fresh.take(13)).toString()).toBe('the other one');
    old.forget();
    old.send(F.query('select 1'));
    await old.until(READY);
  });

  test('what can only change with a restart is told', async () => {
    const relay = await startRelay(postgres());
    relay.reload({ health: '127.0.0.1:1' });
    expect(relay.log.find(({ msg }) => msg.includes('only with a restart'))).toMatchObject({ option: 'health' });
  });

  test('each pair gets its own new upstream', async () => {
    const stubs = [];
    for (const name of ['a', 'b', 'c', 'd'])
      stubs.push((await bareServer((peer) => peer.send(Buffer.from(name)))).port);
    const pairs = (...upstreams: number[]) =>
      `pairs:\n${upstreams.map((port) => `  - { listen: "127.0.0.1:0", upstream: "127.0.0.1:${port}" }\n`).join('')}`;
    const file = temporaryFile('pgwitness.yaml', pairs(stubs[0], stubs[1]));
    const relay = await startRelay('', {}, file);
    writeFileSync(file, pairs(stubs[2], stubs[3]));
    relay.reload({});
    const heard = [];
    for (const port of relay.ports) {
      const client = await halfOpenClient(port);
      client.send(STARTUP);
      heard.push((await client.take(1)).toString());
    }
    expect(heard).toEqual(['c', 'd']);
  });

  test('a fault changes nothing', async () => {
    const relay = await startRelay(postgres());
    const ca = temporaryFile('ca.pem', 'nothing of the kind');
    const flags = { upstream: '127.0.0.1:1', upstreamTls: 'verify-ca', upstreamTlsCa: ca };
    expect(() => relay.reload(flags)).toThrow('holds no certificate');
    expect(await ask(at(relay.port), 'select 1')).toBe(1);
  });
});

test('an empty certificate file is told by its option', async () => {
  const file = temporaryFile('cert.pem', '');
  writeFileSync(file, '');
  await expect(startRelay(postgres(), { tlsCert: file, tlsKey: file })).rejects.toMatchObject({
    where: '--tls-cert',
    message: `${file} holds no certificate`,
  });
});
