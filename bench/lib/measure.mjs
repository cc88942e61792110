// Runs one scenario: each tool in turn, round after round, and what its processes used meanwhile.
// Invariant: what a sample holds was measured between two readings around one run of the load; the first run of each
// tool is not kept (compilers and caches warm up).
// Not here: what the figures mean (summary.mjs).

import { setTimeout as sleep } from 'node:timers/promises';
import { startAskedChild } from './asked-child.mjs';
import { cpuUs, cpuUsOfTree, residentBytes } from './processes.mjs';

const LOAD = new URL('../load.mjs', import.meta.url).pathname;
/** The observer's last batch, and the end of connections. */
const SETTLE_MS = 150;

/**
 * @typedef {object} Sample one run; a unit is a statement, 10⁶ bytes or a connection
 * @property {number} units
 * @property {number} unitsPerSecond
 * @property {number} p50Us of a request
 * @property {number} p95Us
 * @property {number} p99Us
 * @property {Record<string, number>} cpuUs per unit by role: the tool's own, `load` and `server`
 * @property {Record<string, number>} residentBytes by role, of the tool's own
 *
 * @typedef {object} Load
 * @property {(options: { seconds: number, rate?: number }) => Promise<import('../load.mjs').Said>} run
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/**
 * A load generator whose clients are connected and have been answered once.
 * @param {{ workload: string, clients: number }} what
 * @param {{ host: string, port: number }} to
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Load>}
 */
export async function startLoad({ workload, clients }, { host, port }, env = {}) {
  const what = `the load of ${workload} with ${clients} clients`;
  const { pid, ask, stop } = startAskedChild(LOAD, { what, env });
  await ask({ workload, clients, host, port });
  return { run: ask, pid, stop };
}

/**
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {{ tools: readonly import('./tools.mjs').Tool[], serverPid: number, rounds: number, seconds: number,
 *   onRound?: (round: number) => void }} options
 * @returns {Promise<Record<string, Sample>[]>} per round, by the tool's name
 */
export async function measure(scenario, { tools, serverPid, rounds, seconds, onRound }) {
  /** @type {Load[]} */
  const loads = [];
  try {
    for (const tool of tools) loads.push(await startLoad(scenario, tool));
    for (const [index, { processes }] of tools.entries()) {
      // The server alone has nothing to compile.
      const isAlone = Object.keys(processes).length === 0;
      await loads[index].run({ seconds: isAlone ? seconds : (scenario.warmSeconds ?? seconds) });
    }
    const all = [];
    for (let round = 0; round < rounds; round++) {
      onRound?.(round);
      /** @type {Record<string, Sample>} */
      const samples = {};
      for (const [index, tool] of tools.entries()) {
        samples[tool.name] = await sampleOf(scenario, { tool, load: loads[index], serverPid, seconds });
      }
      all.push(samples);
    }
    return all;
  } finally {
    for (const load of loads) await load.stop();
  }
}

/**
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {{ tool: import('./tools.mjs').Tool, load: Load, serverPid: number, seconds: number }} options
 * @returns {Promise<Sample>}
 */
async function sampleOf({ unit }, { tool, load, serverPid, seconds }) {
  /** @returns {Record<string, number>} */
  const read = () => ({
    ...Object.fromEntries(Object.entries(tool.processes).map(([role, pid]) => [role, cpuUs(pid)])),
    load: cpuUs(load.pid),
    server: cpuUsOfTree(serverPid),
  });
  const before = read();
  const said = await load.run({ seconds });
  await sleep(SETTLE_MS);
  const after = read();
  const units = unit === 'MB' ? said.bytes / 1e6 : said.statements;
  return {
    units,
    unitsPerSecond: units / (said.elapsedMs / 1000),
    p50Us: said.p50Us,
    p95Us: said.p95Us,
    p99Us: said.p99Us,
    cpuUs: Object.fromEntries(Object.entries(after).map(([role, us]) => [role, (us - before[role]) / units])),
    residentBytes: Object.fromEntries(Object.entries(tool.processes).map(([role, pid]) => [role, residentBytes(pid)])),
  };
}
