// Faults of the upstream that a scripted server makes.
// Each: what the client saw of it, and what was counted. Numbers are of docs/FAULTS.md.

import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { connect, createServer, type LookupFunction } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { REQUEST_BYTES } from '../../proxy/session/outstanding.js';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { B, F, message } from '../kit/frames.js';
import { loggedIn, RawClient } from '../kit/raw-client.js';
import { useRelayed } from '../kit/relayed.js';
import { type ServerEnd, useScriptedServer } from '../kit/scripted-server.js';
import { until } from '../kit/sidecar.js';

const startServer = useScriptedServer();
const startRelayed = useRelayed();

const STARTUP = F.startup({ user: 'u', database: 'd' });
/** Answers every simple Query with one row. */
const answersQueries = (end: ServerEnd, chunk: Buffer) => {
  if (chunk[0] === 0x51) end.send(B.rowDescription(), B.dataRow(), B.commandComplete('SELECT 1'), B.ready());
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('connecting', () => {
  test('3: refused: FATAL 08001 before any login, counted', async () => {
    const relayed = await startRelayed({ host: '127.0.0.1', port: await freePort(0) });
    const client = new RawClient(relayed.port).send(STARTUP);
    expect(await client.ended()).toBe('end');
    expect(client.errors).toEqual([expect.stringMatching(/^FATAL 08001 pgwitness: cannot connect .* ECONNREFUSED$/)]);
    expect(relayed.listener).toMatchObject({ connectErrorsTotal: 1, sessionsTotal: 0 });
  });

  test('4: no answer to the SYN: 08001 after the connect timeout', async () => {
    const silent = await serverWithoutAccept();
    const relayed = await startRelayed({ host: '127.0.0.1', port: silent.port }, { connectTimeoutMs: 300 });
    const client = new RawClient(relayed.port).send(STARTUP);
    expect(await client.ended()).toBe('end');
    expect(client.errors).toEqual([expect.stringMatching(/^FATAL 08001 .*ETIMEDOUT$/)]);
    expect(relayed.listener.connectErrorsTotal).toBe(1);
    silent.stop();
  });

  test('5: accepted and never answered: one deadline closes both ends', async () => {
    const server = await startServer({ greets: false });
    const relayed = await startRelayed(server, { preAuthDeadlineMs: 300 });
    const client = new RawClient(relayed.port).send(STARTUP);
    await client.ended();
    expect(client.received).toHaveLength(0);
    await server.last.ended();
    await relayed.settled();
  });

  test.each([
    [6, 'too many clients', '53300'],
    [7, 'the database system is starting up', '57P03'],
  ])('%i: the server refuses (%s): passed as it is, and no second error', async (_row, text, sqlstate) => {
    const refusal = message('E', Buffer.from(`SFATAL\0VFATAL\0C${sqlstate}\0M${text}\0\0`));
    const server = await startServer({ greets: false, onData: (end) => end.send(refusal).socket.end() });
    const relayed = await startRelayed(server);
    const client = new RawClient(relayed.port).send(STARTUP);
    expect(await client.ended()).toBe('end');
    expect(client.received).toEqual(refusal);
    await relayed.settled();
    expect(relayed.counters).toMatchObject({ sessionErrorsTotal: 1, opaqueTotal: 0 });
  });

  test('16: a TLS handshake that the server does not go on with: 08001 after the connect timeout', async () => {
    const server = await startServer({
      greets: false,
      onData: (end) => end.receivedBytes === 8 && end.send(B.acceptTls()),
    });
    const relayed = await startRelayed(
      { host: server.host, port: server.port, tls: 'require' },
      { connectTimeoutMs: 300 },
    );
    const client = new RawClient(relayed.port).send(STARTUP);
    expect(await client.ended()).toBe('end');
    expect(client.errors).toEqual([expect.stringMatching(/^FATAL 08001 .*ETIMEDOUT$/)]);
    await server.last.ended();
    expect(server.last.received.includes('user')).toBe(false);
  });

  test('16: bytes that are no TLS after the S: 08001 at once', async () => {
    const server = await startServer({
      greets: false,
      onData: (end) => end.send(end.receivedBytes === 8 ? B.acceptTls() : Buffer.from('no TLS at all, sorry')),
    });
    const relayed = await startRelayed({ host: server.host, port: server.port, tls: 'require' });
    const client = new RawClient(relayed.port).send(STARTUP);
    await client.ended();
    expect(client.errors).toEqual([expect.stringMatching(/^FATAL 08001 .*TLS failed/)]);
    expect(relayed.listener.connectErrorsTotal).toBe(1);
  });

  test('8: a name that does not resolve: 08001 with the reason', async () => {
    const relayed = await startRelayed({ host: 'database.example', port: 5432 });
    resolveBy((done) => done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []));
    const client = new RawClient(relayed.port).send(STARTUP);
    await client.ended();
    expect(client.errors).toEqual([expect.stringMatching(/^FATAL 08001 .*ENOTFOUND$/)]);
  });

  test('8, 69: a name that moves: new sessions go where it points now, old ones stay where they are', async () => {
    const servers = [await startServer({ onData: answersQueries }), await startServer({ onData: answersQueries })];
    // Two addresses of this machine stand for two machines; both servers listen on the port of the first.
    const second = connectThrough(servers[1].port);
    const there = await second.listen(servers[0].port);
    let address = '127.0.0.1';
    const relayed = await startRelayed({ host: 'database.example', port: servers[0].port });
    resolveBy((done) => done(null, [{ address, family: 4 }]));
    const before = await loggedIn(relayed.port);
    address = there;
    const after = await loggedIn(relayed.port);
    for (const client of [before, after]) {
      client.send(F.query('select 1'));
      await client.ready(2);
    }
    expect(servers.map(({ connections }) => connections.length)).toEqual([1, 1]);
    second.stop();
  });
});

describe('in a session', () => {
  test('10: a reset in the middle of a DataRow: what came is delivered, then the reset, and no word of ours', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    const row = B.dataRow('x'.repeat(5000));
    const sent = Buffer.concat([B.rowDescription(), row, row.subarray(0, 1000)]);
    client.send(F.query('select long'));
    await until('the query is there', () => server.last.received.includes('select long'));
    server.last.send(sent);
    await client.until((received) => received.length === B.greeting().length + sent.length);
    server.last.socket.resetAndDestroy();
    expect(await client.ended()).toBe('reset');
    expect(client.received.subarray(B.greeting().length)).toEqual(sent);
    await relayed.settled();
    expect(relayed.losses).toEqual({ connection_closed: 1 });
    expect(relayed.closedBy).toEqual(['server']);
  });

  test('10: a reset behind a long answer: what the client gets is what the server sent, without a word of ours', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    const rows = Buffer.concat(Array(64).fill(B.dataRow('y'.repeat(100_000))));
    client.send(F.query('select much'));
    await until('the query is there', () => server.last.received.includes('select much'));
    let flushed = false;
    server.last.socket.write(rows, () => {
      flushed = true;
    });
    // Reads a little at a time until the server has handed everything over.
    while (!flushed) {
      client.socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 2));
      client.socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    client.socket.pause();
    server.last.socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.resume();
    await client.ended();
    const got = client.received.subarray(B.greeting().length);
    expect(rows.subarray(0, got.length).equals(got)).toBe(true);
    await relayed.settled();
    expect(relayed.losses).toEqual({ connection_closed: 1 });
  });

  test.each([
    [11, 'an unknown code', message('!', Buffer.from('garbage'))],
    [11, 'bytes that are no message', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    [11, 'a length that no message has', Buffer.from([0x54, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3])],
    [12, 'a length of zero', Buffer.from([0x54, 0, 0, 0, 0, 1, 2])],
    [12, 'a length of three', Buffer.from([0x54, 0, 0, 0, 3, 1, 2])],
    [12, 'a negative length', Buffer.from([0x54, 0xff, 0xff, 0xff, 0xfe, 1, 2])],
  ])('%i: %s: forwarded, the session is opaque, others are not', async (_row, _name, garbage) => {
    const server = await startServer({ onData: answersQueries });
    const relayed = await startRelayed(server);
    const other = await loggedIn(relayed.port);
    const client = await loggedIn(relayed.port);
    const before = client.received.length;
    server.last.send(garbage);
    await client.until((received) => received.length === before + garbage.length);
    expect(client.received.subarray(before)).toEqual(garbage);
    client.send(F.query('select unseen'));
    other.send(F.query('select seen'));
    await other.ready(2);
    await client.until((received) => received.subarray(-6).equals(B.ready()));
    client.end();
    other.end();
    await relayed.settled();
    expect(relayed.counters).toMatchObject({ opaqueTotal: 1, adriftTotal: 0 });
    expect(relayed.lines).toEqual(['select seen | SELECT 1']);
  });

  test.each([
    ['without any field', message('E', Buffer.from([0]))],
    ['without a SQLSTATE', message('E', Buffer.from('SERROR\0Mno\0\0'))],
    ['without its terminators', message('E', Buffer.from('SERROR'))],
    ['empty', message('E')],
  ])('13: an ErrorResponse %s is an error all the same', async (_name, error) => {
    const server = await startServer({
      onData: (end, chunk) => {
        if (chunk[0] === 0x51) end.send(error, B.ready());
      },
    });
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    client.send(F.query('select broken'));
    await client.ready(2);
    await relayed.told();
    expect(relayed.lines).toEqual(['select broken | !XX000']);
  });

  test('43: a thousand requests unread by the server: the client is held, nothing is lost, nothing blocks', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server, { outstandingBytesMax: 1000 * REQUEST_BYTES });
    const client = await loggedIn(relayed.port);
    const { socket } = server.last;
    socket.pause();
    const unit = Buffer.concat([F.parse('', `select '${'z'.repeat(20_000)}'`), F.bind('', ''), F.execute(), F.sync()]);
    for (let i = 0; i < 1000; i++) client.send(unit);
    await until('the client is held', () => client.socket.writableLength > 0);
    socket.resume();
    await until('all of it arrived', () => server.last.receivedBytes >= 1000 * unit.length);
    for (let i = 0; i < 1000; i++)
      server.last.send(B.parseComplete(), B.bindComplete(), B.commandComplete('SELECT 1'), B.ready());
    await client.ready(1001);
    await relayed.told();
    expect(relayed.counters.adriftTotal).toBe(1);
    expect(relayed.statements.length + (relayed.losses.adrift ?? 0)).toBe(1000);
    client.send(F.query('select found again'));
    await until('it is there', () => server.last.received.includes('found again'));
    server.last.send(B.commandComplete('SELECT 1'), B.ready());
    await client.ready(1002);
    await relayed.told();
    expect(relayed.lines.at(-1)).toBe('select found again | SELECT 1');
  });
});

/** Names resolve as given, from now to the end of the test. */
function resolveBy(resolve: (done: (error: Error | null, addresses: dns.LookupAddress[]) => void) => void): void {
  const lookup = (_host: string, options: dns.LookupOptions, done: Parameters<LookupFunction>[2]) =>
    process.nextTick(resolve, (error: Error | null, addresses: dns.LookupAddress[]) => {
      if (options.all) done(error, addresses);
      else done(error, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as unknown as typeof dns.lookup);
}

/** A server on another address of this machine, same port, that passes everything to `port` on the usual one. */
function connectThrough(port: number) {
  const server = createServer((socket) => {
    const behind = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => socket.destroy()).pipe(socket);
  });
  return {
    listen: (samePort: number) =>
      new Promise<string>((resolve) => server.listen(samePort, '127.0.0.2', () => resolve('127.0.0.2'))),
    stop: () => server.close(),
  };
}

/** A port whose queue of connections is full and that nobody accepts from: the kernel drops every further SYN. */
async function serverWithoutAccept(): Promise<{ port: number; stop: () => void }> {
  const program = `const s = require('net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  const port = await new Promise<number>((resolve) => child.stdout.once('data', (line) => resolve(Number(line))));
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await until('the queue is full', () => fillers.filter((socket) => !socket.connecting).length >= 2);
  return {
    port,
    stop: () => {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}
