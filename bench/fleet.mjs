// Measures `top` over a fleet's store while sidecars and rows grow, on two shards as two processes.
// Run: npm run build && nice node bench/fleet.mjs [--sidecars 100] [--days 30] [--series 400] [--fill-minutes 20]
// Rows are made inside the engines (../scripts/lib/made-up-fleet.mjs). It stops filling after --fill-minutes, or at
// 30 GB, and says how far it came. Times are medians of the whole command; beside them processor time of both shards.
// Not here: what shipping costs, reports over one SQLite file (scripts/measure-reports.mjs).

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseStoreAddress } from '../dist/storage/clickhouse/connection/address.js';
import { prepareStore } from '../dist/storage/clickhouse/connection/prepare.js';
import { CLUSTER, startClickhouse, WRITER } from '../scripts/lib/clickhouse.mjs';
import { besideSql, rollupSql, seriesSql } from '../scripts/lib/made-up-fleet.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { runCommand } from '../scripts/lib/run-command.mjs';
import { clickhouseLibrary } from '../scripts/lib/setup/clickhouse-library.mjs';
import { cpuUs } from './lib/processes.mjs';

const values = optionsOf('fleet', {
  usage: 'node bench/fleet.mjs [--sidecars 100] [--days 30] [--series 400] [--fill-minutes 20] [--dir DIR]',
  options: {
    sidecars: { type: 'string', default: '100' },
    days: { type: 'string', default: '30' },
    series: { type: 'string', default: '400' },
    'fill-minutes': { type: 'string', default: '20' },
    dir: { type: 'string', default: '' },
  },
});
const [sidecars, days, series] = [values.sidecars, values.days, values.series].map(Number);
const fillMinutes = Number(values['fill-minutes']);
const SHARDS = 2;
const DISK_BYTES_MAX = 30e9;
const RUNS = 5;
const DATABASE = 'pgwitness';
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const env = { ...process.env, PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

const found = await clickhouseLibrary();
if ('missing' in found) {
  console.error(`fleet: ${found.missing}`);
  process.exit(3);
}
const directory = values.dir === '' ? mkdtempSync(path.join(tmpdir(), 'pgwitness-fleet-')) : values.dir;
mkdirSync(directory, { recursive: true });
const clickhouse = await startClickhouse({ library: found.library, shards: SHARDS, directory });
const store = `clickhouse://${clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${DATABASE}`;
try {
  await prepareStore(parseStoreAddress(store, { where: 'bench', env }), {
    cluster: { name: CLUSTER, hasReplicas: false },
    retention: { minutes: 7, hours: 90, days: 400 },
  });
  await grow();
} finally {
  await clickhouse.stop();
  if (values.dir === '') rmSync(directory, { recursive: true, force: true });
}

async function grow() {
  const nowMin = Math.floor(Date.now() / 60_000);
  const untilMs = performance.now() + fillMinutes * 60_000;
  let have = 0;
  console.log(
    '| sidecars | rows | on disk | bytes per row | top, all days | of the shards | top, a day | of the shards |',
  );
  console.log('|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const upTo of stepsTo(sidecars)) {
    const reached = await fill({ from: have, upTo, nowMin, untilMs });
    if (reached > have) await measure(reached);
    have = reached;
    if (reached < upTo) {
      console.log(
        `\nstopped at ${reached} of ${sidecars} sidecars: ${fillMinutes} minutes or ${DISK_BYTES_MAX / 1e9} GB`,
      );
      return;
    }
  }
}

/** @param {number} most */
function stepsTo(most) {
  return [1, 5, 10, 30, 60, 100, 150, 250, 500, 1000].filter((n) => n < most).concat(most);
}

/**
 * Five sidecars at a time, so that it can stop.
 * @param {{ from: number, upTo: number, nowMin: number, untilMs: number }} wanted
 * @returns {Promise<number>} how many are there whole
 */
async function fill({ from, upTo, nowMin, untilMs }) {
  let have = from;
  while (have < upTo) {
    const { bytes } = await stored();
    if (performance.now() > untilMs || bytes > DISK_BYTES_MAX) return have;
    const block = { sidecarsFrom: have, sidecarsTo: Math.min(upTo, have + 5), series };
    await Promise.all(
      clickhouse.nodes.map(async (node, n) => {
        await node.query(seriesSql(block, { n, shards: SHARDS }), DATABASE);
        for (const sql of rollupSql({ days, nowMin })) await node.query(sql, DATABASE);
      }),
    );
    for (const sql of besideSql(block, { days, nowMin })) await clickhouse.query(sql, DATABASE);
    have = block.sidecarsTo;
    process.stderr.write(`${have} sidecars\n`);
  }
  return have;
}

async function stored() {
  const sql = `SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM cluster('${CLUSTER}', system.parts)
    WHERE active AND database = '${DATABASE}' AND table IN ('rollup_local', 'source_rollup_local') FORMAT JSONEachRow`;
  const { rows, bytes } = JSON.parse(await clickhouse.query(sql, DATABASE));
  return { rows: Number(rows), bytes: Number(bytes) };
}

/** Merging goes on for a while after filling, and shares the processor. */
async function merged() {
  const sql = `SELECT count() FROM cluster('${CLUSTER}', system.merges)`;
  for (let quiet = 0; quiet < 3; await sleep(500)) quiet = (await clickhouse.query(sql)) === '0' ? quiet + 1 : 0;
}

/** @param {number} count of sidecars */
async function measure(count) {
  await merged();
  const { rows, bytes } = await stored();
  const cells = [];
  for (const since of [`${days}d`, '1d']) {
    const wholeMs = [];
    const engineMs = [];
    for (let run = 0; run < RUNS; run++) {
      const before = engineCpuMs();
      const startedAt = performance.now();
      const { code, stderr } = await runCommand(
        process.execPath,
        [MAIN, 'top', '--store', store, '--since', since, '--json'],
        { env },
      );
      if (code !== 0) throw new Error(stderr);
      wholeMs.push(performance.now() - startedAt);
      engineMs.push(engineCpuMs() - before);
    }
    cells.push(...[wholeMs, engineMs].map((list) => `${median(list).toFixed(0)} ms`));
  }
  const perRow = (bytes / rows).toFixed(1);
  console.log(
    `| ${count} | ${rows.toLocaleString('en')} | ${(bytes / 1e9).toFixed(2)} GB | ${perRow} | ${cells.join(' | ')} |`,
  );
}

/** Processor time of both shards so far. */
function engineCpuMs() {
  return clickhouse.nodes.reduce((sum, node) => sum + cpuUs(node.pid()) / 1e3, 0);
}

/** @param {number[]} list */
function median(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}
