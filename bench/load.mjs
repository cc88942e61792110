// The load generator: runs one workload on its connections and says what it saw.
// A process of its own; it runs for as long as it is told.
// Invariant: what it reports was answered; an error of the server or a lost connection ends it with a message. It is
// told over IPC:
//   { workload, clients, host, port } → { ready }
//   { seconds } → { requests, statements, bytes (both ways), elapsedMs, p50Us, p95Us, p99Us }
//   { rate } beside seconds: requests a second over all clients, evenly, instead of as many as go
// Not here: what is sent (lib/workloads.mjs).

import { createConnection } from 'node:net';
import { startupPacket } from '../scripts/lib/wire/messages.mjs';
import { TERMINATE } from './lib/messages.mjs';
import { WORKLOADS } from './lib/workloads.mjs';

const READY_BYTES = 6;
const HEADER_BYTES = 5;
const ERROR = 0x45; // E
const LOGIN = startupPacket([
  ['user', 'postgres'],
  ['database', 'postgres'],
  ['application_name', 'bench'],
]);
/** Connections that log in at once: the server's queue of new ones is short. */
const LOGINS_AT_ONCE = 50;

class Run {
  requests = 0;
  bytes = 0;
  latencies = new Float64Array(1 << 16);
  active = 0;
  untilMs = 0;
  /** Between two requests of one client, ms; 0 = no pause. */
  pauseMs = 0;
  /** @type {() => void} */ ended = () => {};

  /** @param {number} ms */
  took(ms) {
    if (this.requests === this.latencies.length) {
      const grown = new Float64Array(this.latencies.length * 2);
      grown.set(this.latencies);
      this.latencies = grown;
    }
    this.latencies[this.requests++] = ms;
  }
}

class Client {
  /** Undefined once it was closed. @type {import('node:net').Socket | undefined} */ #socket;
  /** The last bytes received: a ReadyForQuery may be cut. */
  #tail = Buffer.alloc(READY_BYTES);
  /** Of a message that is cut, before anything is measured. */
  /** @type {Buffer} */ #unread = Buffer.alloc(0);
  /** @type {() => void} */ onReady = () => {};
  /** @type {Run | undefined} */ run;
  #at;
  #sentMs = 0;
  #dueMs = 0;

  /**
   * @param {{ host: string, port: number, workload: import('./lib/workloads.mjs').Workload, next: () => Buffer }} at
   */
  constructor(at) {
    this.#at = at;
    this.#socket = this.#open();
  }

  #open() {
    const { host, port } = this.#at;
    const socket = createConnection({ host, port, noDelay: true });
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('error', fail);
    socket.on('close', () => {
      if (socket === this.#socket) fail(new Error('the server closed the connection'));
    });
    socket.write(LOGIN);
    return socket;
  }

  /** @param {Buffer} bytes */
  send(bytes) {
    this.#socket?.write(bytes);
  }

  /** @param {Run} run */
  start(run) {
    this.run = run;
    run.active++;
    this.onReady = () => this.#answered(run);
    this.#dueMs = performance.now() + Math.random() * run.pauseMs;
    if (run.pauseMs > 0) this.#later(run);
    else this.#next();
  }

  #next() {
    this.#sentMs = performance.now();
    if (this.#at.workload.reconnect) {
      this.close();
      this.onReady = () => {
        this.onReady = () => this.#answered(/** @type {Run} */ (this.run));
        this.send(this.#at.next());
      };
      this.#socket = this.#open();
    } else {
      const request = this.#at.next();
      if (this.run !== undefined) this.run.bytes += request.length;
      this.send(request);
    }
  }

  /** @param {Run} run */
  #answered(run) {
    const now = performance.now();
    run.took(now - this.#sentMs);
    if (now >= run.untilMs) {
      if (--run.active === 0) run.ended();
    } else if (run.pauseMs > 0) this.#later(run);
    else this.#next();
  }

  /** @param {Run} run */
  #later(run) {
    this.#dueMs += run.pauseMs;
    setTimeout(() => this.#next(), Math.max(0, this.#dueMs - performance.now()));
  }

  close() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end(TERMINATE);
  }

  /** Before anything is measured each client's answers are looked at once. @param {Buffer} chunk */
  #refuseError(chunk) {
    const bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      if (end > bytes.length) break;
      if (bytes[at] === ERROR) fail(new Error(bytes.toString('utf8', at + HEADER_BYTES, end).replaceAll('\0', ' ')));
      at = end;
    }
    this.#unread = bytes.subarray(at);
  }

  /** @param {Buffer} chunk */
  #data(chunk) {
    if (this.run !== undefined) this.run.bytes += chunk.length;
    else this.#refuseError(chunk);
    let tail = chunk;
    let at = chunk.length - READY_BYTES;
    if (at < 0) {
      tail = Buffer.concat([this.#tail, chunk]);
      at = tail.length - READY_BYTES;
    }
    tail.copy(this.#tail, 0, at);
    // The texts of the workloads never look like it.
    if (tail[at] === 0x5a && tail[at + 4] === 5 && tail[at + 1] === 0 && tail[at + 2] === 0 && tail[at + 3] === 0)
      this.onReady();
  }
}

/** @param {Error} error */
function fail(error) {
  console.error(`load: ${error.message}`);
  process.exit(1);
}

/**
 * @typedef {{ requests: number, statements: number, bytes: number, elapsedMs: number, p50Us: number, p95Us: number,
 * p99Us: number }} Said of a run
 */

/** @type {Client[]} */
const clients = [];
let statements = 1;

/** @param {{ workload: string, clients: number, host: string, port: number }} options */
async function open({ workload: name, clients: count, host, port }) {
  const workload = WORKLOADS[name]();
  statements = workload.statements;
  for (let at = 0; at < count; at += LOGINS_AT_ONCE) {
    const some = Array.from({ length: Math.min(LOGINS_AT_ONCE, count - at) }, (_, i) => {
      const next = workload.requests(at + i);
      const client = new Client({ host, port, workload, next });
      const ready = () =>
        new Promise((resolve) => {
          client.onReady = () => resolve(undefined);
        });
      const warmed = (async () => {
        await ready();
        for (const bytes of workload.prepare === undefined ? [next()] : [workload.prepare, next()]) {
          const answered = ready();
          client.send(bytes);
          await answered;
        }
      })();
      clients.push(client);
      return warmed;
    });
    await Promise.all(some);
  }
}

/** @param {{ seconds: number, rate?: number }} options @returns {Promise<Said>} */
async function run({ seconds, rate = 0 }) {
  const it = new Run();
  it.pauseMs = rate > 0 ? (clients.length / rate) * 1000 : 0;
  const ended = new Promise((resolve) => {
    it.ended = () => resolve(undefined);
  });
  const startedMs = performance.now();
  it.untilMs = startedMs + seconds * 1000;
  for (const client of clients) client.start(it);
  await ended;
  const elapsedMs = performance.now() - startedMs;
  const sorted = it.latencies.subarray(0, it.requests).sort();
  const us = (/** @type {number} */ q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] * 1000;
  return {
    requests: it.requests,
    statements: it.requests * statements,
    bytes: it.bytes,
    elapsedMs,
    p50Us: us(0.5),
    p95Us: us(0.95),
    p99Us: us(0.99),
  };
}

process.on('message', async (/** @type {any} */ told) => {
  if ('workload' in told) {
    await open(told);
    process.send?.({ ready: true });
  } else process.send?.(await run(told));
});
process.on('disconnect', () => process.exit(0));
