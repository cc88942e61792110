// The bounds on what a peer can make pgwitness hold, and the answer at each bound.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { connectionCaps } from '../../proxy/relay/descriptors.js';
import { F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { halfOpenClient } from '../kit/raw-client.js';
import { useRelayed } from '../kit/relayed.js';
import { bareServer } from '../kit/scripted-server.js';
import { until } from '../kit/sidecar.js';

const STARTUP = F.startup({ user: 'postgres', database: 'postgres' });
const READY = Buffer.from('5a0000000549', 'hex');
const postgres = usePostgres();
const listen = useRelayed();

describe('sessions', () => {
  test('beyond the cap are refused with 53300, and a place that is free again is given', async () => {
    const { port, listener } = await listen(postgres(), { connectionsMax: 1 });
    const first = await halfOpenClient(port);
    first.send(STARTUP);
    await first.until(READY);
    const second = await halfOpenClient(port);
    second.send(STARTUP);
    expect((await second.closed()).toString('latin1')).toContain('C53300');
    first.socket.destroy();
    await until('its place is free', () => listener.connections.size === 0);
    const third = await halfOpenClient(port);
    third.send(STARTUP);
    await third.until(READY);
  });

  test('of one address beyond its cap are refused with 53300 and told why; another address is served', async () => {
    const { port, listener } = await listen(postgres(), { connectionsPerAddressMax: 1 });
    const first = await halfOpenClient(port);
    first.send(STARTUP);
    await first.until(READY);
    const second = await halfOpenClient(port);
    second.send(STARTUP);
    const told = (await second.closed()).toString('latin1');
    expect(told).toContain('C53300\0');
    expect(told).toContain('too many connections from 127.0.0.1 (1)');
    expect(told).toContain('--max-connections-per-address');
    const other = await halfOpenClient(port, '127.0.0.2');
    other.send(STARTUP);
    await other.until(READY);
    first.socket.destroy();
    await until('its place is free', () => listener.connections.size === 1);
    const third = await halfOpenClient(port);
    third.send(STARTUP);
    await third.until(READY);
  });

  test('that cannot reach the upstream, or give up, give their places back', async () => {
    const { port } = await listen({ host: '127.0.0.1', port: 1 }, { connectionsPerAddressMax: 1 });
    for (let i = 0; i < 3; i++) {
      const client = await halfOpenClient(port);
      client.send(STARTUP);
      expect((await client.closed()).toString('latin1')).toContain('C08001');
    }
  });

  test('that are still reaching the upstream count as well', async () => {
    const stub = await bareServer();
    const { port } = await listen(stub, { connectionsMax: 2 });
    const told: Buffer[] = [];
    for (let i = 0; i < 5; i++) {
      const client = await halfOpenClient(port);
      client.send(STARTUP);
      void client.closed().then((bytes) => told.push(bytes));
    }
    await until('three are told', () => told.length === 3);
    expect(told.every((bytes) => bytes.includes('C53300'))).toBe(true);
  });
});

describe('connections that have not logged in', () => {
  test('are closed at one deadline, whatever they answered in between', async () => {
    const { port } = await listen(postgres(), { preAuthDeadlineMs: 150 });
    const slow = await halfOpenClient(port);
    slow.send(F.sslRequest());
    expect((await slow.take(1)).toString()).toBe('N');
    slow.send(STARTUP.subarray(0, 5));
    expect(await slow.closed()).toHaveLength(0);
  });

  test('are closed at that deadline when it is the server that does not let them in', async () => {
    const stub = await bareServer();
    const { port, listener } = await listen(stub, { preAuthDeadlineMs: 150 });
    const client = await halfOpenClient(port);
    client.send(STARTUP);
    expect(await client.closed()).toHaveLength(0);
    await until('its place is free', () => listener.connections.size === 0);
  });

  test('no longer count once they have logged in', async () => {
    const { port } = await listen(postgres(), {
      connectionsPreAuthMax: 1,
      connectionsCancelReserve: 0,
      preAuthDeadlineMs: 200,
    });
    const clients = [];
    for (let i = 0; i < 3; i++) {
      const client = await halfOpenClient(port);
      client.send(STARTUP);
      await client.until(READY);
      clients.push(client);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(clients.map(({ endedBy }) => endedBy)).toEqual([undefined, undefined, undefined]);
  });

  test('beyond their cap may only cancel', async () => {
    const request = F.cancelRequest(7, Buffer.from('01020304', 'hex'));
    const received: string[] = [];
    // It answers no login.
    const stub = await bareServer(async (peer) => {
      const first = await peer.take(16);
      if (!first.equals(request)) return;
      received.push(first.toString('hex'));
      peer.socket.end();
    });
    const { port } = await listen(stub, { connectionsPreAuthMax: 2, connectionsCancelReserve: 1 });
    await waitingLogins(port, 2);
    const canceller = await halfOpenClient(port);
    canceller.send(request);
    expect(await canceller.closed()).toHaveLength(0);
    expect(received).toEqual([request.toString('hex')]);
    const session = await halfOpenClient(port);
    session.send(STARTUP);
    expect((await session.closed()).toString('latin1')).toContain('C53300');
  });

  test('beyond the reserve too are closed at once', async () => {
    const { port } = await listen(await bareServer(), { connectionsPreAuthMax: 1, connectionsCancelReserve: 1 });
    await waitingLogins(port, 1);
    await halfOpenClient(port);
    const third = await halfOpenClient(port);
    expect(await third.closed()).toHaveLength(0);
  });
});

describe('connections that say nothing', () => {
  test('are closed after some seconds, long before the deadline of a login', async () => {
    const { port } = await listen(postgres(), { firstByteMs: 100 });
    const spoke = (await halfOpenClient(port)).send(STARTUP.subarray(0, 1));
    const silent = await halfOpenClient(port);
    expect(await silent.closed()).toHaveLength(0);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(spoke.endedBy).toBeUndefined();
    spoke.send(STARTUP.subarray(1));
    await spoke.until(READY);
  });

  test('are not taken for silent when the loop was late', async () => {
    const { port } = await listen(postgres(), { firstByteMs: 100 });
    const client = await halfOpenClient(port);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.send(STARTUP);
    for (const end = Date.now() + 200; Date.now() < end; );
    await client.until(READY);
  });

  test('by the thousand keep nobody out', async () => {
    const relayed = await listen(postgres());
    const { port } = relayed;
    const silent: Socket[] = [];
    onTestFinished(() => {
      for (const socket of silent) socket.destroy();
    });
    const open = async (count: number) => {
      const some = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
      silent.push(...some);
      await Promise.all(some.map((socket) => once(socket, 'connect')));
    };
    while (silent.length < limits.connectionsPreAuthMax + 500) await open(250);
    await until('the house is full', () => relayed.listener.connectionCount >= limits.connectionsPreAuthMax);
    const victims = [];
    for (let n = 0; n < 5; n++) {
      const victim = await halfOpenClient(port);
      victim.send(STARTUP);
      await victim.until(READY);
      victims.push(victim);
      // The attack goes on.
      await open(50);
    }
    expect(victims.map(({ endedBy }) => endedBy)).toEqual(Array(5).fill(undefined));
    expect(relayed.listener.connectionCount).toBeLessThanOrEqual(
      limits.connectionsPreAuthMax + limits.connectionsCancelReserve + victims.length,
    );
  });

  test('by the thousand and a byte each keep nobody out either', async () => {
    const { port } = await listen(postgres(), { connectionsPreAuthMax: 200 });
    const begun: Socket[] = [];
    onTestFinished(() => {
      for (const socket of begun) socket.destroy();
    });
    for (let n = 0; n < 1_000; n++) {
      const socket = connect(port, '127.0.0.1', () => socket.write(STARTUP.subarray(0, 1))).on('error', () => {});
      begun.push(socket);
    }
    await Promise.all(begun.map((socket) => once(socket, 'connect')));
    const victim = await halfOpenClient(port);
    victim.send(STARTUP);
    await victim.until(READY);
  });

  test('of an address at its cap give way to the next client from there', async () => {
    const { port } = await listen(postgres(), { connectionsPerAddressMax: 10 });
    const silent = await Promise.all(Array.from({ length: 12 }, () => halfOpenClient(port)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const victim = await halfOpenClient(port);
    victim.send(STARTUP);
    await victim.until(READY);
    await until('one went', () => silent.filter(({ endedBy }) => endedBy !== undefined).length >= 1);
    const other = await halfOpenClient(port, '127.0.0.2');
    other.send(STARTUP);
    await other.until(READY);
  });
});

/** Clients that sent their StartupMessage to a server that does not answer. */
async function waitingLogins(port: number, count: number): Promise<void> {
  for (let n = 0; n < count; n++) (await halfOpenClient(port)).send(STARTUP);
  // What they sent is read before the next one comes.
  await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('cancel requests', () => {
  test.each([1, 4, 32, 256])('with a key of %i bytes are forwarded as they are', async (keyBytes) => {
    const request = F.cancelRequest(4711, Buffer.alloc(keyBytes, 0xab));
    let received: Buffer = Buffer.alloc(0);
    const stub = await bareServer(async (peer) => {
      received = Buffer.from(await peer.take(request.length));
      peer.socket.end();
    });
    const { port } = await listen(stub);
    const client = await halfOpenClient(port);
    for (const byte of request) client.send(Buffer.from([byte]));
    expect(await client.closed()).toHaveLength(0);
    expect(received.equals(request)).toBe(true);
  });

  test.each([0, 257])('with a key of %i bytes are closed without a word', async (keyBytes) => {
    let connections = 0;
    const stub = await bareServer(() => connections++);
    const { port } = await listen(stub);
    const client = await halfOpenClient(port);
    client.send(F.cancelRequest(4711, Buffer.alloc(keyBytes)));
    expect(await client.closed()).toHaveLength(0);
    expect(connections).toBe(0);
  });

  test('are closed when the server closed, and no earlier', async () => {
    let release = () => {};
    const stub = await bareServer((peer) => {
      release = () => peer.socket.end();
    });
    const { port } = await listen(stub);
    const client = await halfOpenClient(port);
    client.send(F.cancelRequest(1, 0));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.endedBy).toBeUndefined();
    release();
    expect(await client.closed()).toHaveLength(0);
  });

  test('reach the server although the client did not wait', async () => {
    let received = 0;
    const stub = await bareServer(async (peer) => {
      received = (await peer.take(16)).length;
    });
    const { port } = await listen(stub);
    const client = await halfOpenClient(port);
    client.socket.end(F.cancelRequest(1, 0));
    client.socket.destroySoon();
    await until('the server has it', () => received === 16);
  });

  test('that nobody answers are given up after their time', async () => {
    const stub = await bareServer();
    const { port } = await listen(stub, { cancelTimeoutMs: 150 });
    const client = await halfOpenClient(port);
    client.send(F.cancelRequest(1, 0));
    expect(await client.closed()).toHaveLength(0);
  });

  test('for an upstream that is down are closed without a word', async () => {
    const { port } = await listen({ host: '127.0.0.1', port: 1 });
    const client = await halfOpenClient(port);
    client.send(F.cancelRequest(1, 0));
    expect(await client.closed()).toHaveLength(0);
  });
});

describe('descriptors', () => {
  test('enough of them leave the caps as they are', () => {
    expect(connectionCaps(10_000, 100_000)).toEqual({
      connectionsMax: 10_000,
      connectionsPreAuthMax: limits.connectionsPreAuthMax,
      connectionsCancelReserve: limits.connectionsCancelReserve,
    });
  });

  test.each([64, 256, 1024, 20_000])('%i of them are not exceeded by what the caps allow', (descriptors) => {
    const caps = connectionCaps(10_000, descriptors);
    const used = 2 * caps.connectionsMax + caps.connectionsPreAuthMax + 2 * caps.connectionsCancelReserve;
    expect(used).toBeLessThan(descriptors - 20);
    expect(caps.connectionsMax).toBeGreaterThanOrEqual(10);
  });
});
