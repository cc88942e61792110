// Compares three ways for connections to come to several processes.
// Ours (proxy/supervisor/handover.ts), node:cluster taking turns, and every process accepting for itself.
// Run: node bench/handover.mjs [--processes N] [--connections N] [--seconds N]; prints how evenly each way spreads
// connections that stay, also after one process died, and what a connection that opens, sends a byte and closes
// costs. The processes only echo.
// Not here: the relays themselves (relays.mjs).

import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { existsSync, readdirSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../scripts/lib/free-port.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { table } from './lib/document.mjs';
import { childrenOf, cpuUs } from './lib/processes.mjs';

const SELF = new URL(import.meta.url).pathname;
const HOST = '127.0.0.1';
const WAYS = {
  handed: 'handed over to the least loaded',
  turns: 'node:cluster, in turn',
  each: 'each accepts for itself',
};
const START_MS = 1_500;
const SETTLE_MS = 300;
const AT_ONCE = 8;

const { PGWITNESS_BENCH_WAY: way, PGWITNESS_BENCH_PORT: port } = process.env;
if (way === undefined) void compare();
else if (cluster.isWorker) listen();
else if (process.argv[2] === 'handed-to') echoHanded();
else start(Number(process.argv[2]));

/** @param {import('node:net').Socket} socket */
function echo(socket) {
  socket.on('data', (bytes) => socket.write(bytes));
  socket.on('error', () => socket.destroy());
}

function listen() {
  createServer({ noDelay: true }, echo).listen({ host: HOST, port: Number(port), backlog: 1024 });
}

function echoHanded() {
  let open = 0;
  process.on('message', (_, /** @type {import('node:net').Socket} */ socket) => {
    open++;
    socket.once('close', () => process.send?.({ open: --open }));
    echo(socket);
    process.send?.({ open, taken: true });
  });
}

/** The parent of `count` processes, in the way of the environment. @param {number} count */
function start(count) {
  if (way !== 'handed') {
    cluster.schedulingPolicy = way === 'turns' ? cluster.SCHED_RR : cluster.SCHED_NONE;
    cluster.on('exit', () => cluster.fork());
    for (let i = 0; i < count; i++) cluster.fork();
    return;
  }
  /** @type {{ child: import('node:child_process').ChildProcess, open: number, busy: boolean }[]} */
  const processes = [];
  /** @type {import('node:net').Socket[]} */
  const waiting = [];
  const pump = () => {
    while (waiting.length > 0) {
      const load = (/** @type {typeof processes[0]} */ one) => one.open + (one.busy ? 1.5 : 0);
      const best = processes.reduce((least, one) => (load(one) < load(least) ? one : least));
      if (best.busy) return;
      best.busy = true;
      best.child.send({}, waiting.shift());
    }
  };
  const begin = () => {
    const one = { child: fork(SELF, ['handed-to']), open: 0, busy: false };
    one.child.on('message', (/** @type {{ open: number, taken?: boolean }} */ said) => {
      one.open = said.open;
      if (!said.taken) return;
      one.busy = false;
      pump();
    });
    one.child.on('exit', () => {
      processes.splice(processes.indexOf(one), 1);
      begin();
    });
    processes.push(one);
  };
  for (let i = 0; i < count; i++) begin();
  const accepted = (/** @type {import('node:net').Socket} */ socket) => {
    waiting.push(socket);
    pump();
  };
  createServer({ pauseOnConnect: true, noDelay: true }, accepted).listen({
    host: HOST,
    port: Number(port),
    backlog: 1024,
  });
}

/**
 * Resolves when it was answered, after as many tries as it takes.
 * @param {number} to
 * @returns {Promise<import('node:net').Socket>}
 */
function connect(to) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: HOST, port: to, noDelay: true }, () => socket.write('x'));
    const again = () => setTimeout(() => resolve(connect(to)), 20);
    socket.once('close', again);
    socket.once('data', () => {
      socket.off('close', again);
      resolve(socket);
    });
    socket.on('error', () => socket.destroy());
  });
}

/** Descriptors, which differ between two moments by the connections. @param {number} pid */
const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

/**
 * How many connections each process holds; then one is killed, and its clients connect again.
 * @param {number} to
 * @param {{ parent: number, connections: number }} options
 */
async function spread(to, { parent, connections }) {
  // All processes work when so many were answered and closed.
  for (const socket of await Promise.all(Array.from({ length: connections }, () => connect(to)))) socket.destroy();
  await sleep(SETTLE_MS);
  const before = new Map(childrenOf(parent).map((pid) => [pid, descriptors(pid)]));
  const empty = Math.min(...before.values());
  const held = () => childrenOf(parent).map((pid) => Math.max(0, descriptors(pid) - (before.get(pid) ?? empty)));
  let lost = 0;
  const open = await Promise.all(Array.from({ length: connections }, () => connect(to)));
  for (const socket of open) socket.on('close', () => lost++);
  const first = held();
  process.kill([...before.keys()][0], 'SIGKILL');
  await sleep(START_MS);
  const again = await Promise.all(Array.from({ length: lost }, () => connect(to)));
  const second = held();
  for (const socket of [...open, ...again]) socket.destroy();
  await sleep(SETTLE_MS);
  return [first.join(' '), second.join(' ')];
}

/**
 * Connections one after another, from AT_ONCE clients.
 * @param {number} to
 * @param {number} parent
 * @param {{ seconds: string }} values
 */
async function cost(to, parent, { seconds }) {
  const pids = [parent, ...childrenOf(parent)];
  const before = pids.map(cpuUs);
  /** @type {number[]} */
  const latenciesMs = [];
  const startedMs = performance.now();
  const untilMs = startedMs + Number(seconds) * 1000;
  const client = async () => {
    while (performance.now() < untilMs) {
      const sentMs = performance.now();
      const socket = await connect(to);
      latenciesMs.push(performance.now() - sentMs);
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const count = latenciesMs.length;
  const perSecond = Math.round(count / ((performance.now() - startedMs) / 1000));
  await sleep(SETTLE_MS);
  const [ofParent, ...ofChildren] = pids.map((pid, i) => (cpuUs(pid) - before[i]) / count);
  latenciesMs.sort((a, b) => a - b);
  const children = Math.round(ofChildren.reduce((sum, us) => sum + us, 0));
  const at = (/** @type {number} */ share) => latenciesMs[Math.floor(share * (count - 1))].toFixed(2);
  return [perSecond, Math.round(ofParent), children, at(0.5), at(0.99)];
}

async function compare() {
  const values = optionsOf('handover', {
    usage: 'node bench/handover.mjs [--processes N] [--connections N] [--seconds N]',
    options: {
      processes: { type: 'string', default: '4' },
      connections: { type: 'string', default: '64' },
      seconds: { type: 'string', default: '2' },
    },
  });
  const count = Number(values.processes);
  const connections = Number(values.connections);
  const rows = [];
  for (const [name, title] of Object.entries(WAYS)) {
    const to = await freePort();
    const env = { ...process.env, PGWITNESS_BENCH_WAY: name, PGWITNESS_BENCH_PORT: String(to) };
    const parent = fork(SELF, [String(count)], { env });
    await sleep(START_MS);
    try {
      rows.push([
        title,
        ...(await spread(to, { parent: parent.pid ?? 0, connections })),
        ...(await cost(to, parent.pid ?? 0, values)),
      ]);
    } finally {
      // The parent first: it would start them again.
      const children = childrenOf(parent.pid ?? 0);
      parent.kill('SIGKILL');
      for (const pid of children) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
    }
  }
  const head = [
    '',
    'opened at once',
    'again after one died',
    'per second',
    'parent µs',
    'processes µs',
    'p50 ms',
    'p99 ms',
  ];
  console.log(table(head, rows));
  process.exit();
}
