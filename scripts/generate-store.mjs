#!/usr/bin/env node
// Fills a data directory with made-up traffic of a staging system's shape.
// For measuring reports (scripts/measure-reports.mjs).
// Invariant: the same arguments make the same rows; everything goes through the store's own flush and upkeep, as an
// observer's does.
// Shape: Zipf-distributed calls, 20,000 fingerprints of which about 2,000 are live in an hour, 5 pools, 30 days;
// with --routes each statement belongs to one of so many routes, 200 of which have a finding.
//
// usage: generate-store.mjs DIR [--days 30] [--fingerprints 20000] [--live 2000] [--pools 5] [--routes 0]

import { parseArgs } from 'node:util';
import { MADE_UP } from './lib/made-up-execution.mjs';
import { catalogueEntryOf, fingerprintOf } from './lib/made-up-statement.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';
import { xorshift } from './lib/xorshift.mjs';

const USAGE = 'generate-store.mjs DIR [--days 30] [--fingerprints 20000] [--live 2000] [--pools 5] [--routes 0]';
if (process.argv.includes('--help')) {
  console.log(`usage: ${USAGE}`);
  process.exit(0);
}
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    days: { type: 'string', default: '30' },
    fingerprints: { type: 'string', default: '20000' },
    live: { type: 'string', default: '2000' },
    pools: { type: 'string', default: '5' },
    routes: { type: 'string', default: '0' },
  },
});
const [dataDir] = positionals;
if (dataDir === undefined) {
  process.stderr.write(`usage: ${USAGE}\n`);
  process.exit(2);
}
const days = Number(values.days);
const FINDINGS = 200;
const routes = Number(values.routes);
const shape = { fingerprints: Number(values.fingerprints), live: Number(values.live), pools: Number(values.pools) };
/** @typedef {import('../dist/facts/verdict.js').Verdict} Verdict */
/** With the share that each has. @type {readonly [Verdict['source'], Verdict['construct'], number][]} */
const SOURCES = [
  ['django-orm', 'queryset', 0.6],
  ['raw', 'cursor', 0.25],
  ['sqlalchemy', 'core', 0.1],
  ['housekeeping', '', 0.05],
];
/** Minutes of an hour that are written one by one: the last day is kept in minutes, older hours need one each. */
const OLD_MINUTES = [30];

const random = xorshift();

/** @returns {Pick<Verdict, 'source' | 'construct'>} */
const sourceOf = (/** @type {number} */ n) => {
  let part = ((n * 2654435761) >>> 0) / 2 ** 32;
  for (const [source, construct, weight] of SOURCES) {
    part -= weight;
    if (part < 0) return { source, construct };
  }
  return { source: 'raw', construct: 'cursor' };
};

await install(() => {});
await build(() => {});
const [{ RollupRow }, { openSqliteStore }, { emptyFlush }, { findingsOf, requestsOf }] = await Promise.all([
  import('../dist/facts/rollup-row.js'),
  import('../dist/storage/sqlite/sqlite-store.js'),
  import('../dist/facts/flush.js'),
  import('./lib/made-up-routes.mjs'),
]);
const store = openSqliteStore({ dataDir });
const nowMinute = Math.floor(Date.now() / 60_000);
const firstHour = Math.floor(nowMinute / 60) - days * 24;
const lastHour = Math.floor(nowMinute / 60);
const startedAt = performance.now();
writeCatalogue();
for (let hour = firstHour; hour <= lastHour; hour++) {
  const live = liveIn(hour);
  const minutes = hour * 60 > nowMinute - 24 * 60 ? Array.from({ length: 60 }, (_, n) => n) : OLD_MINUTES;
  for (const minute of minutes) {
    const at = hour * 60 + minute;
    if (at >= nowMinute) break;
    // In one minute about a quarter of the hour's statements run.
    const rows = live
      .filter(() => minutes.length === 1 || random() < 0.25)
      .map((n) => /** @type {const} */ ([n, rowOf(n, at)]));
    const ofRoutes = routes === 0 ? {} : requestsOf(rows, { routes, minute: at });
    store.flush(flushOf({ ...ofRoutes, rollups: rows.map(([, row]) => row), atMs: at * 60_000 }));
  }
  if ((hour - firstHour) % 24 !== 23) continue;
  upkeep((hour + 1) * 60 * 60_000);
  process.stderr.write(`day ${(hour - firstHour + 1) / 24} of ${days}\n`);
}
const endMs = Date.now();
for (let slice = 0; slice < 600; slice++) store.maintain(endMs);
store.close();
process.stderr.write(`${dataDir}: ${days} days in ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);

/**
 * Rolls up all that is there. The clock stands still for what is done in slices, so that the windows, which are only
 * good at the end, are refreshed once.
 * @param {number} nowMs
 */
function upkeep(nowMs) {
  store.writeOutAll();
  store.endMinutes();
  const atMs = Math.min(nowMs, Date.now());
  store.maintain(atMs);
  while (store.goOn(atMs));
}

/**
 * Ranks by Zipf: most of what is live is live always, the rest comes and goes.
 * @param {number} hour
 * @returns {number[]}
 */
function liveIn(hour) {
  const always = Math.floor(shape.live * 0.7);
  const live = Array.from({ length: always }, (_, n) => n);
  const others = shape.fingerprints - always;
  for (let n = 0; n < shape.live - always; n++) live.push(always + ((hour * 631 + n * 37) % others));
  return live;
}

/**
 * @param {number} n rank of a fingerprint
 * @param {number} minute
 * @returns {import('../dist/facts/rollup-row.js').RollupRow}
 */
function rowOf(n, minute) {
  const { source, construct } = sourceOf(n);
  const row = new RollupRow({
    minute,
    fingerprint: fingerprintOf(n),
    source,
    construct,
    pool: `pool-${n % shape.pools}`,
  });
  const calls = Math.max(1, Math.round(5_000 / (n + 1)));
  const verdict = { source, construct, confidence: /** @type {const} */ ('strong'), evidence: [] };
  const medianNs = 1e5 * (1 + ((n * 7919) % 400));
  const measured = { ...MADE_UP, completedAtMs: minute * 60_000 + 1, rows: 3 };
  // Of many calls a sample has the shape of all.
  for (let call = 0; call < Math.min(calls, 40); call++) {
    row.add(
      { ...measured, serviceNs: Math.round(medianNs * Math.exp(1.2 * (random() + random() + random() - 1.5))) },
      verdict,
    );
  }
  row.callsStrong = calls;
  return row;
}

function writeCatalogue() {
  const all = Array.from({ length: shape.fingerprints }, (_, n) => n);
  const seen = { firstSeenMs: firstHour * 3_600_000, lastSeenMs: Date.now(), calls: 1, errors: 0, evidence: [] };
  const identity = { user: 'app', database: 'shop', applicationName: '', options: '', clientNetwork: '' };
  store.flush(
    flushOf({
      atMs: firstHour * 3_600_000,
      catalogue: all.map(catalogueEntryOf),
      findings:
        routes === 0
          ? []
          : findingsOf(
              { count: FINDINGS, routes, fromMs: seen.firstSeenMs, toMs: seen.lastSeenMs, pools: shape.pools },
              (n) => ({ fingerprint: fingerprintOf(n), source: sourceOf(n).source }),
            ),
      statements: all.map((n) => ({ fingerprint: fingerprintOf(n), ...sourceOf(n), confidence: 'strong', ...seen })),
      pools: Array.from({ length: shape.pools }, (_, n) => ({
        id: `pool-${n}`,
        name: `django:app${n}@shop`,
        identity: { ...identity, owner: 'django' },
        firstSeenMs: seen.firstSeenMs,
        lastSeenMs: seen.lastSeenMs,
        clientAddress: '10.0.0.1',
        serverVersion: '17.5',
        driver: 'psycopg',
        habits: [],
        evidence: [],
      })),
    }),
  );
}

/** @param {Partial<import('../dist/facts/flush.js').Flush>} parts @returns {import('../dist/facts/flush.js').Flush} */
function flushOf(parts) {
  return { ...emptyFlush(), ...parts };
}
