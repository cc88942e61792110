#!/usr/bin/env node
// Measures for how long upkeep holds the observer's loop on a store of any size.
// A start, then seconds of traffic on a clock of its own, each with a flush and a turn of upkeep, and an end. Traffic
// is 20,000 statements in turn, of 500 routes. Processor time, so that a busy machine changes little.
// It writes into the directory, which is made first where it is missing (--bytes, bench/lib/big-store.mjs).
// Not here: what reports cost (measure-reports.mjs).
//
// usage: measure-upkeep.mjs --data DIR [--bytes 2e9] [--seconds 400] [--rows 20000] [--retention JSON]

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import path from 'node:path';
import { makeBigStore } from '../bench/lib/big-store.mjs';
import { emptyFlush } from '../dist/facts/flush.js';
import { RollupRow } from '../dist/facts/rollup-row.js';
import { openSqliteStore } from '../dist/storage/sqlite/sqlite-store.js';
import { requestsOf } from './lib/made-up-routes.mjs';
import { fingerprintOf } from './lib/made-up-statement.mjs';
import { optionsOf } from './lib/options.mjs';
import { spent } from './lib/spent.mjs';

const FINGERPRINTS = 20_000;
const ROUTES = 500;
const CALLS = 15;
const HOUR_MS = 3_600_000;
/** Of a second, as in observer/service.ts. */
const TURNS = 8;
const MAINTAIN_EVERY = 5;
const TARGET_MS = 50;

const values = optionsOf('measure-upkeep', {
  usage: 'measure-upkeep.mjs --data DIR [--bytes 2e9] [--seconds 400] [--rows 20000] [--retention JSON]',
  options: {
    data: { type: 'string' },
    bytes: { type: 'string', default: '2e9' },
    seconds: { type: 'string', default: '400' },
    rows: { type: 'string', default: '20000' },
    retention: { type: 'string', default: '{}' },
  },
});
const dataDir = values.data ?? '';
if (dataDir === '') {
  console.error('measure-upkeep: --data names the directory');
  process.exit(2);
}
const seconds = Number(values.seconds);
const rowsEach = Math.round(Number(values.rows) / 60);

const file = path.join(dataDir, 'witness.db');
if (!existsSync(file)) {
  mkdirSync(dataDir, { recursive: true });
  makeBigStore(dataDir, Number(values.bytes));
}
const megabytes = Math.round(statSync(file).size / 1e6);
// Of a file that was just copied much is not on the disk yet: the first checkpoint would wait for all of it.
const descriptor = openSync(file, 'r');
fsyncSync(descriptor);
closeSync(descriptor);
const opening = spent(() => openSqliteStore({ dataDir, retention: JSON.parse(values.retention) }));
const store = opening.answer;
// Two minutes before an hour ends: minutes, an hour and its day are rolled up.
const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS - 120_000;
/** @type {number[]} */
const turns = [];
let flushMs = 0;
let secondsBehind = 0;
let next = 0;
for (let second = 0; second < seconds; second++) {
  const nowMs = startMs + second * 1000;
  const flush = flushAt(nowMs);
  flushMs += spent(() => store.flush(flush)).ms;
  // As in observer/flush.ts.
  let isDue = true;
  for (let turn = 0; turn < TURNS; turn++) {
    const act = () => {
      if (!isDue || turn % 2 === 1) store.writeOut(nowMs);
      else if (turn === 0 && second % MAINTAIN_EVERY === 0) isDue = store.maintain(nowMs);
      else isDue = store.goOn(nowMs);
    };
    turns.push(spent(act).ms);
  }
  if (isDue) secondsBehind++;
}
const ending = spent(() => store.close());
const sum = turns.reduce((one, other) => one + other, 0);
const longest = Math.max(...turns);
const over = turns.filter((ms) => ms > TARGET_MS).length;
const share = (/** @type {number} */ ms) => ((ms / (seconds * 1000)) * 100).toFixed(1);
process.stdout.write(`${megabytes} MB, ${values.rows} rows a minute, ${seconds} s; processor time:
opening ${opening.ms.toFixed(0)} ms, ending ${ending.ms.toFixed(0)} ms
longest turn of upkeep ${longest.toFixed(0)} ms, ${over} over ${TARGET_MS} ms ${over === 0 ? 'ok' : 'MISSED'}
upkeep ${share(sum)} % of a core, flushes ${share(flushMs)} %, behind after ${secondsBehind} of the seconds
`);

/** @param {number} nowMs @returns {import('../dist/facts/flush.js').Flush} */
function flushAt(nowMs) {
  const minute = Math.floor(nowMs / 60_000);
  const rows = Array.from({ length: rowsEach }, () => {
    const n = next;
    next = (next + 1) % FINGERPRINTS;
    return /** @type {const} */ ([n, rowOf(n, minute)]);
  });
  const rollups = rows.map(([, row]) => row);
  return { ...emptyFlush(nowMs), rollups, ...requestsOf(rows, { routes: ROUTES, minute }) };
}

/** @param {number} n @param {number} minute */
function rowOf(n, minute) {
  const key = { minute, fingerprint: fingerprintOf(n), source: 'raw', construct: 'cursor', pool: `pool-${n % 5}` };
  const row = new RollupRow(key);
  row.callsStrong = CALLS;
  row.serviceTotalNs = CALLS * 1e6;
  row.serviceMinNs = 1e6;
  row.serviceMaxNs = 5e7;
  for (let call = 0; call < CALLS; call++) row.histogram.add(1e6 * (1 + ((n * 31 + call * 17) % 50)));
  return row;
}
