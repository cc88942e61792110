// Measures what a statement costs while fingerprints, connections and the store grow.
// Run: npm run build && node bench/growth.mjs [--seconds N] [--only fingerprints,connections,store]
// Writes its section of docs/BENCHMARKS.md unless --only leaves parts out. 10,000 connections need 23,000 descriptors
// in one relay: the limit is raised where this user may, else what does not fit into one relay is in several, and the
// section says so.
// At a fixed rate, against the stub server, so that the cost of the server and of a full processor is not in it.
// Not here: what reports over a large store cost (scripts/measure-reports.mjs), cost beside other tools (main.mjs).

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionCaps } from '../dist/proxy/relay/descriptors.js';
import { optionsOf } from '../scripts/lib/options.mjs';
import { makeBigStore } from './lib/big-store.mjs';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { startLoad } from './lib/measure.mjs';
import { cpuUs, residentBytes } from './lib/processes.mjs';
import { startEmptyRelay, startPgwitness, startRelays, startStubServer } from './lib/tools.mjs';
import { mib } from './lib/units.mjs';

const PARTS = ['fingerprints', 'connections', 'store'];
const values = optionsOf('growth', {
  usage: 'node bench/growth.mjs [--seconds N] [--only fingerprints,connections,store]',
  options: { seconds: { type: 'string', default: '5' }, only: { type: 'string', default: PARTS.join(',') } },
});
const seconds = Number(values.seconds);
const parts = values.only.split(',');
if (!(seconds > 0) || parts.some((part) => !PARTS.includes(part))) {
  console.error(`growth: --seconds takes a number above 0, --only some of ${PARTS.join(',')}`);
  process.exit(2);
}
const FINGERPRINTS = [10, 100, 1000, 10_000, 20_000, 100_000];
const CONNECTIONS = [1, 10, 100, 1000, 4000, 8000, 10_000];
const STORE_BYTES = [0, 200e6, 2e9];
/** Statements of one kind while the store is what grows. */
const STORE_FINGERPRINTS = 1000;
/** Two of each connection, and what a relay keeps for others (proxy/relay/descriptors.ts). */
const DESCRIPTORS = 2 * 10_000 + 4000;
const STATEMENTS_PER_SECOND = 5000;
const PER_REQUEST = 100;
const SETTLE_MS = 1500;

/** How many relays it takes to hold so many connections. @param {number} connections */
function relaysFor(connections) {
  return Math.ceil(connections / connectionCaps(connections, descriptors()).connectionsMax);
}

/** @param {import('./lib/tools.mjs').Tool} tool @param {import('./lib/measure.mjs').Load} load @param {number} rate */
async function costOf({ processes }, load, rate) {
  const before = Object.values(processes).map(cpuUs);
  const { statements } = await load.run({ seconds, rate });
  await sleep(SETTLE_MS);
  return Object.values(processes).map((pid, i) => ({
    us: (cpuUs(pid) - before[i]) / statements,
    bytes: residentBytes(pid),
  }));
}

/** @param {{ host: string, port: number }} stub */
async function byFingerprints(stub) {
  const rows = [];
  for (const count of FINGERPRINTS) {
    const tool = await startPgwitness(stub);
    try {
      const env = { PGWITNESS_BENCH_FINGERPRINTS: String(count) };
      const load = await startLoad({ workload: 'fingerprints', clients: 1 }, tool, env);
      const rate = STATEMENTS_PER_SECOND / PER_REQUEST;
      // All of them are seen once before anything is measured.
      await load.run({ seconds: Math.max(3, (count / STATEMENTS_PER_SECOND) * 1.2), rate });
      const [relay, observer] = await costOf(tool, load, rate);
      rows.push([count, relay.us.toFixed(1), observer.us.toFixed(1), mib(relay.bytes), mib(observer.bytes)]);
      await load.stop();
    } finally {
      await tool.stop();
    }
  }
  return rows;
}

/**
 * Of relays together with their supervisor, and of the observer.
 * @param {number} clients
 * @param {import('./lib/tools.mjs').Tool} tool
 */
async function costAt(clients, tool) {
  try {
    const load = await startLoad({ workload: 'prepared', clients }, tool);
    await load.run({ seconds: 3, rate: STATEMENTS_PER_SECOND });
    const costs = await costOf(tool, load, STATEMENTS_PER_SECOND);
    await load.stop();
    /** @type {Map<string, { us: number, bytes: number }>} */
    const byKind = new Map();
    for (const [i, role] of Object.keys(tool.processes).entries()) {
      const kind = role === 'observer' ? role : 'relay';
      const sum = byKind.get(kind) ?? { us: 0, bytes: 0 };
      byKind.set(kind, { us: sum.us + costs[i].us, bytes: sum.bytes + costs[i].bytes });
    }
    return ['relay', 'observer'].flatMap((kind) => {
      const cost = byKind.get(kind);
      return cost === undefined ? [] : [cost.us.toFixed(1), mib(cost.bytes)];
    });
  } finally {
    await tool.stop();
  }
}

/** @param {{ host: string, port: number }} stub */
async function byConnections(stub) {
  const rows = [];
  for (const clients of CONNECTIONS) {
    const relays = relaysFor(clients);
    const row = /** @type {(string | number)[]} */ ([relays === 1 ? clients : `${clients}, in ${relays} relays`]);
    // One process cannot hold them, and the reference is one process.
    if (relays > 1) row.push('–', '–');
    else row.push(...(await costAt(clients, await startEmptyRelay(stub))));
    row.push(...(await costAt(clients, relays > 1 ? await startRelays(stub, relays) : await startPgwitness(stub))));
    rows.push(row);
  }
  return rows;
}

/** @param {{ host: string, port: number }} stub */
async function byStore(stub) {
  const rows = [];
  for (const bytes of STORE_BYTES) {
    const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));
    const size = bytes === 0 ? 0 : makeBigStore(directory, bytes);
    const startedMs = performance.now();
    const tool = await startPgwitness(stub, [], { data: directory });
    const readyMs = performance.now() - startedMs;
    try {
      const env = { PGWITNESS_BENCH_FINGERPRINTS: String(STORE_FINGERPRINTS) };
      const load = await startLoad({ workload: 'fingerprints', clients: 1 }, tool, env);
      const rate = STATEMENTS_PER_SECOND / PER_REQUEST;
      // What a start leaves to be done (windows over everything) is in the first.
      const [, first] = await costOf(tool, load, rate);
      const [, second] = await costOf(tool, load, rate);
      const [relay, third] = await costOf(tool, load, rate);
      const lagMs = await observerLagMs(tool);
      const us = (/** @type {{ us: number }} */ cost) => cost.us.toFixed(1);
      const megabytes = Math.round(size / 1e6);
      rows.push([megabytes, Math.round(readyMs), us(relay), us(first), us(second), us(third), lagMs, mib(third.bytes)]);
      await load.stop();
    } finally {
      await tool.stop();
    }
  }
  return rows;
}

/** The longest that the observer's loop was held lately. @param {import('./lib/tools.mjs').Tool} tool */
async function observerLagMs({ httpUrl }) {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  const seconds = /^pgwitness_event_loop_lag_seconds\{process="observer"\} (\S+)$/m.exec(text)?.[1];
  return Math.round(Number(seconds) * 1000);
}

/** Descriptors that this process, and what it starts, may have open. */
function descriptors() {
  const said = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  return said === 'unlimited' ? Number.POSITIVE_INFINITY : Number(said);
}

/** The same command once more under a higher limit, where this user may raise it. */
function withMoreDescriptors() {
  if (descriptors() >= DESCRIPTORS || process.env.PGWITNESS_BENCH_RAISED !== undefined) return;
  const { status } = spawnSync(
    'sh',
    [
      '-c',
      `ulimit -n ${DESCRIPTORS} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"`,
      process.execPath,
      ...process.argv.slice(1),
    ],
    { stdio: 'inherit', env: { ...process.env, PGWITNESS_BENCH_RAISED: '1' } },
  );
  process.exit(status ?? 1);
}

const SECTIONS = {
  fingerprints: {
    head: ['fingerprints, in turn, 100 in a pipeline', 'relay µs', 'observer µs', 'relay MiB', 'observer MiB'],
    rows: byFingerprints,
    note: () =>
      `A flush a second writes a row for each fingerprint that came: one for five executions at 1,000, one for each from 5,000 on, and that is what grows.
The cache of identities holds 50,000: beyond it, statements that come in turn are all identified anew.`,
  },
  connections: {
    head: ['connections, prepared statement', 'empty relay µs', 'MiB', 'relay µs', 'MiB', 'observer µs', 'MiB'],
    rows: byConnections,
    note: () =>
      relaysFor(CONNECTIONS.at(-1) ?? 0) === 1
        ? ''
        : `A process may have ${descriptors()} descriptors open here, two for each connection: what does not fit into one relay is in several (\`--relays\`).`,
  },
  store: {
    head: [
      'store, MB',
      'ready after, ms',
      'relay µs',
      `observer µs, first ${seconds} s`,
      'next',
      'next',
      'loop held at most, ms',
      'observer MiB',
    ],
    rows: byStore,
    note: () =>
      'The windows behind the views are gone over when the observer starts, some statements in each turn, and take at most a hundredth of the time after that.',
  },
};

withMoreDescriptors();
const stub = await startStubServer();
try {
  const tables = [];
  for (const part of parts) {
    const { head, rows, note } = SECTIONS[/** @type {keyof typeof SECTIONS} */ (part)];
    tables.push(table(head, await rows(stub)), note());
  }
  const text = `## Growth

\`node bench/growth.mjs\` at ${commit()}, ${machine()}. ${STATEMENTS_PER_SECOND} statements a second in all, to a server that answers at once; processor
time per statement after everything was seen once. What passes each second whatever the traffic (flush, ticks) is in it.

${tables.filter((one) => one !== '').join('\n\n')}`;
  console.log(text);
  if (parts.length === PARTS.length) console.log(`written: ${writeSection('growth', text)}`);
} finally {
  await stub.stop();
}
process.exit();
