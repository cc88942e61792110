// The scenarios of the bench: workload, clients, unit, and the targets that hang on it.
// Invariant: a target is a ratio of two tools in the same round of the same run.
// Not here: how it is measured (measure.mjs).

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} workload of workloads.mjs
 * @property {number} clients
 * @property {'statement' | 'MB' | 'connection'} unit
 * @property {boolean} [others] the empty relay with buffers reused, and PgBouncer and HAProxy where they are installed
 * @property {number} [warmSeconds] before anything is kept; default: one run
 *
 * @typedef {import('./measure.mjs').Sample} Sample
 *
 * @typedef {object} Target
 * @property {string} text
 * @property {readonly string[]} scenarios each is judged
 * @property {number} limit
 * @property {'at most' | 'at least'} kind
 * @property {(round: Record<string, Sample>) => number} ratio
 */

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  { name: 'simple-1', workload: 'simple', clients: 1, unit: 'statement' },
  { name: 'simple', workload: 'simple', clients: 8, unit: 'statement', others: true },
  { name: 'simple-64', workload: 'simple', clients: 64, unit: 'statement' },
  { name: 'extended', workload: 'extended', clients: 8, unit: 'statement' },
  { name: 'prepared-1', workload: 'prepared', clients: 1, unit: 'statement' },
  { name: 'prepared', workload: 'prepared', clients: 8, unit: 'statement', others: true },
  { name: 'prepared-64', workload: 'prepared', clients: 64, unit: 'statement' },
  { name: 'prepared-500', workload: 'prepared', clients: 500, unit: 'statement' },
  { name: 'pipelined', workload: 'pipelined', clients: 8, unit: 'statement' },
  { name: 'distinct', workload: 'distinct', clients: 8, unit: 'statement' },
  { name: 'rows-1000', workload: 'rows-1000', clients: 4, unit: 'MB' },
  { name: 'copy-out', workload: 'copy-out', clients: 2, unit: 'MB', others: true },
  { name: 'copy-in', workload: 'copy-in', clients: 1, unit: 'MB', others: true },
  // Some ten thousand connections pass before everything on their way is compiled and no thread compiles beside them
  // (node --trace-opt counts what is compiled; a sidecar runs for days).
  { name: 'connect', workload: 'connect', clients: 4, unit: 'connection', warmSeconds: 45 },
];

export const EMPTY = 'empty relay';
export const OURS = 'pgwitness';

const relayCpu = (/** @type {Record<string, Sample>} */ round) => round[OURS].cpuUs.relay / round[EMPTY].cpuUs.relay;
const bothCpu = (/** @type {Record<string, Sample>} */ round) =>
  (round[OURS].cpuUs.relay + round[OURS].cpuUs.observer) / round[EMPTY].cpuUs.relay;
const throughput = (/** @type {Record<string, Sample>} */ round) =>
  round[OURS].unitsPerSecond / round[EMPTY].unitsPerSecond;
const added = (/** @type {'p50Us' | 'p95Us' | 'p99Us'} */ which) => (/** @type {Record<string, Sample>} */ round) =>
  (round[OURS][which] - round.direct[which]) / (round[EMPTY][which] - round.direct[which]);

/** @type {readonly Target[]} */
export const TARGETS = [
  {
    text: 'relay, CPU per statement',
    scenarios: ['simple', 'extended', 'prepared'],
    limit: 1.1,
    kind: 'at most',
    ratio: relayCpu,
  },
  {
    text: 'relay + observer, CPU per statement',
    scenarios: ['prepared'],
    limit: 1.25,
    kind: 'at most',
    ratio: bothCpu,
  },
  { text: 'relay + observer, CPU per statement', scenarios: ['distinct'], limit: 1.5, kind: 'at most', ratio: bothCpu },
  {
    text: 'relay, CPU per MB',
    scenarios: ['rows-1000', 'copy-out', 'copy-in'],
    limit: 1.1,
    kind: 'at most',
    ratio: relayCpu,
  },
  {
    text: 'throughput',
    scenarios: ['rows-1000', 'copy-out', 'copy-in'],
    limit: 0.95,
    kind: 'at least',
    ratio: throughput,
  },
  { text: 'added p50', scenarios: ['simple-1', 'prepared-1'], limit: 1.1, kind: 'at most', ratio: added('p50Us') },
  { text: 'added p99', scenarios: ['simple-1', 'prepared-1'], limit: 1.25, kind: 'at most', ratio: added('p99Us') },
  { text: 'relay, CPU per connection', scenarios: ['connect'], limit: 1.3, kind: 'at most', ratio: relayCpu },
];
