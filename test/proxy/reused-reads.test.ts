// Reading into buffers that are used again, on real sockets.
// What arrives at the other end is what was sent, whoever is slow.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { limits } from '../../config/limits.js';
import type { Reading, ReadSink } from '../../proxy/connection/leg.js';
import { readInto } from '../../proxy/connection/reused-reads.js';

const open: Array<{ destroy(): unknown }> = [];
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
  // A later connection may have the same port.
  accepts.delete(near.localPort ?? 0);
  open.push(near, accepted);
  return { near, accepted };
}

/** What `accepted` sends goes to `take`; it is flowing. */
function read(accepted: Socket, take: ReadSink['take'], hear: (stream: Socket) => void = () => {}): Reading {
  return begin(accepted, { take, writing: () => false, moved: (_from, to) => hear(to.stream) }, hear);
}

function begin(accepted: Socket, sink: ReadSink, hear: (stream: Socket) => void): Reading {
  const reading = readInto(sink, { stream: accepted, socket: accepted });
  hear(accepted);
  accepted.resume();
  open.push({ destroy: () => reading.leg.stream.destroy() });
  return reading;
}

/** source ─► accepted ═ readInto ═► out ─► far */
async function relayed({ paused = true } = {}) {
  const source = await pair();
  const target = await pair();
  const out = target.near;
  const errors: NodeJS.ErrnoException[] = [];
  const hear = (stream: Socket) => {
    stream.on('end', () => out.end());
    stream.on('error', (error) => errors.push(error));
  };
  const sink: ReadSink = {
    take: (chunk) => out.write(chunk) || !paused,
    writing: () => out.writableLength > 0,
    moved: (_from, to) => hear(to.stream),
  };
  const reading = begin(source.accepted, sink, hear);
  out.on('drain', () => reading.leg.stream.resume());
  return { near: source.near, accepted: source.accepted, reading, far: target.accepted, errors };
}

/** Short questions, one after another, until the handle has moved; the other end takes them. */
async function move({ near, accepted, reading, far }: Awaited<ReturnType<typeof relayed>>): Promise<void> {
  let came = 0;
  const count = (chunk: Buffer) => {
    came += chunk.length;
  };
  far.on('data', count);
  far.resume();
  for (let i = 1; reading.leg.stream === accepted; i++) {
    expect(i).toBeLessThan(limits.readsBeforeReuse * 10);
    near.write('q');
    await expect.poll(() => came, { interval: 1 }).toBe(i);
  }
  far.pause();
  far.off('data', count);
}

/** Writes `total` bytes in pieces of any size, as fast as they are taken; the digest of all. */
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
    ['small pieces', { pieceMax: 300, total: 3_000_000 }],
  ])('%s, on connections that are fast and slow at once', async (_, { pieceMax, total }) => {
    const connections = await Promise.all(Array.from({ length: 6 }, () => relayed()));
    const digests = await Promise.all(
      connections.map(async ({ near, far }, i) => {
        const received = receive(far, i % 2 === 0);
        return { sent: await send(near, total, pieceMax), received: await received };
      }),
    );
    for (const { sent, received } of digests) expect(received).toBe(sent);
    // In the midst of it.
    expect(connections.some(({ accepted, reading }) => reading.leg.stream !== accepted)).toBe(true);
  });

  test('more bulk at once than there are buffers', async () => {
    const connections = await Promise.all(Array.from({ length: 300 }, () => relayed()));
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
    read(accepted, (chunk) => got.push(chunk.toString()) > 0);
    near.write(' and after');
    await expect.poll(() => got.join('')).toBe('before and after');
  });

  test('questions and answers go on while the handle moves, and the old socket is let go', async () => {
    const { near, accepted } = await pair();
    const answers: string[] = [];
    near.on('data', (chunk) => answers.push(chunk.toString()));
    const reading: Reading = read(accepted, (chunk) => {
      reading.leg.stream.write(chunk.toString().toUpperCase());
      return true;
    });
    const count = limits.readsBeforeReuse * 4;
    for (let i = 0; i < count; i++) {
      near.write(`q${i};`);
      await sleep(1);
    }
    await expect.poll(() => answers.join('')).toBe(Array.from({ length: count }, (_, i) => `Q${i};`).join(''));
    expect(reading.leg.stream).not.toBe(accepted);
    expect(accepted.destroyed).toBe(true);
    // Node counts it as gone: a server that is closed waits for it no longer.
    await expect.poll(() => promisify(server.getConnections.bind(server))()).toBe(0);
  });

  test('a handle stays where it is while the other side has to be waited for', async () => {
    const { near, accepted } = await pair();
    let taken = 0;
    const reading = read(accepted, (chunk) => {
      taken += chunk.length;
      return taken < limits.readsBeforeReuse;
    });
    for (let i = 1; i <= limits.readsBeforeReuse; i++) {
      near.write('q');
      await expect.poll(() => taken, { interval: 1 }).toBe(i);
    }
    await sleep(20);
    expect(reading.leg.stream).toBe(accepted);
    expect(accepted.isPaused()).toBe(true);
  });
});

test('a short chunk may be kept, whatever is read after it', async () => {
  const kept: Buffer[] = [];
  const hash = createHash('sha256');
  const { near, accepted } = await pair();
  const reading = read(accepted, (chunk) => {
    if (chunk.length < limits.bulkReadBytesMin) kept.push(chunk);
    else kept.push(Buffer.from(chunk));
    return true;
  });
  let total = 0;
  for (let i = 0; i < 60; i++) {
    // In turn bulk, and what is read into a buffer that bulk was read into.
    const piece = randomBytes(i % 2 === 0 ? 70_000 : 100);
    hash.update(piece);
    total += piece.length;
    near.write(piece);
    await expect.poll(() => kept.reduce((sum, { length }) => sum + length, 0), { interval: 1 }).toBe(total);
  }
  expect(reading.leg.stream).not.toBe(accepted);
  expect(createHash('sha256').update(Buffer.concat(kept)).digest('hex')).toBe(hash.digest('hex'));
});

describe.each([
  ['as Node reads', async () => {}],
  ['after its handle moved', move],
])('how a connection ends, %s', (_, prepare) => {
  test('an end is an end, and the other way stays open', async () => {
    const connection = await relayed();
    await prepare(connection);
    const { near, reading, far } = connection;
    near.end('last');
    expect(await receive(far, false)).toBe(createHash('sha256').update('last').digest('hex'));
    expect(reading.leg.stream.destroyed).toBe(false);
    reading.leg.stream.end('answer');
    expect(String((await once(near, 'data'))[0])).toBe('answer');
  });

  test('a reset is an error', async () => {
    const connection = await relayed();
    await prepare(connection);
    connection.near.resetAndDestroy();
    await expect.poll(() => connection.errors).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  test('it can be reset', async () => {
    const connection = await relayed();
    await prepare(connection);
    const { near, reading } = connection;
    const failed = once(near, 'error');
    near.resume();
    reading.leg.socket.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  test('what nobody takes is not read, and is there when somebody does', async () => {
    const connection = await relayed();
    await prepare(connection);
    const { near, reading, far } = connection;
    const bytes = 20_000_000;
    near.write(Buffer.alloc(bytes));
    let held = -1;
    const stands = () => {
      const { bytesRead } = reading.leg.stream;
      const same = bytesRead > 0 && bytesRead === held;
      held = bytesRead;
      return same;
    };
    await expect.poll(stands, { interval: 100, timeout: 10_000 }).toBe(true);
    expect(held).toBeLessThan(bytes);
    let received = 0;
    far.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    far.resume();
    await expect.poll(() => received, { timeout: 10_000 }).toBe(bytes);
  });
});

test('an end that came before it is read', async () => {
  const { near, accepted } = await pair();
  near.end();
  await sleep(50);
  const ended = new Promise((resolve) => {
    read(
      accepted,
      () => true,
      (stream) => stream.on('end', resolve),
    );
  });
  await ended;
});
