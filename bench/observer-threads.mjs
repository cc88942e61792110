// Measures which threads of the observer use CPU time, also with scrapes and with reports.
// `node bench/observer-threads.mjs [seconds]`, Linux only. The helpers are V8's, which work for all threads:
// observer/intake/observing-cpu.ts divides their time. The thread of HTTP, which does little, is among them here.
// Needs a build.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../scripts/lib/postgres.mjs';
import { startSidecar } from '../scripts/lib/sidecar.mjs';
import { connect } from '../scripts/lib/wire/client.mjs';

const phaseMs = Number(process.argv[2] ?? 8) * 1_000;
const STATEMENTS = 14;

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));
const postgres = await startPostgres({ database: 'bench' });
const sidecar = await startSidecar({
  upstream: postgres,
  data: path.join(directory, 'data'),
  args: ['--observer-cpu-share', '1'],
});
const observer = Number(readFileSync(`/proc/${sidecar.pid}/task/${sidecar.pid}/children`, 'utf8').trim().split(' ')[0]);
/** V8's helpers, libuv's threads and that of HTTP are there from the start. */
const atStart = new Set(readdirSync(`/proc/${observer}/task`).map(Number));

/** CPU time so far by thread, in milliseconds. @returns {Map<number, number>} */
function threadTimes() {
  return new Map(
    readdirSync(`/proc/${observer}/task`).map((thread) => [
      Number(thread),
      Number(readFileSync(`/proc/${observer}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    ]),
  );
}

/** @param {string} name @param {Array<() => Promise<unknown>>} works done again and again at the same time */
async function phase(name, works) {
  const before = threadTimes();
  const end = performance.now() + phaseMs;
  await Promise.all(
    works.map(async (work) => {
      while (performance.now() < end) await work();
    }),
  );
  const sums = { main: 0, helpers: 0, reports: 0 };
  for (const [thread, ms] of threadTimes()) {
    const part = thread === observer ? 'main' : atStart.has(thread) ? 'helpers' : 'reports';
    sums[part] += ms - (before.get(thread) ?? 0);
  }
  const rounded = Object.entries(sums).map(([part, ms]) => `${part} ${Math.round(ms)} ms`);
  process.stdout.write(`${name}: ${rounded.join(', ')}\n`);
}

/** @type {[string, string][]} */
const startup = [
  ['user', postgres.user],
  ['database', postgres.database],
];
const client = await connect({ host: sidecar.host, port: sidecar.port, startup });
let count = 0;
const newStatements = async () => {
  count++;
  const signs = Array.from({ length: STATEMENTS }, (_, bit) => ((count >> bit) & 1 ? '+a' : '-a'));
  await client.query(`SELECT a${signs.join('')} FROM (VALUES (1)) v(a)`);
};
const sameStatements = async () => {
  await client.query(Array(20).fill('SELECT 1').join('; '));
  await sleep(3);
};
const scrape = async () => {
  await (await fetch(`${sidecar.httpUrl}/metrics`)).text();
  await sleep(100);
};
let hours = 0;
const report = async () => {
  hours = (hours % 300) + 1;
  await (await fetch(`${sidecar.httpUrl}/api/v1/statements?limit=20000&since=${hours}h`)).arrayBuffer();
};
try {
  await phase('warming up', [newStatements]);
  await phase('new statements', [newStatements]);
  await phase('the same statements', [sameStatements]);
  await phase('the same statements, and scrapes', [sameStatements, scrape]);
  await phase('the same statements, and reports', [sameStatements, report]);
  await phase('reports alone', [report]);
} finally {
  client.close();
  await sidecar.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
