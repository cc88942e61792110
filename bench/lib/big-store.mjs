// Makes a data directory of a given size.
// The store itself writes the schema and one hour of every statement, of routes with their requests, and of findings;
// earlier hours and days are copied from it.
// Invariant: every level has the rows that fold_state says it has, so reports and upkeep work on it as on any other;
// totals of the copied time are those of one hour again and again.
// Not here: traffic of a realistic shape (scripts/generate-store.mjs), which takes minutes.

import { statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { findingsOf, requestsOf } from '../../scripts/lib/made-up-routes.mjs';
import { catalogueEntryOf, fingerprintOf } from '../../scripts/lib/made-up-statement.mjs';

const dist = new URL('../../dist', import.meta.url).pathname;
const { RollupRow } = /** @type {typeof import('../../dist/facts/rollup-row.js')} */ (
  await import(`${dist}/facts/rollup-row.js`)
);
const { openSqliteStore } = /** @type {typeof import('../../dist/storage/sqlite/sqlite-store.js')} */ (
  await import(`${dist}/storage/sqlite/sqlite-store.js`)
);
const { ROLLUP_TABLES } = /** @type {typeof import('../../dist/storage/sqlite/tables/rollup-tables.js')} */ (
  await import(`${dist}/storage/sqlite/tables/rollup-tables.js`)
);
const { emptyFlush } = /** @type {typeof import('../../dist/facts/flush.js')} */ (
  await import(`${dist}/facts/flush.js`)
);

/** @typedef {import('../../dist/facts/verdict.js').Verdict} Verdict */

const FINGERPRINTS = 20_000;
const POOLS = 5;
const ROUTES = 500;
const FINDINGS = 200;
const CALLS = 30;
const HOUR_MIN = 60;
const DAY_MIN = 1440;
const MINUTE_MS = 60_000;
const SPAN = { hour: 3600, day: 86_400 };

/** @param {string} directory @param {number} bytes about as large as the file becomes @returns {number} its size */
export function makeBigStore(directory, bytes) {
  const lastHour = Math.floor(Date.now() / MINUTE_MS / HOUR_MIN) * HOUR_MIN - 2 * HOUR_MIN;
  writeHour(directory, lastHour);
  const file = path.join(directory, 'witness.db');
  const db = new Database(file);
  // Nothing is lost that could not be made again: no journal while it is filled.
  for (const setting of ['journal_mode = OFF', 'synchronous = OFF', 'cache_size = -262144']) db.pragma(setting);
  const copies = ROLLUP_TABLES.map(({ name }) => {
    const columns = db
      .prepare(`SELECT name FROM pragma_table_info('${name}') WHERE name NOT IN ('span_s', 'bucket_min')`)
      .pluck()
      .all()
      .join(', ');
    return db.prepare(`INSERT OR IGNORE INTO ${name} (span_s, bucket_min, ${columns}) SELECT ?, ?, ${columns}
      FROM ${name} WHERE span_s = ${SPAN.hour} AND bucket_min = ${lastHour}`);
  });
  const bytesNow = () =>
    Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }));
  let hour = lastHour;
  while (bytesNow() < bytes) {
    db.transaction(() => {
      for (let step = 0; step < DAY_MIN / HOUR_MIN; step++) {
        hour -= HOUR_MIN;
        for (const copy of copies) {
          copy.run(SPAN.hour, hour);
          if (hour % DAY_MIN === 0) copy.run(SPAN.day, hour);
        }
      }
    })();
  }
  db.prepare('UPDATE fold_state SET first_min = min(first_min, ?)').run(hour);
  db.pragma('journal_mode = WAL');
  db.close();
  // As an observer leaves it: the windows behind the views are up to date.
  openSqliteStore({ dataDir: directory }).close();
  return statSync(file).size;
}

/** @param {string} directory @param {number} hour in minutes since the Unix epoch */
function writeHour(directory, hour) {
  const store = openSqliteStore({ dataDir: directory });
  const numbers = Array.from({ length: FINGERPRINTS }, (_, n) => n);
  /** @type {Pick<Verdict, 'source' | 'construct'>} */
  const source = { source: 'raw', construct: 'cursor' };
  const confidence = /** @type {const} */ ('strong');
  const verdict = { ...source, confidence, evidence: [] };
  const rollups = numbers.map((n) => {
    const row = new RollupRow({ minute: hour, fingerprint: fingerprintOf(n), ...source, pool: `pool-${n % POOLS}` });
    for (let call = 0; call < CALLS; call++)
      row.add(
        {
          completedAtMs: hour * MINUTE_MS + 1,
          sqlstate: '',
          command: 'SELECT',
          rows: 3,
          requestBytes: 200,
          responseBytes: 900,
          serviceNs: 1e5 * (1 + ((n * 7919 + call * 104_729) % 400)),
          waitNs: 0,
          firstRowNs: -1,
          clientStallNs: 0,
          batched: false,
          parameterHash: 0,
          parameterCount: 0,
          parametersCut: false,
        },
        verdict,
      );
    return row;
  });
  const ofRoutes = requestsOf(
    rollups.map((row, n) => /** @type {const} */ ([n, row])),
    { routes: ROUTES, minute: hour },
  );
  const findings = findingsOf(
    { count: FINDINGS, routes: ROUTES, fromMs: hour * MINUTE_MS, toMs: Date.now(), pools: POOLS },
    (n) => ({ fingerprint: fingerprintOf(n), source: source.source }),
  );
  const seen = { firstSeenMs: hour * MINUTE_MS, lastSeenMs: Date.now(), calls: 1, errors: 0, evidence: [] };
  store.flush({
    ...emptyFlush(hour * MINUTE_MS),
    ...ofRoutes,
    findings,
    rollups,
    catalogue: numbers.map(catalogueEntryOf),
    statements: numbers.map((n) => ({ fingerprint: fingerprintOf(n), ...source, confidence, ...seen })),
  });
  // The hour is over: it is folded, a slice a call. The clock stands still, so that nothing else is done again and
  // again.
  const nowMs = Date.now();
  store.writeOutAll();
  store.maintain(nowMs);
  while (store.goOn(nowMs));
  store.close();
}
