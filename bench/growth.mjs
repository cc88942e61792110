// Whether a statement's cost stays the same while what pgwitness has to remember grows: fingerprints, and connections.
// Run: npm run build && node bench/growth.mjs [--seconds N]; writes its section of docs/BENCHMARKS.md.
// At a fixed rate, against the stub server, so that the cost of the server and of a full processor is not in it.
// Not here: the size of the store (scripts/measure-reports.mjs), cost beside other tools (main.mjs).

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { startLoad } from './lib/measure.mjs';
import { cpuUs, residentBytes } from './lib/processes.mjs';
import { startEmptyRelay, startPgwitness, startStubServer } from './lib/tools.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
const seconds = Number(values.seconds);
const FINGERPRINTS = [10, 100, 1000, 10_000, 20_000, 100_000];
/** Two descriptors each: with a limit of 20,000 no more fit. */
const CONNECTIONS = [1, 10, 100, 1000, 4000, 8000];
const STATEMENTS_PER_SECOND = 5000;
const PER_REQUEST = 100;
const SETTLE_MS = 1500;

const mib = (/** @type {number} */ bytes) => Math.round(bytes / 2 ** 20);

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

/** @param {{ host: string, port: number }} stub */
async function byConnections(stub) {
  const rows = [];
  for (const clients of CONNECTIONS) {
    const row = /** @type {(string | number)[]} */ ([clients]);
    for (const start of [startEmptyRelay, startPgwitness]) {
      const tool = await start(stub);
      try {
        const load = await startLoad({ workload: 'prepared', clients }, tool);
        await load.run({ seconds: 3, rate: STATEMENTS_PER_SECOND });
        for (const { us, bytes } of await costOf(tool, load, STATEMENTS_PER_SECOND))
          row.push(us.toFixed(1), mib(bytes));
        await load.stop();
      } finally {
        await tool.stop();
      }
    }
    rows.push(row);
  }
  return rows;
}

const stub = await startStubServer();
try {
  const fingerprints = await byFingerprints(stub);
  const connections = await byConnections(stub);
  const text = `## Growth

\`node bench/growth.mjs\` at ${commit()}, ${machine()}. ${STATEMENTS_PER_SECOND} statements a second in all, to a server that answers at once; processor
time per statement after everything was seen once. What passes each second whatever the traffic (flush, ticks) is in it.

${table(['fingerprints, in turn, 100 in a pipeline', 'relay µs', 'observer µs', 'relay MiB', 'observer MiB'], fingerprints)}

The cache of identities holds 50,000: beyond it, statements that come in turn are all identified anew.

${table(
  ['connections, prepared statement', 'empty relay µs', 'MiB', 'relay µs', 'MiB', 'observer µs', 'MiB'],
  connections,
)}`;
  console.log(text);
  console.log(`written: ${writeSection('growth', text)}`);
} finally {
  await stub.stop();
}
process.exit();
