// 82: rows that the database refuses for what they are: given up once, counted, and nothing waits.
// Triggers refuse them here: no traffic is known that makes such a row (saturating.test.ts).
// Not here: what the observer says of it (test/observer/storing.test.ts).

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { reportStatements } from '../../reports/statements.js';
import { databasePath } from '../../storage/sqlite/file/data-directory.js';
import { StoreError } from '../../storage/store-error.js';
import {
  DAY_START_MIN,
  entryOf,
  FINGERPRINT,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  temporaryDirectory,
  verdictOf,
} from './flushes.js';

const POISON = '00000000000000ff';
const START_MS = DAY_START_MIN * MINUTE_MS;
const DAY_MS = 86_400_000;

/** Refuses rows of `table` that `when` is true of. */
function refuse(dataDir: string, table: string, when: string): void {
  const db = new Database(databasePath(dataDir));
  db.exec(`CREATE TRIGGER poison BEFORE INSERT ON ${table} WHEN ${when} BEGIN SELECT RAISE(ABORT, 'poison'); END`);
  db.close();
}

function observedIn(dataDir: string) {
  return reportStatements(openTestReader(dataDir)).observed;
}

describe('a flush with a row that is refused', () => {
  it.each([
    ['series', `NEW.fingerprint = '${POISON}'`],
    ['rollup', `NEW.span_s = 60 AND NEW.series_id IN (SELECT series_id FROM series WHERE fingerprint = '${POISON}')`],
    ['rollup_error', `NEW.sqlstate = '23505'`],
  ])('by %s: the rest is stored, the row is lost and counted, once', (table, when) => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    refuse(dataDir, table, when);
    const poisoned = flushOf({
      relays: [{ relayId: 'relay-1', lastSequence: 7, ended: false }],
      catalogue: [entryOf()],
      statements: [verdictOf()],
      rollups: [
        rollupOf({ fingerprint: POISON, callsNs: [1, 2], errors: ['23505'] }),
        rollupOf({ callsNs: [1, 2, 3, 4] }),
      ],
    });
    expect(store.flush(poisoned)).toEqual({ rows: 1, executions: 3, reason: 'poison' });
    expect(store.lastSequence('relay-1')).toBe(7);
    expect(store.flush(poisoned)).toMatchObject({ executions: 3 });
    expect(store.flush(flushOf({ rollups: [rollupOf({ callsNs: [5] })] }))).toBeUndefined();
    expect(observedIn(dataDir)).toMatchObject({ executions: 9, notObserved: 6, exact: true });
    const { observed, statements } = reportStatements(openTestReader(dataDir));
    expect(Object.fromEntries(observed.notObservedByReason)).toEqual({ store_refused: 6 });
    expect(statements.map(({ fingerprint, calls }) => [fingerprint, calls])).toEqual([[FINGERPRINT, 9]]);
  });

  it('by a table without executions: nothing is lost of them', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    refuse(dataDir, 'statement', 'true');
    const flush = flushOf({ catalogue: [entryOf()], rollups: [rollupOf({ callsNs: [1] })] });
    expect(store.flush(flush)).toEqual({ rows: 1, executions: 0, reason: 'poison' });
    expect(observedIn(dataDir)).toMatchObject({ executions: 1, notObserved: 0, exact: true });
  });
});

it('a minute that cannot be rolled up is a gap, and neither rolling up nor retention waits for it', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  store.flush(flushOf({ rollups: [rollupOf({ fingerprint: POISON, callsNs: [1] })] }));
  store.flush(flushOf({ rollups: [rollupOf({ minute: DAY_START_MIN + 60, callsNs: [1] })] }));
  expect(observedIn(dataDir).exact).toBe(true);
  refuse(dataDir, 'rollup', `NEW.span_s = 3600 AND NEW.bucket_min = ${DAY_START_MIN}`);
  const later = START_MS + 3 * DAY_MS;
  expect(() => store.maintain(later)).toThrow(StoreError);
  for (let n = 0; n < 5; n++) store.maintain(later + n * 5_000);
  const db = new Database(databasePath(dataDir), { readonly: true });
  const spans = db.prepare('SELECT span_s AS span, count(*) AS rows FROM rollup GROUP BY span_s ORDER BY span_s').all();
  db.close();
  // The whole life has both; the minutes were dropped; of the hours, one is missing.
  expect(spans).toEqual([
    { span: 0, rows: 2 },
    { span: 3600, rows: 1 },
    { span: 86400, rows: 1 },
  ]);
  const { observed } = reportStatements(openTestReader(dataDir), { sinceMs: START_MS, untilMs: START_MS + DAY_MS });
  expect(observed.exact).toBe(false);
  expect(Object.fromEntries(observed.notObservedByReason)).toEqual({ refused: 1 });
});
