// Measures a load that the observer cannot follow, and whether it recovers by itself.
// Looks at the traffic, the counts and memory.
// Run: npm run build && node bench/overload.mjs [--seconds N] [--rounds N]; writes its section of docs/BENCHMARKS.md.
// Traffic is compared, in turn, with the same relay without any observer, with observing turned off, and with the
// empty relay. Exit 1 when an execution is neither counted nor said to be lost, or when what comes after the load is
// not observed.
// Not here: the observer stopped or killed (test/sidecar/observer-failures.test.ts).

import { setTimeout as sleep } from 'node:timers/promises';
import { optionsOf } from '../scripts/lib/options.mjs';
import { counted } from './lib/counted.mjs';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { startLoad } from './lib/measure.mjs';
import { cpuUs, residentBytes } from './lib/processes.mjs';
import { estimate } from './lib/statistics.mjs';
import { startBareRelay, startEmptyRelay, startPgwitness, startStubServer } from './lib/tools.mjs';
import { mib } from './lib/units.mjs';

const values = optionsOf('overload', {
  usage: 'node bench/overload.mjs [--seconds N] [--rounds N]',
  options: { seconds: { type: 'string', default: '3' }, rounds: { type: 'string', default: '9' } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
if (!(seconds > 0) || !(rounds >= 1)) {
  console.error('overload: --seconds and --rounds take numbers above 0');
  process.exit(2);
}
const CLIENTS = 8;
/** The small client beside the load, a statement at a time. */
const SMALL_RATE = 200;
const SAMPLE_MS = 100;
/** Batches are acknowledged after the flush that stored them, once a second. */
const DRAIN_MS_MAX = 30_000;

/**
 * @typedef {import('./lib/tools.mjs').Tool} Tool
 * @typedef {import('./lib/measure.mjs').Load} Load
 * @typedef {{ perSecond: number, p99Us: number, smallP50Us: number, smallP99Us: number, observerShare: number }} Round
 */
const stub = await startStubServer();
const tool = await startPgwitness(stub);
const off = await startBareRelay(stub, 'observing off');
const alone = await startBareRelay(stub, 'relay alone');
const empty = await startEmptyRelay(stub);
/** The first is what is judged, the second what it is judged against. */
const tools = [tool, alone, off, empty];
let exitCode = 0;
try {
  /** @type {Map<Tool, { flood: Load, small: Load }>} */
  const loads = new Map();
  for (const one of tools) {
    const flood = await startLoad({ workload: 'flood', clients: CLIENTS }, one);
    loads.set(one, { flood, small: await startLoad({ workload: 'simple', clients: 1 }, one) });
  }
  // First answers are statements too: a hundred of each client of the flood, one of the small one.
  let sent = CLIENTS * 100 + 1;
  const peaks = { relay: 0, observer: 0 };
  const watch = setInterval(() => {
    peaks.relay = Math.max(peaks.relay, residentBytes(tool.processes.relay));
    peaks.observer = Math.max(peaks.observer, residentBytes(tool.processes.observer));
  }, SAMPLE_MS);
  /** @type {Map<Tool, Round[]>} */
  const measured = new Map(tools.map((one) => [one, []]));
  // One more round than is kept: compilers and caches warm up.
  for (let round = 0; round <= rounds; round++) {
    for (const one of tools) {
      const { flood, small } = /** @type {{ flood: Load, small: Load }} */ (loads.get(one));
      const { observer } = one.processes;
      const cpuBefore = observer === undefined ? 0 : cpuUs(observer);
      const [said, smallSaid] = await Promise.all([flood.run({ seconds }), small.run({ seconds, rate: SMALL_RATE })]);
      const cpu = observer === undefined ? 0 : cpuUs(observer) - cpuBefore;
      if (one === tool) sent += said.statements + smallSaid.statements;
      if (round === 0) continue;
      measured.get(one)?.push({
        perSecond: said.statements / (said.elapsedMs / 1000),
        p99Us: said.p99Us,
        smallP50Us: smallSaid.p50Us,
        smallP99Us: smallSaid.p99Us,
        observerShare: cpu / 1000 / said.elapsedMs,
      });
    }
  }
  clearInterval(watch);
  const recoveredAfterMs = await untilSteady(sent);
  const after = await counted(tool);
  for (const { flood, small } of loads.values()) {
    await flood.stop();
    await small.stop();
  }

  const trickle = await startLoad({ workload: 'simple', clients: 1 }, tool);
  const later = await trickle.run({ seconds: 1, rate: 100 });
  await trickle.stop();
  // The first answer, before the run, is a statement too.
  const expected = after.observed + later.statements + 1;
  await untilSteady(after.all + later.statements + 1);
  const end = await counted(tool);

  const exact = after.all === sent;
  const recovered = end.observed === expected && end.lost === after.lost;
  if (!exact || !recovered) exitCode = 1;
  const traffic = tools.map((one) => {
    const own = /** @type {Round[]} */ (measured.get(one));
    const reference = /** @type {Round[]} */ (measured.get(alone));
    const middle = (/** @type {keyof Round} */ which) => estimate(own.map((round) => round[which])).median;
    const ratio = (/** @type {keyof Round} */ which) => {
      const { median, low, high } = estimate(own.map((round, i) => round[which] / reference[i][which]));
      return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
    };
    return [
      one === tool ? 'observer overloaded' : one === alone ? 'no observer (the reference)' : one.name,
      Math.round(middle('perSecond')),
      ratio('perSecond'),
      ratio('p99Us'),
      Math.round(middle('smallP50Us')),
      ratio('smallP50Us'),
      Math.round(middle('smallP99Us')),
      ratio('smallP99Us'),
      one.processes.observer === undefined ? '–' : middle('observerShare').toFixed(2),
    ];
  });
  const rows = [
    ['sent and answered', sent],
    ['counted', after.observed],
    ['counted as not observed', after.lost],
    ['neither', sent - after.all],
    ['everything counted after the load, ms', Math.round(recoveredAfterMs)],
    ['sent afterwards, all observed', `${later.statements + 1}, ${recovered ? 'yes' : 'no'}`],
    ['relay RSS at most, MiB', mib(peaks.relay)],
    ['observer RSS at most, MiB', mib(peaks.observer)],
  ];
  const text = `## Overload

\`node bench/overload.mjs\` at ${commit()}, ${machine()}. ${CLIENTS} clients, each sending 100 statements (Parse, Bind, Execute) at once, every text with
literals of its own, to a server that answers at once; beside them one small client that sends ${SMALL_RATE} simple statements a second. ${rounds} rounds of
${seconds} s in turn, after one to warm up; ratios are taken within a round, and their 95 % interval is between order statistics.

${table(
  [
    'traffic',
    'statements/s',
    '× reference',
    'p99 × reference',
    'small client, p50 µs',
    '× reference',
    'p99 µs',
    '× reference',
    'observer, share of a CPU',
  ],
  traffic,
)}

What the observer says of it:

${table(['', ''], rows)}`;
  console.log(text);
  console.log(`written: ${writeSection('overload', text)}`);
} finally {
  for (const one of tools) await one.stop();
  await stub.stop();
}
process.exit(exitCode);

/** Waits until as many executions are accounted for, or time is up; ms. @param {number} expected */
async function untilSteady(expected) {
  const startedMs = performance.now();
  while (performance.now() - startedMs < DRAIN_MS_MAX) {
    if ((await counted(tool)).all >= expected) break;
    await sleep(SAMPLE_MS);
  }
  // What is too much would still come.
  await sleep(2000);
  return performance.now() - startedMs - 2000;
}
