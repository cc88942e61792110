// Faults of clients before and after login, with a scripted server behind the relay.
// Each: what reached the server, what the client saw, what was counted. Numbers are of docs/FAULTS.md.

import { describe, expect, test, vi } from 'vitest';
import { B, F, message } from '../kit/frames.js';
import { loggedIn, RawClient } from '../kit/raw-client.js';
import { useRelayed } from '../kit/relayed.js';
import { type ServerEnd, useScriptedServer } from '../kit/scripted-server.js';
import { until } from '../kit/sidecar.js';

const startServer = useScriptedServer();
const startRelayed = useRelayed();

const STARTUP = F.startup({ user: 'u', database: 'd' });
const SSL_REQUEST = F.sslRequest();
const GSSENC_REQUEST = F.gssencRequest();
const MIB = 1024 * 1024;

const answersQueries = (end: ServerEnd, chunk: Buffer) => {
  if (chunk[0] === 0x51) end.send(B.rowDescription(), B.dataRow(), B.commandComplete('SELECT 1'), B.ready());
};

/** length word, then bytes. */
function packet(length: number, ...bytes: number[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(length);
  return Buffer.concat([head, Buffer.from(bytes)]);
}

describe('before login', () => {
  test.each([
    [32, 'an SSH banner', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    [32, 'an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    [32, 'a TLS ClientHello where there is no certificate', Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0])],
    [32, 'zeros', Buffer.alloc(64)],
    [33, 'length 0', packet(0, 0, 3, 0, 0)],
    [33, 'length -1', packet(-1, 0, 3, 0, 0)],
    [33, 'length 4', packet(4)],
    [33, 'length 7', packet(7, 0, 3, 0)],
    [33, 'length 10,005', packet(10_005, 0, 3, 0, 0)],
    [33, 'length 2^31 - 1', packet(0x7fffffff, 0, 3, 0, 0)],
    [27, 'an SSLRequest with a StartupMessage behind it', Buffer.concat([SSL_REQUEST, STARTUP])],
    [27, 'a GSSENCRequest with a StartupMessage behind it', Buffer.concat([GSSENC_REQUEST, STARTUP])],
  ])('%i: %s: no byte, an orderly end, nothing reaches the server', async (_row, _name, bytes) => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = new RawClient(relayed.port).send(bytes);
    await client.ended();
    expect(client.received).toHaveLength(0);
    expect(server.connections).toHaveLength(0);
    expect(relayed.listener.sessionsTotal).toBe(0);
  });

  test('28: SSLRequest and GSSENCRequest are answered once each', async () => {
    const relayed = await startRelayed(await startServer());
    const client = new RawClient(relayed.port);
    const answers = [SSL_REQUEST, GSSENC_REQUEST];
    for (let i = 0; i < answers.length; i++) {
      client.send(answers[i]);
      await client.until((received) => received.length === i + 1);
    }
    client.send(SSL_REQUEST);
    await client.ended();
    expect(client.received.toString()).toBe('NN');
  });

  test('26: an SSLRequest in two pieces and a StartupMessage byte by byte are held until they are whole', async () => {
    const server = await startServer({ greets: false });
    const relayed = await startRelayed(server);
    const client = new RawClient(relayed.port);
    await client.sendSlowly(SSL_REQUEST);
    await client.until((received) => received.toString() === 'N');
    await client.sendSlowly(STARTUP.subarray(0, -1));
    expect(server.connections).toHaveLength(0);
    client.send(STARTUP.subarray(-1));
    await until('the server has it', () => server.connections[0]?.receivedBytes === STARTUP.length);
    expect(server.last.received).toEqual(STARTUP);
  });

  test('36: a login byte by byte: one deadline, then both ends are closed and the place is free again', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server, { preAuthDeadlineMs: 400, connectionsPreAuthMax: 2 });
    const slow = [new RawClient(relayed.port), new RawClient(relayed.port)];
    const drip = setInterval(() => {
      for (const client of slow) if (!client.socket.destroyed) client.send(Buffer.from([0]));
    }, 60);
    await Promise.all(slow.map((client) => client.ended()));
    clearInterval(drip);
    expect(slow.map(({ received }) => received.length)).toEqual([0, 0]);
    await loggedIn(relayed.port);
    expect(relayed.listener.sessionsTotal).toBe(1);
  });

  test('36: beyond the cap of connections that have not logged in nobody else waits', async () => {
    let answers = false;
    const server = await startServer({ greets: false, onData: (end) => answers && end.send(B.greeting()) });
    const relayed = await startRelayed(server, { connectionsPreAuthMax: 2, connectionsCancelReserve: 0 });
    const waiting = [new RawClient(relayed.port), new RawClient(relayed.port)];
    for (const client of waiting) client.send(STARTUP);
    await until('both are in', () => waiting.every(({ socket }) => !socket.connecting));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const third = new RawClient(relayed.port);
    await third.ended();
    expect(third.received).toHaveLength(0);
    for (const client of waiting) client.reset();
    answers = true;
    await until('there is room again', async () => {
      const again = new RawClient(relayed.port).send(STARTUP);
      await new Promise((resolve) => setTimeout(resolve, 100));
      return again.received.length > 0;
    });
  });

  describe('a client that leaves while the upstream is still being connected to', () => {
    /** A server that keeps the relay waiting before any login, until it says that it speaks no TLS. */
    async function connecting(bounds: { leftMs?: number }) {
      const server = await startServer({ greets: false, onData: answersLogins });
      const relayed = await startRelayed({ host: server.host, port: server.port, tls: 'prefer' }, bounds);
      const begin = async (bytes: Buffer) => {
        const client = new RawClient(relayed.port, { allowHalfOpen: true }).send(bytes);
        await until('the upstream is asked for TLS', () => server.connections[0]?.receivedBytes === SSL_REQUEST.length);
        return client;
      };
      return { server, relayed, begin };
    }
    const answersLogins = (end: ServerEnd, chunk: Buffer) => {
      if (chunk.subarray(0, STARTUP.length).equals(STARTUP)) end.send(B.greeting());
      if (chunk.includes('select 1')) end.send(B.rowDescription(), B.commandComplete('SELECT 1'), B.ready());
    };

    test('17: by a reset: the attempt is given up at once', async () => {
      const { server, relayed, begin } = await connecting({});
      (await begin(STARTUP)).reset();
      await server.last.ended();
      expect(relayed.listener).toMatchObject({ sessionsTotal: 0, connectErrorsTotal: 0 });
    });

    test('17: by closing: the attempt is given up after a moment', async () => {
      const { server, relayed, begin } = await connecting({ leftMs: 50 });
      (await begin(STARTUP)).end();
      await server.last.ended();
      expect(relayed.listener).toMatchObject({ sessionsTotal: 0, connectErrorsTotal: 0 });
    });

    test('17, 72: by closing just before it is connected: the session ends, nothing is left of it', async () => {
      const { server, relayed, begin } = await connecting({});
      const client = await begin(STARTUP);
      client.end();
      await new Promise((resolve) => setTimeout(resolve, 50));
      server.last.send(Buffer.from('N'));
      await server.last.ended();
      await relayed.settled();
      expect(relayed.closedBy).toEqual(['client']);
      expect(client.received).toEqual(B.greeting());
    });

    test('20: with its requests sent along: it gets their answers', async () => {
      const { server, relayed, begin } = await connecting({ leftMs: 50 });
      const client = await begin(Buffer.concat([STARTUP, F.query('select 1')]));
      client.end();
      await new Promise((resolve) => setTimeout(resolve, 200));
      server.last.send(Buffer.from('N'));
      await client.ready(2);
      await relayed.settled();
      expect(relayed.lines).toEqual(['select 1 | SELECT 1']);
    });
  });

  test('46: over the connection cap: 53300 in a message of the protocol', async () => {
    const relayed = await startRelayed(await startServer(), { connectionsMax: 2 });
    const open = [await loggedIn(relayed.port), await loggedIn(relayed.port)];
    const third = new RawClient(relayed.port).send(STARTUP);
    expect(await third.ended()).toBe('end');
    expect(third.errors).toEqual(['FATAL 53300 pgwitness: too many connections (2)']);
    open[0].send(F.end()).end();
    await until('there is room again', () => relayed.sessionsOpen === 1);
    await loggedIn(relayed.port);
  });
});

test('46: a thousand idle sessions: each costs little, and the next one is served as before', async () => {
  const server = await startServer({ onData: answersQueries });
  const relayed = await startRelayed(server);
  const before = process.memoryUsage();
  const clients: RawClient[] = [];
  for (let batch = 0; batch < 10; batch++)
    clients.push(...(await Promise.all(Array.from({ length: 100 }, () => loggedIn(relayed.port)))));
  expect(relayed.sessionsOpen).toBe(1000);
  const now = process.memoryUsage();
  // Four sockets a session are in this process, two of them the relay's.
  const bytes = now.heapUsed + now.external - before.heapUsed - before.external;
  expect(bytes / 1000).toBeLessThan(200_000);
  const client = await loggedIn(relayed.port);
  await client.send(F.query('select 1')).ready(2);
  for (const idle of clients) idle.socket.destroy();
  client.socket.destroy();
  await relayed.settled();
  expect(relayed.lines).toEqual(['select 1 | SELECT 1']);
});

describe('cancel requests', () => {
  test.each([
    ['with a key of 4 bytes', Buffer.from([1, 2, 3, 4])],
    ['with a key of 32 bytes', Buffer.alloc(32, 7)],
    ['with a key of 256 bytes', Buffer.alloc(256, 8)],
  ])('45: %s: passed as it is, closed in silence when the server closed', async (_name, key) => {
    const server = await startServer({ greets: false });
    const relayed = await startRelayed(server);
    const request = F.cancelRequest(4711, key);
    const client = new RawClient(relayed.port).send(request);
    await until('the server has it', () => server.connections[0]?.receivedBytes === request.length);
    expect(server.last.received).toEqual(request);
    expect(client.endedBy).toBeUndefined();
    server.last.socket.end();
    expect(await client.ended()).toBe('end');
    expect(client.received).toHaveLength(0);
  });

  test('45: passes while the connection cap is reached, and a server that never closes is left after the time limit', async () => {
    const server = await startServer({ onData: answersQueries });
    const relayed = await startRelayed(server, { connectionsMax: 1, cancelTimeoutMs: 300 });
    const busy = await loggedIn(relayed.port);
    const request = F.cancelRequest(4711, 0);
    const cancel = new RawClient(relayed.port).send(request);
    await until('the server has it', () => server.connections[1]?.receivedBytes === request.length);
    await cancel.ended();
    await server.connections[1].ended();
    busy.send(F.query('select 1'));
    await busy.ready(2);
  });

  test('45: a storm of them leaves nothing behind', async () => {
    const server = await startServer({ greets: false, onData: (end) => end.socket.end() });
    const relayed = await startRelayed(server);
    const clients = Array.from({ length: 200 }, () => new RawClient(relayed.port).send(F.cancelRequest(4711, 0)));
    await Promise.all(clients.map((client) => client.ended()));
    expect(server.connections).toHaveLength(200);
    expect(relayed.sessionsOpen).toBe(0);
  });
});

describe('in a session', () => {
  test('17: a client that is gone in the middle of a query: the server sees the end, the query is lost', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    client.send(F.query('select slow'));
    await until('the server has it', () => server.last.received.includes('slow'));
    client.socket.destroy();
    await server.last.ended();
    server.last.socket.end();
    await relayed.settled();
    expect(relayed.losses).toEqual({ connection_closed: 1 });
    expect(relayed.lostTexts).toEqual(['connection_closed select slow']);
    expect(relayed.closedBy).toEqual(['client']);
  });

  test('17: gone in the middle of a pipeline: each text is told, be it prepared before or on its way', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    client.send(F.parse('known', 'select before'), F.sync());
    await until('the server has it', () => server.last.received.includes('before'));
    server.last.socket.write(Buffer.concat([B.parseComplete(), B.ready()]));
    client.send(F.bind('', 'known'), F.execute(), F.parse('', 'select ahead'), F.bind('', ''), F.execute(), F.sync());
    await until('the server has them', () => server.last.received.includes('ahead'));
    client.reset();
    await server.last.ended();
    await relayed.settled();
    expect(relayed.losses).toEqual({ connection_closed: 2 });
    expect(relayed.lostTexts).toEqual(['connection_closed select before', 'connection_closed select ahead']);
  });

  test('17: half a message and then the end: the half is passed on', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    const half = F.query('select never finished').subarray(0, 15);
    client.send(half).end();
    await server.last.ended();
    expect(server.last.received.subarray(-half.length)).toEqual(half);
    await relayed.settled();
    expect(relayed.lines).toEqual([]);
    expect(relayed.losses).toEqual({});
  });

  test('21: a reset by the client reaches the server as a reset', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    client.send(F.query('select slow'));
    await until('the server has it', () => server.last.received.includes('slow'));
    client.reset();
    expect(await server.last.ended()).toBe('reset');
    await relayed.settled();
    expect(relayed.losses).toEqual({ connection_closed: 1 });
  });

  test('19: a client killed in COPY OUT: the server is let go at once, its gigabyte is not drained', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    client.send(F.query('copy t to stdout'));
    await until('the server has it', () => server.last.received.includes('copy'));
    const { socket } = server.last;
    const data = B.copyData('x'.repeat(65_536));
    socket.write(B.copyOut());
    const pump = () => {
      while (!socket.destroyed && socket.write(data));
    };
    socket.on('drain', pump);
    pump();
    await client.until((received) => received.length > MIB);
    client.reset();
    await until('the server is let go', () => socket.destroyed);
    expect(socket.bytesWritten).toBeLessThan(64 * MIB);
    await relayed.settled();
    expect(relayed.losses).toEqual({ connection_closed: 1 });
  });

  test('37: a second StartupMessage after login is bytes like any other, and no new login', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    client.send(STARTUP);
    await until('the server has it', () => server.last.receivedBytes === STARTUP_BYTES + STARTUP.length);
    expect(server.last.received.subarray(-STARTUP.length)).toEqual(STARTUP);
    expect(relayed.listener.sessionsTotal).toBe(1);
    expect(relayed.counters.opaqueTotal).toBe(1);
  });

  test.each([
    ['length 3', packet(3)],
    ['length 0', packet(0)],
    ['length -5', packet(-5)],
    ['length 2^30 + 1', packet(0x40000001)],
  ])('38: a Query of %s is passed on, and nothing is invented', async (_name, length) => {
    const server = await startServer({
      onData: (end, chunk) => {
        if (chunk[0] === 0x51) end.socket.end();
      },
    });
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    const bytes = Buffer.concat([Buffer.from('Q'), length, Buffer.from('select 1\0')]);
    client.send(bytes);
    expect(await client.ended()).toBe('end');
    expect(client.received).toEqual(B.greeting());
    expect(server.last.received.subarray(-bytes.length)).toEqual(bytes);
    expect(relayed.counters.opaqueTotal).toBe(1);
  });

  test('38: a Sync longer than the server takes is passed on, and the session is opaque', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    const bytes = message('S', Buffer.alloc(10_001));
    client.send(bytes);
    await until('the server has it', () => server.last.receivedBytes === STARTUP_BYTES + bytes.length);
    expect(relayed.counters.opaqueTotal).toBe(1);
  });

  test('40: a statement of 64 MiB streams through: all bytes arrive, its head and tail are kept', async () => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    const query = F.query(`select '${'z'.repeat(64 * MIB)}' /* the end */`);
    client.send(query);
    await until('the server has it', () => server.last.receivedBytes === STARTUP_BYTES + query.length);
    expect(server.last.received.subarray(-query.length).equals(query)).toBe(true);
    server.last.send(B.commandComplete('SELECT 1'), B.ready());
    await client.ready(2);
    await relayed.told();
    const [{ text, textMissingBytes, requestBytes }] = relayed.statements;
    expect([text?.slice(0, 10), text?.endsWith('/* the end */')]).toEqual(["select 'zz", true]);
    expect((text?.length ?? 0) + textMissingBytes).toBe(query.length - 6);
    expect(text?.length).toBeLessThan(300_000);
    expect(requestBytes).toBe(query.length);
  });

  test('49: a loop that stands still: traffic resumes, no session is closed for it', async () => {
    const server = await startServer({ onData: answersQueries });
    const relayed = await startRelayed(server, { preAuthDeadlineMs: 300 });
    const client = await loggedIn(relayed.port);
    client.send(F.query('select before'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
    await client.ready(2);
    client.send(F.query('select after'));
    await client.ready(3);
    await relayed.told();
    expect(relayed.lines).toEqual(['select before | SELECT 1', 'select after | SELECT 1']);
  });

  test.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('50: the clock steps an hour %s: durations stay, the minute follows', async (_name, stepMs) => {
    const server = await startServer();
    const relayed = await startRelayed(server);
    const client = await loggedIn(relayed.port);
    client.send(F.query('select 1'));
    await until('the server has it', () => server.last.received.includes('select 1'));
    const realNow = Date.now.bind(Date);
    const stepped = vi.spyOn(Date, 'now').mockImplementation(() => realNow() + stepMs);
    relayed.renewClock();
    server.last.send(B.commandComplete('SELECT 1'), B.ready());
    stepped.mockRestore();
    await client.ready(2);
    await relayed.told();
    const [{ serviceNs, completedAtMs }] = relayed.statements;
    expect(serviceNs).toBeGreaterThan(0);
    expect(serviceNs).toBeLessThan(60e9);
    expect(Math.abs(completedAtMs - (Date.now() + stepMs))).toBeLessThan(60_000);
  });

  test('47, 72: five hundred short sessions leave no relay and no socket behind', async () => {
    const server = await startServer({ onData: answersQueries });
    const relayed = await startRelayed(server);
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await until('no socket of an earlier test is left', () => sockets() <= 2);
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => loggedIn(relayed.port)));
      for (const client of clients) client.send(F.query('select 1'));
      await Promise.all(clients.map((client) => client.ready(2)));
      for (const client of clients) client.send(F.end()).end();
      await Promise.all(clients.map((client) => client.ended()));
    }
    await relayed.settled();
    expect(relayed.statements).toHaveLength(500);
    expect(relayed.losses).toEqual({});
    await until('no socket is left', () => sockets() <= 2);
  });
});

const STARTUP_BYTES = F.startup({ user: 'postgres', database: 'postgres' }).length;
