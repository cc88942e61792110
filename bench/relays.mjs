// Measures `run --relays N` beside the empty relay: statements a second, time per statement.
// Run: npm run build && node bench/relays.mjs [--relays 1,2,4] [--rounds N] [--seconds N]; writes its section of
// docs/BENCHMARKS.md. Tools in turn within each round, against the stub server: a real one would take the processors
// that the relays are to use. Exit 1 when a statement is neither counted nor said to be lost.
// Not here: cost with one relay (main.mjs), how connections are shared out (handover.mjs).

import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsOf } from '../scripts/lib/options.mjs';
import { counted } from './lib/counted.mjs';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { startLoad } from './lib/measure.mjs';
import { cpuUs, residentBytes } from './lib/processes.mjs';
import { estimate } from './lib/statistics.mjs';
import { startEmptyRelay, startRelays, startStubServer } from './lib/tools.mjs';

const values = optionsOf('relays', {
  usage: 'node bench/relays.mjs [--relays 1,2,4] [--rounds N] [--seconds N]',
  options: {
    relays: { type: 'string', default: '1,2,4' },
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '1' },
  },
});
const counts = values.relays.split(',').map(Number);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
/** A load generator for every four processors: it shall not be what is measured, nor take the relays' place. */
const LOADS = Math.max(1, Math.floor(cpus().length / 4));
const CLIENTS_PER_LOAD = 32;
const SETTLE_MS = 300;
/** The first flush, once a second. */
const FLUSHED_MS = 2_500;
const DRAIN_MS_MAX = 30_000;
const WORKLOADS = ['simple', 'prepared'];

/** @param {import('./lib/tools.mjs').Tool} tool */
const cpuByRole = ({ processes }) =>
  Object.fromEntries(Object.entries(processes).map(([role, pid]) => [role, cpuUs(pid)]));

/**
 * @param {import('./lib/tools.mjs').Tool} tool
 * @param {readonly import('./lib/measure.mjs').Load[]} loads
 * @param {number} serverPid
 */
async function sample(tool, loads, serverPid) {
  const others = [serverPid, ...loads.map(({ pid }) => pid)];
  const othersUs = () => others.reduce((sum, pid) => sum + cpuUs(pid), 0);
  const before = cpuByRole(tool);
  const othersBefore = othersUs();
  const said = await Promise.all(loads.map((load) => load.run({ seconds })));
  await sleep(SETTLE_MS);
  const after = cpuByRole(tool);
  const othersTook = othersUs() - othersBefore;
  const statements = said.reduce((sum, one) => sum + one.statements, 0);
  const elapsedMs = Math.max(...said.map((one) => one.elapsedMs));
  /** @type {Record<string, number>} */
  const us = { relay: 0, observer: 0, supervisor: 0 };
  let relayBytes = 0;
  for (const [role, pid] of Object.entries(tool.processes)) {
    const kind = role.replace(/[0-9]+$/, '');
    us[kind] += (after[role] - before[role]) / statements;
    if (kind === 'relay') relayBytes += residentBytes(pid);
  }
  const perSecond = statements / (elapsedMs / 1000);
  const coresOf = (/** @type {number} */ usEach) => (usEach * perSecond) / 1e6;
  return {
    statements,
    perSecond,
    us,
    relayCores: coresOf(us.relay),
    allCores: coresOf(us.relay + us.observer + us.supervisor + othersTook / statements),
    relayMib: relayBytes / 2 ** 20,
  };
}

/**
 * Waits until as many are counted, or time is up.
 * @param {import('./lib/tools.mjs').Tool} tool
 * @param {number} expected
 */
async function accounted(tool, expected) {
  const untilMs = performance.now() + DRAIN_MS_MAX;
  while (performance.now() < untilMs && (await counted(tool)).all < expected) await sleep(200);
  // What is too much would still come.
  await sleep(2000);
  return counted(tool);
}

/** @param {string} workload @param {{ host: string, port: number, pid: number }} stub */
async function measure(workload, stub) {
  const tools = [await startEmptyRelay(stub)];
  for (const relays of counts) tools.push(await startRelays(stub, relays));
  /** @type {import('./lib/measure.mjs').Load[][]} */
  const loads = [];
  const sent = tools.map(() => 0);
  /** @type {number[]} */
  const before = [];
  /** @type {Awaited<ReturnType<typeof sample>>[][]} */
  const samples = tools.map(() => []);
  try {
    for (const tool of tools) {
      const mine = [];
      for (let i = 0; i < LOADS; i++) mine.push(await startLoad({ workload, clients: CLIENTS_PER_LOAD }, tool));
      loads.push(mine);
    }
    // Each client was answered once.
    await sleep(FLUSHED_MS);
    for (const tool of tools) before.push((await counted(tool)).all);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, tool] of tools.entries()) {
        const taken = await sample(tool, loads[index], stub.pid);
        sent[index] += taken.statements;
        // The first warms up.
        if (round > 0) samples[index].push(taken);
      }
    }
    const rows = [];
    let exact = true;
    for (const [index, tool] of tools.entries()) {
      const mine = samples[index];
      const of = (/** @type {(taken: typeof mine[0]) => number} */ get) => estimate(mine.map(get)).median;
      const toEmpty = (/** @type {(taken: typeof mine[0]) => number} */ get) => {
        const { median, low, high } = estimate(mine.map((taken, round) => get(taken) / get(samples[0][round])));
        return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
      };
      let account = '–';
      if (tool.httpUrl !== undefined) {
        const { all, lost } = await accounted(tool, before[index] + sent[index]);
        const missing = before[index] + sent[index] - all;
        if (missing !== 0) exact = false;
        account = missing === 0 ? `all; ${lost} not observed` : `${missing} of ${sent[index]} missing`;
      }
      rows.push([
        tool.name,
        Math.round(of((taken) => taken.perSecond)),
        toEmpty((taken) => taken.perSecond),
        of((taken) => taken.us.relay).toFixed(1),
        of((taken) => taken.us.supervisor).toFixed(2),
        of((taken) => taken.us.observer).toFixed(1),
        toEmpty((taken) => taken.us.relay + taken.us.supervisor),
        of((taken) => taken.relayCores).toFixed(2),
        of((taken) => taken.allCores).toFixed(2),
        Math.round(of((taken) => taken.relayMib)),
        account,
      ]);
    }
    return { rows, exact };
  } finally {
    for (const mine of loads) for (const load of mine) await load.stop();
    for (const tool of tools) await tool.stop();
  }
}

const HEAD = [
  '',
  'statements/s',
  '× empty (95 %)',
  'relays µs',
  'supervisor µs',
  'observer µs',
  'relays and supervisor, × empty (95 %)',
  'cores: relays',
  'cores: all',
  'relays MiB',
  'sent and counted',
];
const stub = await startStubServer();
let exitCode = 0;
try {
  const parts = [];
  for (const workload of WORKLOADS) {
    const { rows, exact } = await measure(workload, stub);
    if (!exact) exitCode = 1;
    parts.push(`${workload}, ${LOADS * CLIENTS_PER_LOAD} clients:\n\n${table(HEAD, rows)}`);
  }
  const text = `## Several relays

\`node bench/relays.mjs\` at ${commit()}, ${machine()}. Tools in turn, ${rounds} rounds of ${seconds} s; medians, ratios within a round with their 95 %
interval; processor time per statement of all processes of a kind together. "Cores: all" is what relays, observer, load generators (${LOADS}) and the server (one
process, which answers at once) used together: where that is all there are, more relays give no more.

${parts.join('\n\n')}`;
  console.log(text);
  console.log(`written: ${writeSection('relays', text)}`);
} finally {
  await stub.stop();
}
process.exit(exitCode);
