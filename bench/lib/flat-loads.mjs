// The loads of bench/flat.mjs: statements of every kind, or requests with tags and without.
// Not here: what each sends (workloads.mjs), what is judged (flat.mjs).

const IDLE = 1000;
const FINGERPRINTS = 20_000;
const CLIENTS = 8;

/**
 * @typedef {object} FlatLoad
 * @property {string} workload
 * @property {number} clients
 * @property {number} rate requests a second: one that the observer follows on a busy machine too; 0 = idle
 * @property {number} statements of a request
 * @property {NodeJS.ProcessEnv} [env]
 *
 * @typedef {object} FlatKind
 * @property {string} section of docs/BENCHMARKS.md
 * @property {number} whole as many statements as a run needs that is written there
 * @property {string} told
 * @property {readonly FlatLoad[]} loads
 */

/** @type {FlatKind} */
export const STATEMENTS = {
  section: 'flat',
  whole: 10_000_000,
  told: `100 in a pipeline, to a server that answers at once: prepared ones, texts with literals of their own, comments with
a trace each, transactions, one error in 400. Beside them ${IDLE} idle connections and ${FINGERPRINTS} fingerprints that come again and again.`,
  loads: [
    { workload: 'simple', clients: IDLE, rate: 0, statements: 1 },
    {
      workload: 'fingerprints',
      clients: 1,
      rate: 50,
      statements: 100,
      env: { PGWITNESS_BENCH_FINGERPRINTS: String(FINGERPRINTS) },
    },
    { workload: 'mixed', clients: CLIENTS, rate: 350, statements: 100 },
  ],
};

/** @type {FlatKind} */
export const REQUESTS = {
  section: 'flat_requests',
  // 100,000 requests with tags, and as many without.
  whole: 2_000_000,
  told: `Requests of 10 statements in a pipeline, a list and a look-up for each of its rows, to a server that answers at once: one half
tagged with an id of its own each and one of 50 routes, the other half without tags, told apart by their pauses.`,
  loads: [
    { workload: 'requests-tagged', clients: CLIENTS, rate: 250, statements: 10 },
    { workload: 'requests-untagged', clients: CLIENTS, rate: 250, statements: 10 },
  ],
};
