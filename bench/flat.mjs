// Measures whether memory stays flat over ten million statements of a mixed load, or many requests.
// The load reaches everything that relay and observer remember.
// Run: npm run build && node bench/flat.mjs [--statements N | --requests N]; writes its section of docs/BENCHMARKS.md
// for 10,000,000 statements or 200,000 requests, or more.
// Flat: the Theil–Sen slope (the median of the slopes between all pairs of samples) of resident memory after the
// first quarter, over as many statements as were measured, is below RISE_MAX of the median. Exit 1 when it is not, or
// a limit is exceeded, or a statement is unaccounted for.
// Not here: the loads (lib/flat-loads.mjs), cost (main.mjs), what one connection or fingerprint takes (lib/memory.mjs).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsOf } from '../scripts/lib/options.mjs';
import { counted } from './lib/counted.mjs';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { REQUESTS, STATEMENTS } from './lib/flat-loads.mjs';
import { heldBy, probedEnvironment } from './lib/held.mjs';
import { startLoad } from './lib/measure.mjs';
import { residentBytes } from './lib/processes.mjs';
import { median } from './lib/statistics.mjs';
import { startPgwitness, startStubServer } from './lib/tools.mjs';
import { mib } from './lib/units.mjs';

const values = optionsOf('flat', {
  usage: 'node bench/flat.mjs [--statements N | --requests N]',
  options: { statements: { type: 'string' }, requests: { type: 'string' } },
});
const kind = values.requests === undefined ? STATEMENTS : REQUESTS;
const PER_REQUEST = kind.loads[kind.loads.length - 1].statements;
const asked = Number(values.statements ?? kind.whole);
const wanted = values.requests === undefined ? asked : Number(values.requests) * PER_REQUEST;
if (!(wanted >= 100_000) || (values.requests !== undefined && values.statements !== undefined)) {
  console.error('flat: --statements takes a number from 100000 on, --requests one from 10000 on; one of them');
  process.exit(2);
}
const RISE_MAX = 0.05;
const SAMPLES = 60;
const LIMITS_MIB = { relay: 90, observer: 220 };
/** A minute of many statements is in the tables some seconds after its end. */
const COUNTED_MS_MAX = 100_000;
/** A request is over after a second, and stored after another. */
const ENDED_MS = 3_000;
/** Of each load; the first answer of each client is one. */
const requestsSent = kind.loads.map(({ clients }) => clients);

/** @typedef {'relay' | 'observer'} Role @typedef {{ statements: number, bytes: Record<Role, number> }} Sample */
const ROLES = /** @type {const} */ (['relay', 'observer']);
const mib1 = (/** @type {number} */ bytes) => mib(bytes, 1);

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-flat-'));
const stub = await startStubServer();
const tool = await startPgwitness(stub, [], { env: probedEnvironment(directory) });
let exitCode = 0;
try {
  /** @type {import('./lib/measure.mjs').Load[]} */
  const loads = [];
  // The first answers of each client.
  let sent = 0;
  for (const { workload, clients, statements, env } of kind.loads) {
    loads.push(await startLoad({ workload, clients }, tool, env));
    sent += clients * statements;
  }
  /** @type {Sample[]} */
  const samples = [];
  const perSecond = kind.loads.reduce((sum, { rate, statements }) => sum + rate * statements, 0);
  const seconds = wanted / SAMPLES / perSecond;
  const busy = kind.loads.flatMap(({ rate }, at) => (rate > 0 ? [{ load: loads[at], rate }] : []));
  const startedMs = performance.now();
  /** @type {Record<Role, number>} */
  let heapBefore = { relay: 0, observer: 0 };
  while (sent < wanted) {
    const said = await Promise.all(busy.map(({ load, rate }) => load.run({ seconds, rate })));
    for (const { statements } of said) sent += statements;
    if (kind === REQUESTS) for (const [at, { requests }] of said.entries()) requestsSent[at] += requests;
    samples.push({ statements: sent, bytes: resident() });
    console.log(`${sent} statements: relay ${mib1(resident().relay)} MiB, observer ${mib1(resident().observer)} MiB`);
    if (heapBefore.relay === 0 && sent > wanted / 4) heapBefore = await liveHeap();
  }
  const elapsedS = (performance.now() - startedMs) / 1000;
  const heapAfter = await liveHeap();
  const told = await untilCounted(sent);
  const found = kind === REQUESTS ? await requestsText() : '';
  for (const load of loads) await load.stop();

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
  const text = `## Flat over ${kind === REQUESTS ? 'requests' : 'time'}

\`node bench/flat.mjs${kind === REQUESTS ? ` --requests ${values.requests}` : ''}\` at ${commit()}, ${machine()}. ${sent} statements in ${elapsedS.toFixed(0)} s. ${kind.told}
Observed ${told.observed}, counted as not observed ${told.lost}, neither ${sent - told.all}.${found}

${table(head, rows)}

Rise by slope: the median of the slopes between all pairs of ${judged.length} samples after the first quarter, over all statements since then, as a share of
the median; flat is below ${RISE_MAX * 100} %. Live heap: what is left after a full collection, buffers included,
also what the WebAssembly of the observer's parser reserves and does not touch: so it may be more than RSS.`;
  console.log(text);
  if (wanted >= kind.whole) console.log(`written: ${writeSection(kind.section, text)}`);
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

/** How many requests it found, once the last ones are over. @returns {Promise<string>} */
async function requestsText() {
  await sleep(ENDED_MS);
  const response = await fetch(`${tool.httpUrl}/api/v1/routes`);
  const { routes } = /** @type {import('../dist/reports/forms/routes-json.js').RoutesJson} */ (await response.json());
  const sum = (/** @type {boolean} */ tagged) =>
    routes.filter(({ route }) => (route !== '') === tagged).reduce((all, { requests }) => all + requests, 0);
  return ` Found: ${sum(true)} tagged requests
of ${routes.length - 1} routes, and ${sum(false)} without tags; sent were ${requestsSent[0]} and ${requestsSent[1]}.`;
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
