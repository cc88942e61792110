#!/usr/bin/env node
// Measures `top` over everything in a data directory, in each order.
// Also commands as a person waits for them, the longest turn of upkeep after a start, and what a minute of 20,000
// rollup rows costs the writer. Brings a directory of an older version up to date.
// Times are the median of some runs, with the CPU of the best beside them: on a busy machine only that says what the
// report costs. Targets, of CPU: 200 ms by total, calls, mean, max, errors or rows, and for findings; 300 ms by p95 or
// p99, and for routes, which have percentiles; 500 ms for a whole command; the writer under 5 % of a core (3 s of CPU a
// minute).
// Also what the page asks for: a comparison around a moment, and the whole list.
// Not here: making the directory (generate-store.mjs).
//
// usage: measure-reports.mjs DIR [--since 30d]

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Api } from '../dist/dashboards/http/api.js';
import { emptyFlush } from '../dist/facts/flush.js';
import { RollupRow } from '../dist/facts/rollup-row.js';
import { STATEMENT_SORTS } from '../dist/facts/statement-order.js';
import { reportFindings } from '../dist/reports/findings.js';
import { routesJson } from '../dist/reports/forms/routes-json.js';
import { reportRoutes } from '../dist/reports/routes.js';
import { reportStatements } from '../dist/reports/statements.js';
import { openReader } from '../dist/storage/sqlite/read/reader.js';
import { openSqliteStore } from '../dist/storage/sqlite/sqlite-store.js';
import { spent } from './lib/spent.mjs';

const RUNS = 3;
const dataDir = process.argv[2];
if (dataDir === undefined) {
  process.stderr.write('usage: measure-reports.mjs DIR\n');
  process.exit(2);
}

measureUpkeep();
const reader = openReader(dataDir);
const DAY_MS = 86_400_000;
const windows = { all: undefined, '30d': 30, '7d': 7 };
for (const [name, days] of Object.entries(windows)) {
  const sinceMs = days === undefined ? undefined : Date.now() - days * DAY_MS + 3_600_000;
  for (const sort of STATEMENT_SORTS) {
    const slow = sort === 'p95' || sort === 'p99';
    // Requests cannot be ranked inside SQL: all is read.
    const targetMs = sort === 'per-request' ? undefined : slow ? 300 : 200;
    told(`top ${name.padEnd(4)} by ${sort.padEnd(7)}`, {
      targetMs,
      runs: measured(() => reportStatements(reader, { sinceMs, sort, limit: 20 })),
    });
  }
  told(`routes ${name}`, { targetMs: 300, runs: measured(() => routesJson(reportRoutes(reader, { sinceMs }))) });
  told(`findings ${name}`, { targetMs: 200, runs: measured(() => reportFindings(reader, { sinceMs })) });
}
await measurePage();
reader.close();
measureCommands();
measureWriter();

/** What the page asks the API for that costs most. */
async function measurePage() {
  const api = new Api({ reader });
  const dayAgo = new Date(Date.now() - 30 * 3_600_000).toISOString();
  for (const url of [
    '/api/v1/statements?limit=0&form=brief',
    `/api/v1/compare?around=${dayAgo}&span=24h&limit=200`,
    `/api/v1/compare?around=${dayAgo}&span=24h&limit=200&group-by=route`,
  ]) {
    const runs = [];
    for (let run = 0; run < RUNS; run++) {
      const begun = beginning();
      const { status, body } = await api.answer(url);
      if (status !== 200) throw new Error(String(body));
      runs.push(begun());
    }
    told(url.replace(dayAgo, '…'), { runs });
  }
}

/** @param {() => unknown} act */
function measured(act) {
  return Array.from({ length: RUNS }, () => {
    const begun = beginning();
    act();
    return begun();
  });
}

function beginning() {
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
  };
}

/** @param {string} name @param {{ targetMs?: number, runs: Array<{ ms: number, cpuMs: number }> }} of */
function told(name, { targetMs, runs }) {
  const [ms] = runs
    .map((run) => run.ms)
    .sort((a, b) => a - b)
    .slice(Math.floor(RUNS / 2));
  const cpuMs = Math.min(...runs.map((run) => run.cpuMs));
  const verdict = targetMs === undefined ? '' : ` (target ${targetMs}) ${cpuMs <= targetMs ? 'ok' : 'MISSED'}`;
  process.stdout.write(
    `${name.padEnd(24)} ${ms.toFixed(0).padStart(6)} ms, ${cpuMs.toFixed(0).padStart(5)} ms of CPU${verdict}\n`,
  );
}

/** What a start leaves to be done: the processor time of each turn for which upkeep holds the observer's loop. */
function measureUpkeep() {
  const store = openSqliteStore({ dataDir });
  const turns = [];
  const startMs = Date.now();
  for (let second = 0; second < 300; second++) {
    const nowMs = startMs + second * 1000;
    turns.push(spent(() => (second % 5 === 0 ? store.maintain(nowMs) : store.goOn(nowMs))).ms);
  }
  const longest = Math.max(...turns);
  const sum = turns.reduce((one, other) => one + other, 0);
  process.stdout.write(
    `upkeep after a start: ${sum.toFixed(0)} ms of CPU, ${longest.toFixed(0)} in the longest turn (target 50) ${longest <= 50 ? 'ok' : 'MISSED'}\n`,
  );
  store.close();
}

/** Whole processes. `version` reads no store: it is what starting costs. An empty node says how fast the machine is. */
function measureCommands() {
  const said = 'process.on("exit",()=>process.stderr.write(JSON.stringify(process.cpuUsage())))';
  const run = (/** @type {string[]} */ args) => {
    const startedAt = performance.now();
    const node = ['--import', `data:text/javascript,${said}`, ...args];
    const { stdout, stderr, status } = spawnSync(process.execPath, node, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(stderr);
    const { user, system } = JSON.parse(stderr);
    return { stdout, ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
  };
  const cli = 'dist/cli/main.js';
  const place = ['--data', dataDir, '--since', '29d'];
  const [{ fingerprint }] = JSON.parse(run([cli, 'top', ...place, '--json', '--limit', '1']).stdout).statements;
  const commands = [
    ['version'],
    ['top', ...place],
    ['top', ...place, '--sort', 'p95'],
    ['routes', ...place],
    ['findings', ...place],
    ['pools', ...place],
    ['history', fingerprint, ...place],
    ['show', fingerprint, ...place],
    ['export', ...place],
  ];
  const runsOf = (/** @type {string[]} */ args) => Array.from({ length: RUNS }, () => run(args));
  told('node -e 0', { runs: runsOf(['-e', '0']) });
  for (const args of commands) {
    const name = args.filter((arg) => arg !== '--data' && arg !== dataDir).join(' ');
    const targetMs = args[0] === 'export' ? undefined : 500;
    told(`pgwitness ${name}`, { targetMs, runs: runsOf([cli, ...args]) });
  }
}

function measureWriter() {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-measure-'));
  const store = openSqliteStore({ dataDir: directory });
  const startMinute = Math.floor(Date.now() / 60_000) - 10;
  const before = process.cpuUsage();
  const minutes = 3;
  for (let minute = 0; minute < minutes; minute++) {
    // Each row is flushed some times a minute: a statement that runs all the time is in every flush.
    for (let flush = 0; flush < 60; flush++) {
      const rows = [];
      for (let n = flush % 3; n < 20_000; n += 60) rows.push(n);
      store.flush(minuteFlush(startMinute + minute, rows));
    }
    store.flush(
      minuteFlush(
        startMinute + minute,
        Array.from({ length: 20_000 }, (_, n) => n),
      ),
    );
    store.writeOutAll();
    for (let slice = 0; slice < 12; slice++) store.maintain((startMinute + minute + 1) * 60_000);
  }
  const used = process.cpuUsage(before);
  const seconds = (used.user + used.system) / 1e6 / minutes;
  const share = (100 * seconds) / 60;
  process.stdout.write(
    `writer, 20,000 rows a minute: ${seconds.toFixed(2)} s of CPU a minute = ${share.toFixed(1)} % (target 5) ${share <= 5 ? 'ok' : 'MISSED'}\n`,
  );
  store.close();
  rmSync(directory, { recursive: true });
}

/** @param {number} minute @param {number[]} numbers @returns {import('../dist/facts/flush.js').Flush} */
function minuteFlush(minute, numbers) {
  const rollups = numbers.map((n) => {
    const row = new RollupRow({
      minute,
      fingerprint: (0xabc0000000000000n + BigInt(n)).toString(16),
      source: 'raw',
      construct: 'cursor',
      pool: `p${n % 5}`,
    });
    row.callsStrong = 3;
    row.serviceTotalNs = 3e6;
    row.serviceMinNs = 1e6;
    row.serviceMaxNs = 1e6;
    for (let call = 0; call < 3; call++) row.histogram.add(1e6 * (1 + ((n * 31 + call * 17) % 50)));
    return row;
  });
  return { ...emptyFlush(minute * 60_000), rollups };
}
