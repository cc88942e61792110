// `npm run bench`: measures what pgwitness costs beside an empty relay.
// In front of a real Postgres; writes docs/BENCHMARKS.md. Exit 1 when a target is missed: its whole 95 % interval
// lies on the wrong side.
// Not here: growth and overload (commands of their own).

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { optionsOf } from '../scripts/lib/options.mjs';
import { startPostgres } from '../scripts/lib/postgres.mjs';
import { openProgress } from '../scripts/lib/progress.mjs';
import { build } from '../scripts/lib/setup/build.mjs';
import { install } from '../scripts/lib/setup/install.mjs';
import { openTeardown } from '../scripts/lib/teardown.mjs';
import { commit, machine, writeSection } from './lib/document.mjs';
import { measure } from './lib/measure.mjs';
import { idleConnections, manyFingerprints } from './lib/memory.mjs';
import { idleTable, intervalInWords, scenarioTable, targetsTable } from './lib/report.mjs';
import { EMPTY, OURS, SCENARIOS } from './lib/scenarios.mjs';
import { judge, scenarioOf, summaryOf } from './lib/summary.mjs';
import {
  direct,
  startEmptyRelay,
  startHaproxy,
  startPgbouncer,
  startPgwitness,
  startReusingRelay,
} from './lib/tools.mjs';
import { mib } from './lib/units.mjs';
import { SCHEMA } from './lib/workloads.mjs';

const MEMORY = 'memory';
const OWN_TOOLS = ['direct', EMPTY, OURS];
const USAGE = `npm run bench -- [--quick] [--only A,B] [--json] [--rounds N] [--seconds S]
  --quick          3 short rounds, for a first look; writes no document
  --only A,B       these scenarios (and \`memory\`); writes no document
  --json           the figures on stdout; the document is written all the same
  --rounds N, --seconds S   rounds (default 9) and length of one run (default 1)`;
const values = optionsOf('bench', {
  usage: USAGE,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 9));
const seconds = Number(values.seconds ?? (values.quick ? 0.5 : 1));
const names = values.only?.split(',') ?? [...SCENARIOS.map(({ name }) => name), MEMORY];
const unknown = names.filter((name) => name !== MEMORY && scenarioOf(name) === undefined);
if (unknown.length > 0 || !(rounds >= 1) || !(seconds > 0)) {
  const known = [...SCENARIOS.map(({ name }) => name), MEMORY].join(', ');
  console.error(`bench: ${unknown.join(', ') || '--rounds and --seconds'} is not possible; --only knows ${known}`);
  process.exit(2);
}

const progress = openProgress();
const teardown = openTeardown();
const startedOn = machine();

async function main() {
  await progress.step('Packages', install);
  await progress.step('Build', build);
  const postgres = await progress.step('Postgres', async (note) => {
    const started = await startPostgres({ settings: { max_connections: '3000', shared_preload_libraries: '' } });
    teardown.add(started.stop);
    for (const statement of SCHEMA.split(';')) await started.query(statement);
    note(started.version);
    return started;
  });
  const serverPid = Number(readFileSync(path.join(postgres.dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const tools = await progress.step('Tools', async (note) => {
    const all = [direct(postgres)];
    for (const start of [startEmptyRelay, startReusingRelay, startPgwitness, startPgbouncer, startHaproxy]) {
      const tool = await start(postgres);
      if (tool === undefined) continue;
      teardown.add(tool.stop);
      all.push(tool);
    }
    note(all.map(({ name }) => name).join(', '));
    return all;
  });

  /** @type {Measured} */
  const measured = new Map();
  for (const scenario of SCENARIOS.filter(({ name }) => names.includes(name))) {
    await progress.step(scenario.name, async (note) => {
      const onRound = (/** @type {number} */ round) => note(`round ${round + 1} of ${rounds}`);
      const some = scenario.others ? tools : tools.filter(({ name }) => OWN_TOOLS.includes(name));
      measured.set(scenario.name, await measure(scenario, { tools: some, serverPid, rounds, seconds, onRound }));
    });
  }
  const memory = names.includes(MEMORY)
    ? {
        idle: await progress.step('Idle connections', () => idleConnections([100, 1000, 2000])),
        fingerprints: await progress.step('20,000 fingerprints', () =>
          manyFingerprints({ fingerprints: 20_000, seconds: 8 }),
        ),
      }
    : undefined;
  report({ measured, memory, tools, postgres });
}

/**
 * @typedef {Map<string, Record<string, import('./lib/measure.mjs').Sample>[]>} Measured by scenario, a record a round
 * @typedef {Awaited<ReturnType<typeof manyFingerprints>>} Fingerprints
 * @typedef {{ idle: import('./lib/memory.mjs').Idle[], fingerprints: Fingerprints }} Memory
 * @param {{ measured: Measured, memory: Memory | undefined, tools: readonly import('./lib/tools.mjs').Tool[],
 *   postgres: { version: string } }} of
 */
function report({ measured, memory, tools, postgres }) {
  const judged = judge(measured);
  const summaries = new Map([...measured].map(([name, samples]) => [name, summaryOf(samples)]));
  const parts = [];
  if (judged.length > 0) parts.push(targetsTable(judged));
  for (const [name, summary] of summaries) {
    const scenario = /** @type {import('./lib/scenarios.mjs').Scenario} */ (scenarioOf(name));
    parts.push(`### ${name}: ${scenario.workload}, ${scenario.clients} clients`, scenarioTable(scenario, summary));
  }
  if (memory !== undefined) parts.push('### Memory', idleTable(memory.idle), fingerprintsLine(memory.fingerprints));
  const versions = tools.filter(({ note }) => note !== undefined).map(({ name, note }) => `${name} is ${note}`);
  const method = `\`npm run bench\` at ${commit()}, Postgres ${postgres.version} on loopback, ${machine()} at the end (at the start: ${startedOn.split('; ')[1]}).
${versions.length > 0 ? `${versions.join('; ')}. ` : ''}Tools in turn (A B C A B C …), ${rounds} rounds of ${seconds} s each after one to warm up; processor time of each process from /proc, all
threads. Every figure is the median over rounds, every ratio is taken within a round and then the median; in parentheses the 95 %
interval between order statistics (of ${rounds} rounds ${intervalInWords(rounds)}), which assumes nothing of the distribution. "Missed" means that the
whole interval lies beyond the limit. Added latency is a tool's percentile less that of no tool at all, in the same round; it is judged
with one client, where nothing queues.`;
  const text = ['## Cost per statement', method, ...parts].join('\n\n');
  const isWhole = !values.quick && values.only === undefined;
  if (isWhole) progress.say(`written: ${writeSection('bench', text)}`);
  if (values.json) {
    const figures = { machine: machine(), commit: commit(), rounds, seconds, judged, memory };
    console.log(JSON.stringify({ ...figures, scenarios: Object.fromEntries(summaries) }, undefined, 2));
  } else console.log(parts.join('\n\n'));
  if (judged.some(({ verdict }) => verdict === 'missed')) process.exitCode = 1;
}

/** @param {Fingerprints} of */
function fingerprintsLine({ fingerprints, statements, observerBytes, relayBytes }) {
  return `${fingerprints} fingerprints, ${statements} statements: observer ${mib(observerBytes)} MiB resident (limit 220), relay ${mib(relayBytes)} MiB.`;
}

try {
  await main();
} catch (error) {
  progress.say(error instanceof Error ? error.message : String(error));
  process.exitCode = 3;
} finally {
  await teardown.close();
}
process.exit();
