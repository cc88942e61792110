// A load that the observer cannot follow: what becomes of the traffic, of the counts, of memory, and whether it recovers by itself.
// Run: npm run build && node bench/overload.mjs [--seconds N]; writes its section of docs/BENCHMARKS.md.
// Exit 1 when an execution is neither counted nor said to be lost, or when what comes after the load is not observed.
// Not here: the observer stopped or killed (test/sidecar/observer-failures.test.ts).

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { startLoad } from './lib/measure.mjs';
import { residentBytes } from './lib/processes.mjs';
import { startEmptyRelay, startPgwitness, startStubServer } from './lib/tools.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const seconds = Number(values.seconds);
const CLIENTS = 8;
const SAMPLE_MS = 200;
/** Batches are acknowledged after the flush that stored them, once a second. */
const DRAIN_MS_MAX = 30_000;

const stub = await startStubServer();
const empty = await startEmptyRelay(stub);
const tool = await startPgwitness(stub);
let exitCode = 0;
try {
  const alone = await startLoad({ workload: 'flood', clients: CLIENTS }, empty);
  await alone.run({ seconds: 1 });
  const reference = await alone.run({ seconds: Math.min(3, seconds) });
  await alone.stop();

  const load = await startLoad({ workload: 'flood', clients: CLIENTS }, tool);
  // The first answer of each client, before the run.
  await untilSteady(CLIENTS * 100);
  const warmed = await counted();
  const peaks = { relay: 0, observer: 0 };
  const watch = setInterval(() => {
    peaks.relay = Math.max(peaks.relay, residentBytes(tool.processes.relay));
    peaks.observer = Math.max(peaks.observer, residentBytes(tool.processes.observer));
  }, SAMPLE_MS);
  const said = await load.run({ seconds });
  clearInterval(watch);
  const sent = said.statements;
  const recoveredAfterMs = await untilSteady(warmed.all + sent);
  const after = await counted();
  await load.stop();

  const trickle = await startLoad({ workload: 'simple', clients: 1 }, tool);
  const later = await trickle.run({ seconds: 1, rate: 100 });
  await trickle.stop();
  // The first answer of each client, before the run, is a statement too.
  const expected = after.observed + later.statements + 1;
  await untilSteady(after.all + later.statements + 1);
  const end = await counted();

  const mib = (/** @type {number} */ bytes) => Math.round(bytes / 2 ** 20);
  const exact = after.all - warmed.all === sent;
  const recovered = end.observed === expected && end.lost === after.lost;
  if (!exact || !recovered) exitCode = 1;
  const rows = [
    ['statements per second through the empty relay', Math.round(reference.statements / (reference.elapsedMs / 1000))],
    ['statements per second through pgwitness', Math.round(sent / (said.elapsedMs / 1000))],
    ['sent and answered', sent],
    ['counted', after.observed - warmed.observed],
    ['counted as not observed', after.lost - warmed.lost],
    ['neither', sent - (after.all - warmed.all)],
    ['everything counted after the load, ms', Math.round(recoveredAfterMs)],
    ['sent afterwards, all observed', `${later.statements + 1}, ${recovered ? 'yes' : 'no'}`],
    ['relay RSS at most, MiB', mib(peaks.relay)],
    ['observer RSS at most, MiB', mib(peaks.observer)],
  ];
  const text = `## Overload

\`node bench/overload.mjs\` at ${commit()}, ${machine()}. ${CLIENTS} clients for ${seconds} s, each sending 100 statements (Parse, Bind, Execute) at once, every text
with literals of its own, to a server that answers at once.

${table(['', ''], rows)}`;
  console.log(text);
  console.log(`written: ${writeSection('overload', text)}`);
} finally {
  await tool.stop();
  await empty.stop();
  await stub.stop();
}
process.exit(exitCode);

/** Executions since the start, as the observer says. */
async function counted() {
  const response = await fetch(`${tool.httpUrl}/api/v1/statements?limit=1`);
  const { observed } = await response.json();
  return {
    observed: observed.statements,
    lost: observed.not_observed,
    all: observed.statements + observed.not_observed,
  };
}

/** Waits until as many executions are accounted for, or time is up; ms. @param {number} expected */
async function untilSteady(expected) {
  const startedMs = performance.now();
  while (performance.now() - startedMs < DRAIN_MS_MAX) {
    if ((await counted()).all >= expected) break;
    await sleep(SAMPLE_MS);
  }
  // What is too much would still come.
  await sleep(2000);
  return performance.now() - startedMs - 2000;
}
