// Messages as long as the protocol allows, and names without end, through the real process.
// Each: what it holds meanwhile. Numbers are of docs/FAULTS.md.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { heldBy } from '../../bench/lib/held.mjs';
import { startStubServer } from '../../bench/lib/tools.mjs';
import { limits } from '../../config/limits.js';
import { B, F } from '../kit/frames.js';
import { loggedIn } from '../kit/raw-client.js';
import { observerPid, residentBytes, temporaryDirectory, top, until, useSidecar } from '../kit/sidecar.js';

const MIB = 1024 * 1024;
/** Just below the longest message of PostgreSQL (MaxAllocSize). */
const HUGE_BYTES = 1023 * MIB;
/** Buffers of both directions, and room that the collector takes its time with. */
const GROWTH_BYTES_MAX = 96 * MIB;

const startSidecar = useSidecar();
const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that lets one client in and keeps nothing of what it sends but its length. */
async function discardingServer() {
  const server = createServer({ noDelay: true });
  const it = { host: '127.0.0.1', port: 0, receivedBytes: 0, socket: undefined as Socket | undefined };
  server.on('connection', (socket) => {
    it.socket = socket;
    socket.on('error', () => {});
    socket.once('data', () => socket.write(B.greeting()));
    socket.on('data', (chunk) => {
      it.receivedBytes += chunk.length;
    });
  });
  server.listen(0, it.host);
  await once(server, 'listening');
  it.port = (server.address() as { port: number }).port;
  closers.push(() => {
    it.socket?.destroy();
    server.close();
  });
  return it;
}

/** Writes a header, as many bytes as it says, and then `last`. */
async function writeHuge(socket: Socket, { head, body, last }: { head: Buffer; body: number; last: Buffer }) {
  socket.write(head);
  const piece = Buffer.alloc(MIB, 0x61);
  for (let left = body; left > 0; left -= piece.length)
    if (!socket.write(piece.subarray(0, Math.min(left, piece.length)))) await once(socket, 'drain');
  socket.write(last);
}

/** Code and length of a message whose body has `bytes`, with the beginning of the body. */
function headOf(code: string, bytes: number, begin: Buffer): { head: Buffer; body: number } {
  const head = Buffer.alloc(5);
  head.write(code, 0, 'latin1');
  head.writeInt32BE(4 + bytes, 1);
  return { head: Buffer.concat([head, begin]), body: bytes - begin.length };
}

/** The most that relay and observer grew by while something went on. */
function watchGrowth(relay: number) {
  const pids = [relay, observerPid(relay)];
  const before = pids.map(residentBytes);
  let most = 0;
  const timer = setInterval(() => {
    for (const [i, pid] of pids.entries()) most = Math.max(most, residentBytes(pid) - before[i]);
  }, 20);
  closers.push(() => clearInterval(timer));
  return () => {
    clearInterval(timer);
    return most;
  };
}

test('40: a parameter of 1 GiB and a row of 1 GiB stream through: neither process grows with them', async () => {
  const server = await discardingServer();
  const sidecar = await startSidecar(server);
  const client = await loggedIn(sidecar.port);
  const growth = watchGrowth(sidecar.pid);
  const before = server.receivedBytes;

  // Portal and statement unnamed, no format codes, one parameter; behind its value no result formats.
  const valueBytes = HUGE_BYTES - 12;
  const value = Buffer.alloc(4);
  value.writeInt32BE(valueBytes);
  const bind = headOf('B', HUGE_BYTES, Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1]), value]));
  client.send(F.parse('', 'select length($1)'));
  await writeHuge(client.socket, {
    head: bind.head,
    body: valueBytes,
    last: Buffer.concat([Buffer.from([0, 0]), F.execute(), F.sync()]),
  });
  const sentBytes = F.parse('', 'select length($1)').length + 5 + HUGE_BYTES + F.execute().length + F.sync().length;
  await until('the server has it all', () => server.receivedBytes - before === sentBytes, 120_000);

  let received = 0;
  let tail: Buffer = Buffer.alloc(0);
  client.handOver().on('data', (chunk: Buffer) => {
    received += chunk.length;
    tail = Buffer.concat([tail, chunk.subarray(-6)]).subarray(-6);
  });
  const row = headOf('D', HUGE_BYTES, Buffer.from([0, 1]));
  const begin = Buffer.concat([B.parseComplete(), B.bindComplete()]);
  const end = Buffer.concat([B.commandComplete('SELECT 1'), B.ready()]);
  server.socket?.write(begin);
  await writeHuge(server.socket as Socket, { ...row, last: end });
  await until('the client has it all', () => tail.equals(B.ready()), 120_000);
  expect(received).toBe(begin.length + 5 + HUGE_BYTES + end.length);
  expect(growth()).toBeLessThan(GROWTH_BYTES_MAX);

  client.socket.destroy();
  await sidecar.stop();
  const { observed, statements } = await top(sidecar.data);
  expect(observed).toMatchObject({ statements: 1, not_observed: 0 });
  expect(statements[0]).toMatchObject({ query: 'select length(?)', calls: 1, rows: 1, errors: 0 });
}, 240_000);

test('42: a million statement names in one session, never closed: the newest are known, the others run without a text', async () => {
  const stub = await startStubServer();
  closers.push(stub.stop);
  const probes = temporaryDirectory('probe');
  const probe = new URL('../../bench/lib/probe.mjs', import.meta.url).pathname;
  const env = { ...process.env, PGWITNESS_PROBE_DIR: probes, NODE_OPTIONS: `--import=${probe}` };
  const sidecar = await startSidecar(stub, [], undefined, env);
  const client = await loggedIn(sidecar.port);
  const before = await heldBy(probes, sidecar.pid);
  const NAMES = 1_000_000;
  const AT_ONCE = 2_000;
  let readies = 1;
  for (let from = 0; from < NAMES; from += AT_ONCE) {
    const parses = Array.from({ length: AT_ONCE }, (_, i) => F.parse(`s${from + i}`, `select ${from + i} from t`));
    client.send(...parses, F.sync());
    await client.ready(readies + 1);
    client.forget();
    readies = 0;
  }
  for (const name of ['s0', `s${NAMES - limits.statementNamesMax - 1}`, `s${NAMES - 1}`]) {
    client.send(F.bind('', name), F.execute(), F.sync());
    await client.ready(++readies);
  }
  const after = await heldBy(probes, sidecar.pid);
  // The table of texts is full; the names of the session are few beside it.
  expect(after.heapBytes - before.heapBytes).toBeLessThan(limits.internedTextBytesMax + 16 * MIB);
  client.socket.destroy();
  await until('all is counted', async () => (await top(sidecar.data)).observed.statements === 3);
  await sidecar.stop();
  const { observed, statements } = await top(sidecar.data);
  expect(observed).toMatchObject({ statements: 3, not_observed: 0 });
  expect(statements.map(({ calls, source }) => [calls, source]).sort()).toEqual([
    [1, expect.any(String)],
    [2, 'unknown'],
  ]);
}, 240_000);
