// Measures `top` over a fleet's store while sidecars and rows grow, on two shards as two processes.
// Run: npm run build && nice node bench/fleet.mjs [--sidecars 100] [--days 30] [--series 1070]
//   [--fill-minutes 60] [--dir DIR: keeps it; --measure-only: asks what DIR holds once more]
// PGWITNESS_DIST=DIST asks as another build does.
// Rows are made inside the engines (../scripts/lib/made-up-fleet.mjs). It stops filling after
// --fill-minutes, or at 30 GB, and says how far it came. Each question is asked as a command, and
// of an open reader, as `serve` has one: the least time of each, of the reader the median too, and
// the least processor time of both shards.
// Not here: what shipping costs, reports over one SQLite file (scripts/measure-reports.mjs).

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CLUSTER, startClickhouse, WRITER } from '../scripts/lib/clickhouse.mjs';
import { besideSql, rollupSql, seriesSql } from '../scripts/lib/made-up-fleet.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { runCommand } from '../scripts/lib/run-command.mjs';
import { clickhouseLibrary } from '../scripts/lib/setup/clickhouse-library.mjs';
import { cpuMsWithEnded } from './lib/processes.mjs';
import { median } from './lib/statistics.mjs';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { reportStatements } = await import(`${dist}/reports/statements.js`);
const { parseStoreAddress } = await import(`${dist}/storage/clickhouse/connection/address.js`);
const { prepareStore } = await import(`${dist}/storage/clickhouse/connection/prepare.js`);
const { openClickhouseReader } = await import(`${dist}/storage/clickhouse/read/reader.js`);

const values = optionsOf('fleet', {
  usage:
    'node bench/fleet.mjs [--sidecars 100] [--days 30] [--series 1070] [--fill-minutes 60] [--dir DIR [--measure-only]]',
  options: {
    sidecars: { type: 'string', default: '100' },
    days: { type: 'string', default: '30' },
    series: { type: 'string', default: '1070' },
    'fill-minutes': { type: 'string', default: '60' },
    dir: { type: 'string', default: '' },
    'measure-only': { type: 'boolean', default: false },
  },
});
const fillMinutes = Number(values['fill-minutes']);
const SHARDS = 2;
const DISK_BYTES_MAX = 30e9;
const COMMAND_RUNS = 5;
const READER_RUNS = 15;
const DATABASE = 'pgwitness';
/** Tables that hold the rows. */
const FILLED = ['rollup_local', 'source_rollup_local'];
const FILLED_LIST = FILLED.map((table) => `'${table}'`).join(', ');
const MAIN = fileURLToPath(new URL(`${dist}/cli/main.js`, import.meta.url));
const env = { ...process.env, PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

const found = await clickhouseLibrary();
if ('missing' in found) {
  console.error(`fleet: ${found.missing}`);
  process.exit(3);
}
const directory = values.dir === '' ? mkdtempSync(path.join(tmpdir(), 'pgwitness-fleet-')) : path.resolve(values.dir);
mkdirSync(directory, { recursive: true });
/** What DIR holds. */
const noteFile = path.join(directory, 'made-up.json');
const { sidecars, days, series, nowMin } = values['measure-only']
  ? JSON.parse(readFileSync(noteFile, 'utf8'))
  : {
      ...{ sidecars: Number(values.sidecars), days: Number(values.days), series: Number(values.series) },
      // A window of a day begins and ends in the middle of an hour.
      nowMin: Math.floor(Date.now() / 3_600_000) * 60 - 30,
    };
const clickhouse = await startClickhouse({ library: found.library, shards: SHARDS, directory });
const store = `clickhouse://${clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${DATABASE}`;
const address = parseStoreAddress(store, { where: 'bench', env });
try {
  const titles = ['sidecars', 'rows', 'on disk', 'bytes per row'];
  for (const window of [`${days} days`, 'a day'])
    titles.push(`${window}: command`, 'open reader', 'its median', 'shards, processor');
  console.log(`| ${titles.join(' | ')} | load |\n|${'---:|'.repeat(titles.length + 1)}`);
  if (values['measure-only']) await measure(sidecars);
  else {
    await prepareStore(address, {
      cluster: { name: CLUSTER, hasReplicas: false },
      retention: { minutes: 7, hours: 90, days: 400 },
    });
    await keepMinutesOfToday();
    await grow();
  }
} finally {
  await clickhouse.stop();
  if (values.dir === '') rmSync(directory, { recursive: true, force: true });
}

/** In parts, as while sidecars ship: nothing comes after filling, so the tables would take them for what is over. */
async function keepMinutesOfToday() {
  for (const table of FILLED) {
    const sql = `ALTER TABLE ${table} MODIFY SETTING min_age_to_force_merge_seconds = 0`;
    await Promise.all(clickhouse.nodes.map((node) => node.query(sql, DATABASE)));
  }
}

async function grow() {
  const untilMs = performance.now() + fillMinutes * 60_000;
  let have = 0;
  for (const upTo of stepsTo(sidecars)) {
    const reached = await fill({ from: have, upTo, untilMs });
    if (reached > have) await measure(reached);
    have = reached;
    if (reached < upTo) {
      const bounds = `${fillMinutes} minutes or ${DISK_BYTES_MAX / 1e9} GB`;
      console.log(`\nstopped at ${reached} of ${sidecars} sidecars: ${bounds}`);
      return;
    }
  }
}

/** @param {number} most */
function stepsTo(most) {
  return [1, 10, 25, 50, 100, 150, 250, 500, 1000].filter((n) => n < most).concat(most);
}

/**
 * Some sidecars at a time, so that it can stop.
 * @param {{ from: number, upTo: number, untilMs: number }} wanted
 * @returns {Promise<number>} how many are there whole
 */
async function fill({ from, upTo, untilMs }) {
  let have = from;
  while (have < upTo) {
    const { bytes } = await stored();
    if (performance.now() > untilMs || bytes > DISK_BYTES_MAX) return have;
    const block = { sidecarsFrom: have, sidecarsTo: Math.min(upTo, have + 25), series };
    await Promise.all(
      clickhouse.nodes.map(async (node, n) => {
        await node.query(seriesSql(block, { n, shards: SHARDS }), DATABASE);
        for (const sql of rollupSql({ days, nowMin })) await node.query(sql, DATABASE);
      }),
    );
    for (const sql of besideSql(block, { days, nowMin })) await clickhouse.query(sql, DATABASE);
    have = block.sidecarsTo;
    writeFileSync(noteFile, JSON.stringify({ sidecars: have, days, series, nowMin }));
    process.stderr.write(`${new Date().toISOString()} ${have} sidecars\n`);
  }
  return have;
}

async function stored() {
  const sql = `SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM cluster('${CLUSTER}', system.parts)
    WHERE active AND database = '${DATABASE}' AND table IN (${FILLED_LIST}) FORMAT JSONEachRow`;
  const { rows, bytes } = JSON.parse(await clickhouse.query(sql, DATABASE));
  return { rows: Number(rows), bytes: Number(bytes) };
}

/**
 * All partitions but the minutes of today are merged to one part, as the tables do by themselves ten minutes after the
 * last row; other merging goes on for a while after filling, and shares the processor.
 */
async function merged() {
  const today = `concat('60-', toString(toYYYYMMDD(toDateTime(${nowMin * 60}, 'UTC'))))`;
  const sql = `SELECT table, partition_id FROM system.parts WHERE active AND database = '${DATABASE}'
    AND table IN (${FILLED_LIST}) AND partition_id != ${today}
    GROUP BY table, partition_id HAVING count() > 1 FORMAT TSV`;
  await Promise.all(
    clickhouse.nodes.map(async (node) => {
      const over = (await node.query(sql)).split('\n').filter((line) => line !== '');
      for (const line of over) {
        const [table, id] = line.split('\t');
        await node.query(`OPTIMIZE TABLE ${table} PARTITION ID '${id}' FINAL`, DATABASE);
      }
    }),
  );
  const merging = `SELECT count() FROM cluster('${CLUSTER}', system.merges)`;
  for (let quiet = 0; quiet < 3; await sleep(500)) quiet = (await clickhouse.query(merging)) === '0' ? quiet + 1 : 0;
}

/** @param {number} count of sidecars */
async function measure(count) {
  await merged();
  const { rows, bytes } = await stored();
  const cells = [];
  const reader = openClickhouseReader(address);
  for (const windowDays of [days, 1]) {
    const [sinceMs, untilMs] = [nowMin - windowDays * 1440, nowMin].map((minute) => minute * 60_000);
    const [since, until] = [sinceMs, untilMs].map((ms) => new Date(ms).toISOString());
    const whole = await timed(COMMAND_RUNS, async () => {
      const args = [MAIN, 'top', '--store', store, '--since', since, '--until', until];
      const { code, stderr } = await runCommand(process.execPath, args, { env });
      if (code !== 0) throw new Error(stderr);
    });
    const open = await timed(READER_RUNS, async () => reportStatements(reader, { sinceMs, untilMs, limit: 20 }));
    cells.push(ms(whole.leastMs), ms(open.leastMs), ms(open.medianMs), ms(Math.min(whole.engineMs, open.engineMs)));
  }
  reader.close();
  const perRow = (bytes / rows).toFixed(1);
  const [load] = loadavg();
  const place = [count, rows.toLocaleString('en'), `${(bytes / 1e9).toFixed(2)} GB`, perRow];
  console.log(`| ${[...place, ...cells, load.toFixed(1)].join(' | ')} |`);
}

/** @param {number} runs @param {() => Promise<unknown>} ask */
async function timed(runs, ask) {
  const times = [];
  let engineMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const before = engineCpuMs();
    const startedAt = performance.now();
    await ask();
    times.push(performance.now() - startedAt);
    engineMs = Math.min(engineMs, engineCpuMs() - before);
  }
  return { leastMs: Math.min(...times), medianMs: median(times), engineMs };
}

/** @param {number} time */
function ms(time) {
  return `${time.toFixed(0)} ms`;
}

/** Processor time of both shards so far. */
function engineCpuMs() {
  return clickhouse.nodes.reduce((sum, node) => sum + cpuMsWithEnded(node.pid()), 0);
}
