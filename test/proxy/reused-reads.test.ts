// Reading into buffers that are used again, on real sockets: what arrives at the other end is what was sent, whoever is slow.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { limits } from '../../config/limits.js';
import { type ReadSink, readInto } from '../../proxy/reused-reads.js';

const open: Socket[] = [];
const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
/** By the port of the other end. */
const accepts = new Map<number, Socket>();
server.on('connection', (socket) => accepts.set(socket.remotePort ?? 0, socket));
beforeAll(async () => {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});
afterAll(() => server.close());

/** Two ends of a connection; the accepted one is paused. */
async function pair(): Promise<{ near: Socket; accepted: Socket }> {
  const { port } = server.address() as AddressInfo;
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(near, 'connect');
  const accepted = await vi.waitUntil(() => accepts.get(near.localPort ?? 0), { timeout: 20_000, interval: 2 });
  open.push(near, accepted);
  return { near, accepted };
}

/** source ─► accepted ═ readInto ═► out ─► far */
async function relayed({ paused = true } = {}) {
  const source = await pair();
  const target = await pair();
  const out = target.near;
  const sink: ReadSink = { take: (chunk) => out.write(chunk) || !paused, writing: () => out.writableLength > 0 };
  const { leg, early } = readInto(sink, { stream: source.accepted, socket: source.accepted });
  open.push(leg.stream);
  for (const chunk of early) out.write(chunk);
  out.on('drain', () => leg.stream.resume());
  leg.stream.on('end', () => out.end());
  leg.stream.resume();
  return { near: source.near, leg, far: target.accepted };
}

/** Writes `total` octets in pieces of any size, as fast as they are taken; the digest of all. */
async function send(socket: Socket, total: number, pieceMax: number): Promise<string> {
  const hash = createHash('sha256');
  for (let left = total; left > 0; ) {
    const piece = randomBytes(Math.min(left, 1 + Math.floor(Math.random() * pieceMax)));
    hash.update(piece);
    left -= piece.length;
    if (!socket.write(piece)) await once(socket, 'drain');
  }
  socket.end();
  return hash.digest('hex');
}

/** Reads to the end, with rests now and then when it is slow. */
async function receive(socket: Socket, slow: boolean): Promise<string> {
  const hash = createHash('sha256');
  let since = 0;
  for await (const chunk of socket) {
    hash.update(chunk);
    since += chunk.length;
    if (slow && since > 1_000_000) {
      since = 0;
      await sleep(5);
    }
  }
  return hash.digest('hex');
}

describe('what is read is what arrives', () => {
  test.each([
    ['large pieces', { pieceMax: 900_000, total: 12_000_000 }],
    ['pieces about the size of a buffer', { pieceMax: 130_000, total: 8_000_000 }],
    ['small pieces', { pieceMax: 300, total: 300_000 }],
  ])('%s, on connections that are fast and slow at once', async (_, { pieceMax, total }) => {
    const connections = await Promise.all(Array.from({ length: 6 }, relayed));
    const digests = await Promise.all(
      connections.map(async ({ near, far }, i) => {
        const received = receive(far, i % 2 === 0);
        return { sent: await send(near, total, pieceMax), received: await received };
      }),
    );
    for (const { sent, received } of digests) expect(received).toBe(sent);
  });

  test('more bulk at once than there are buffers', async () => {
    const connections = await Promise.all(Array.from({ length: 300 }, relayed));
    const digests = await Promise.all(
      connections.map(async ({ near, far }) => {
        const sent = await send(near, 400_000, 400_000);
        return { sent, received: await receive(far, false) };
      }),
    );
    for (const { sent, received } of digests) expect(received).toBe(sent);
  });

  test('a sink that goes on reading while its writes wait', async () => {
    const { near, far } = await relayed({ paused: false });
    const sent = send(near, 12_000_000, 900_000);
    await sleep(200);
    expect(await receive(far, true)).toBe(await sent);
  });

  test('what came before is not lost', async () => {
    const { near, accepted } = await pair();
    near.write('before');
    accepted.resume();
    accepted.pause();
    await sleep(50);
    const got: string[] = [];
    const sink: ReadSink = { take: (chunk) => got.push(chunk.toString()) > 0, writing: () => false };
    const { leg, early } = readInto(sink, { stream: accepted, socket: accepted });
    open.push(leg.stream);
    leg.stream.resume();
    near.write(' and after');
    await expect.poll(() => Buffer.concat(early).toString() + got.join('')).toBe('before and after');
  });
});

test("a short chunk is the sink's to keep, whatever is read after it", async () => {
  const kept: Buffer[] = [];
  const hash = createHash('sha256');
  const { near, accepted } = await pair();
  const sink: ReadSink = {
    take: (chunk) => {
      if (chunk.length < limits.bulkReadBytesMin) kept.push(chunk);
      else kept.push(Buffer.from(chunk));
      return true;
    },
    writing: () => false,
  };
  const { leg } = readInto(sink, { stream: accepted, socket: accepted });
  open.push(leg.stream);
  leg.stream.resume();
  let total = 0;
  for (let i = 0; i < 60; i++) {
    // In turn bulk, and what is read into a buffer that bulk was read into.
    const piece = randomBytes(i % 2 === 0 ? 70_000 : 100);
    hash.update(piece);
    total += piece.length;
    near.write(piece);
    await expect.poll(() => kept.reduce((sum, { length }) => sum + length, 0), { interval: 1 }).toBe(total);
  }
  expect(createHash('sha256').update(Buffer.concat(kept)).digest('hex')).toBe(hash.digest('hex'));
});

describe('how a connection ends', () => {
  test('an end is an end, and the other way stays open', async () => {
    const { near, leg, far } = await relayed();
    near.end('last');
    expect(await receive(far, false)).toBe(createHash('sha256').update('last').digest('hex'));
    expect(leg.stream.destroyed).toBe(false);
    leg.stream.end('answer');
    expect(String((await once(near, 'data'))[0])).toBe('answer');
  });

  test('an end that came before it was moved', async () => {
    const { near, accepted } = await pair();
    near.end();
    await sleep(50);
    const { leg } = readInto({ take: () => true, writing: () => false }, { stream: accepted, socket: accepted });
    open.push(leg.stream);
    const ended = once(leg.stream, 'end');
    leg.stream.resume();
    await ended;
  });

  test('a reset is an error', async () => {
    const { near, leg } = await relayed();
    const failed = once(leg.stream, 'error');
    near.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  test('it can be reset', async () => {
    const { near, leg } = await relayed();
    const failed = once(near, 'error');
    near.resume();
    leg.socket.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  test('one that is destroyed already is left as it is', async () => {
    const { accepted } = await pair();
    accepted.destroy();
    const { leg } = readInto({ take: () => true, writing: () => false }, { stream: accepted, socket: accepted });
    expect(leg.stream).toBe(accepted);
  });
});

test('paused it reads no more than one buffer', async () => {
  const { near, accepted } = await pair();
  let taken = 0;
  const sink: ReadSink = {
    take: (chunk) => {
      taken += chunk.length;
      return false;
    },
    writing: () => false,
  };
  const { leg } = readInto(sink, { stream: accepted, socket: accepted });
  open.push(leg.stream);
  leg.stream.resume();
  near.write(Buffer.alloc(1_000_000));
  await expect.poll(() => taken).toBeGreaterThan(0);
  await sleep(100);
  expect(taken).toBeLessThanOrEqual(65_536);
  leg.stream.resume();
  await expect.poll(() => taken).toBeGreaterThan(65_536);
});
