// Upkeep says that more is left until nothing is, so that its next turn comes soon.
// Not here: when its turns come (observer/flush.ts).

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { registerHistogramFunctions } from '../../../storage/sqlite/file/histogram-sql-function.js';
import { Rows } from '../../../storage/sqlite/file/rows.js';
import { rollUp } from '../../../storage/sqlite/upkeep/roll-up.js';
import { DAY_START_MIN, flushOf, MINUTE_MS, openStore, rollupOf, temporaryDirectory } from '../flushes.js';

const STATEMENTS = 1_000;

it('of windows that are half refreshed, whether maintain() or goOn() was called', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  const fingerprints = Array.from({ length: STATEMENTS }, (_, n) => n.toString(16).padStart(16, '0'));
  store.flush(flushOf({ rollups: fingerprints.map((fingerprint) => rollupOf({ fingerprint, callsNs: [1000] })) }));
  store.writeOutAll();
  const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
  const refreshed = () => db.prepare('SELECT count(*) FROM statement_windows').pluck().get() as number;
  // The minute is open: nothing is there to roll up.
  const nowMs = DAY_START_MIN * MINUTE_MS + 30_000;
  for (let window = 1; window <= 4; window++) {
    let isLeft = store.maintain(nowMs);
    while (isLeft) isLeft = store.goOn(nowMs);
    expect(refreshed() % STATEMENTS).toBe(0);
    expect(refreshed()).toBeGreaterThanOrEqual(window * STATEMENTS);
  }
  db.close();
});

it('a turn without time rolls up a thousand rows all the same', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  const fingerprints = Array.from({ length: 3 * STATEMENTS }, (_, n) => n.toString(16).padStart(16, '0'));
  store.flush(flushOf({ rollups: fingerprints.map((fingerprint) => rollupOf({ fingerprint, callsNs: [1000] })) }));
  store.close();
  const db = new Database(join(dataDir, 'witness.db'));
  registerHistogramFunctions(db);
  const rows = new Rows(db);
  const turns: number[] = [];
  for (let isLeft = true; isLeft; ) {
    const done = rollUp(rows, { closedBefore: DAY_START_MIN + 5, rowsMax: 2_500, untilMs: 0 });
    expect(done.refusal).toBeUndefined();
    turns.push(done.rows);
    isLeft = done.isLeft;
  }
  db.close();
  // Each is added to its hour and to the whole life.
  const sum = turns.reduce((one, other) => one + other, 0);
  expect(sum).toBeGreaterThanOrEqual(6 * STATEMENTS);
  expect(turns.length).toBeLessThanOrEqual(6);
});
