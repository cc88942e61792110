// The bound on the size of the file, with what requests add to it.
// That is: routes, their statements, examples, findings.
// Not here: retention by age (../time.test.ts).

import { statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { Playing, T0 } from '../../work/playing.js';
import { flushOf, openStore, rollupOf, temporaryDirectory } from '../flushes.js';

const HOUR_MS = 3_600_000;
const BYTES_MAX = 1_500_000;
/** Free pages that stay for the next minute's rows. */
const SPARE_BYTES = 2 ** 20;
const HOURS = 120;
const ROUTES = 30;
const SENT = 12;

/** An hour's requests: each route repeats one statement of its own. */
function playHour(playing: Playing, hour: number): void {
  for (let route = 0; route < ROUTES; route++) {
    const at = hour * HOUR_MS + route * 1_000;
    for (let n = 0; n < SENT; n++)
      playing.send({
        sql: `SELECT ${n === 0 ? 'list' : 'item'}${route}`,
        at: at + 10 * n,
        ms: 2 + (hour % 7),
        requestId: `r${hour}-${route}`,
        tags: { caller: `views/${route}.py:10`, route: `/route/${route}/in/a/longer/path` },
        source: 'django-orm',
        rows: n === 0 ? SENT - 1 : 1,
        hash: n + 1,
      });
  }
  playing.pass(5_000);
}

test('is held with routes, examples and findings, and the newest stay', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir, { retention: { bytesMax: BYTES_MAX }, journal: { rowsMin: 1_000_000 } });
  const playing = new Playing();
  const { units, findings } = playing;
  const sizes: number[] = [];
  for (let hour = 0; hour < HOURS; hour++) {
    playHour(playing, hour);
    const minute = T0 / 60_000 + hour * 60;
    const fingerprints = Array.from(
      { length: 2 * ROUTES },
      (_, n) => `SELECT ${n % 2 === 0 ? 'list' : 'item'}${n >> 1}`,
    );
    const parts = {
      atMs: T0 + hour * HOUR_MS + 60_000,
      rollups: fingerprints.map((fingerprint) => rollupOf({ minute, fingerprint, callsNs: [hour, 2 * hour, 9_999] })),
      requests: units.requests.pending(),
      requestStatements: units.statements.pending(),
      unitSamples: units.samples.pending(),
      findings: findings.pending(),
    };
    store.flush(flushOf(parts));
    for (const part of [units.requests, units.statements, units.samples, findings]) part.stored();
    for (let turn = 0; turn < 12; turn++) store.maintain(T0 + (hour + 1) * HOUR_MS);
    sizes.push(statSync(path.join(dataDir, 'witness.db')).size);
  }
  store.close();
  // It grew to the bound, stays there, and is not emptied for it.
  expect(Math.max(...sizes)).toBeLessThan(BYTES_MAX + SPARE_BYTES);
  expect(Math.min(...sizes.slice(HOURS / 2))).toBeGreaterThan(BYTES_MAX / 2);
  const db = new Database(path.join(dataDir, 'witness.db'), { readonly: true });
  for (const table of ['rollup', 'request_rollup', 'request_statement_rollup', 'unit_sample', 'finding'])
    expect([table, db.prepare(`SELECT count(*) > 0 FROM ${table}`).pluck().get()]).toEqual([table, 1]);
  const newest = db.prepare('SELECT max(bucket_min) FROM request_rollup WHERE span_s = 60').pluck().get() as number;
  expect(newest).toBeGreaterThan(T0 / 60_000 + (HOURS - 2) * 60);
  db.close();
});
