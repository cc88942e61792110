// Measures whether memory stays flat over ten million statements of a mixed load.
// The load reaches everything that relay and observer remember.
// Run: npm run build && node bench/flat.mjs [--statements N]; writes its section of docs/BENCHMARKS.md for 10,000,000
// or more. Beside the load: 1,000 idle connections, and 20,000 fingerprints that come again and again.
// Flat: the Theil–Sen slope (the median of the slopes between all pairs of samples) of resident memory after the
// first quarter, over as many statements as were measured, is below RISE_MAX of the median. Exit 1 when it is not, or
// a limit is exceeded, or a statement is unaccounted for.
// Not here: cost (main.mjs), what one connection or fingerprint takes (lib/memory.mjs).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsOf } from '../scripts/lib/options.mjs';
import { counted } from './lib/counted.mjs';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { heldBy, probedEnvironment } from './lib/held.mjs';
import { startLoad } from './lib/measure.mjs';
import { residentBytes } from './lib/processes.mjs';
import { median } from './lib/statistics.mjs';
import { startPgwitness, startStubServer } from './lib/tools.mjs';
import { mib } from './lib/units.mjs';

const WHOLE = 10_000_000;
const values = optionsOf('flat', {
  usage: 'node bench/flat.mjs [--statements N]',
  options: { statements: { type: 'string', default: String(WHOLE) } },
});
const wanted = Number(values.statements);
if (!(wanted >= 100_000)) {
  console.error('flat: --statements takes a number from 100000 on');
  process.exit(2);
}
const RISE_MAX = 0.05;
const SAMPLES = 60;
const IDLE = 1000;
const FINGERPRINTS = 20_000;
const CLIENTS = 8;
/** Requests a second: a hundred statements each. A rate that the observer follows on a busy machine too. */
const RATE = 350;
const FINGERPRINTS_RATE = 50;
const PER_REQUEST = 100;
const LIMITS_MIB = { relay: 90, observer: 220 };
const COUNTED_MS_MAX = 30_000;

/** @typedef {'relay' | 'observer'} Role @typedef {{ statements: number, bytes: Record<Role, number> }} Sample */
const ROLES = /** @type {const} */ (['relay', 'observer']);
const mib1 = (/** @type {number} */ bytes) => mib(bytes, 1);

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-flat-'));
const stub = await startStubServer();
const tool = await startPgwitness(stub, [], { env: probedEnvironment(directory) });
let exitCode = 0;
try {
  const idle = await startLoad({ workload: 'simple', clients: IDLE }, tool);
  const fingerprints = await startLoad({ workload: 'fingerprints', clients: 1 }, tool, {
    PGWITNESS_BENCH_FINGERPRINTS: String(FINGERPRINTS),
  });
  const load = await startLoad({ workload: 'mixed', clients: CLIENTS }, tool);
  // First answers: of each idle connection, of the one with fingerprints, and of each client of the load.
  let sent = IDLE + PER_REQUEST + CLIENTS * PER_REQUEST;
  /** @type {Sample[]} */
  const samples = [];
  const seconds = wanted / SAMPLES / PER_REQUEST / (RATE + FINGERPRINTS_RATE);
  const startedMs = performance.now();
  /** @type {Record<Role, number>} */
  let heapBefore = { relay: 0, observer: 0 };
  while (sent < wanted) {
    const said = await Promise.all([
      load.run({ seconds, rate: RATE }),
      fingerprints.run({ seconds, rate: FINGERPRINTS_RATE }),
    ]);
    for (const { statements } of said) sent += statements;
    samples.push({ statements: sent, bytes: resident() });
    console.log(`${sent} statements: relay ${mib1(resident().relay)} MiB, observer ${mib1(resident().observer)} MiB`);
    if (heapBefore.relay === 0 && sent > wanted / 4) heapBefore = await liveHeap();
  }
  const elapsedS = (performance.now() - startedMs) / 1000;
  const heapAfter = await liveHeap();
  const told = await untilCounted(sent);
  for (const each of [load, fingerprints, idle]) await each.stop();

  const judged = samples.filter(({ statements }) => statements > wanted / 4);
  const passed = judged[judged.length - 1].statements - judged[0].statements;
  const rows = ROLES.map((role) => {
    const bytes = judged.map((sample) => sample.bytes[role]);
    const middle = median(bytes);
    const rise = (slope(judged, role) * passed) / middle;
    const most = Math.max(...samples.map((sample) => sample.bytes[role]));
    const isFlat = rise < RISE_MAX;
    const isWithin = most <= LIMITS_MIB[role] * 2 ** 20;
    if (!isFlat || !isWithin) exitCode = 1;
    const heap = `${mib1(heapBefore[role])} → ${mib1(heapAfter[role])}`;
    const limit = `${LIMITS_MIB[role]}, ${isWithin ? 'kept' : 'exceeded'}`;
    const verdict = `${(rise * 100).toFixed(1)} %, ${isFlat ? 'flat' : 'not flat'}`;
    return [
      role,
      mib1(judged[0].bytes[role]),
      mib1(middle),
      mib1(bytes[bytes.length - 1]),
      verdict,
      mib1(most),
      limit,
      heap,
    ];
  });
  if (told.all !== sent) exitCode = 1;
  const head = [
    '',
    'RSS MiB after a quarter',
    'median',
    'at the end',
    'rise by slope',
    'most',
    'limit',
    'live heap, a quarter → end',
  ];
  const text = `## Flat over time

\`node bench/flat.mjs\` at ${commit()}, ${machine()}. ${sent} statements in ${elapsedS.toFixed(0)} s, 100 in a pipeline, to a server that answers at once:
prepared ones, texts with literals of their own, comments with a trace each, transactions, one error in 400. Beside them ${IDLE} idle connections
and ${FINGERPRINTS} fingerprints that come again and again. Observed ${told.observed}, counted as not observed ${told.lost}, neither ${sent - told.all}.

${table(head, rows)}

Rise by slope: the median of the slopes between all pairs of ${judged.length} samples after the first quarter, over all statements since then, as a share of
the median; flat is below ${RISE_MAX * 100} %. Live heap: what is left after a full collection, buffers included.`;
  console.log(text);
  if (wanted >= WHOLE) console.log(`written: ${writeSection('flat', text)}`);
} finally {
  await tool.stop();
  await stub.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(exitCode);

/** @returns {Record<Role, number>} */
function resident() {
  const { relay, observer } = tool.processes;
  return { relay: residentBytes(relay), observer: residentBytes(observer) };
}

/** @param {readonly Sample[]} all @param {Role} role @returns {number} bytes per statement */
function slope(all, role) {
  const slopes = all.flatMap((one, i) =>
    all.slice(i + 1).map((other) => (other.bytes[role] - one.bytes[role]) / (other.statements - one.statements)),
  );
  return median(slopes);
}

/** @returns {Promise<Record<Role, number>>} bytes, after a collection */
async function liveHeap() {
  const left = { relay: 0, observer: 0 };
  for (const role of ROLES) left[role] = (await heldBy(directory, tool.processes[role])).heapBytes;
  return left;
}

/** What became of them, as the observer says, once all are accounted for or time is up. @param {number} expected */
async function untilCounted(expected) {
  const untilMs = performance.now() + COUNTED_MS_MAX;
  for (;;) {
    const said = await counted(tool);
    if (said.all >= expected || performance.now() > untilMs) return said;
    await sleep(500);
  }
}
