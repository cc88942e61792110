// Buckets that changed are marked: once they are over, and whenever something comes late.
// Not here: sending them (../fleet/).

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { MIGRATIONS } from '../../storage/migrations/migrations.js';
import { DAY_START_MIN, flushOf, MINUTE_MS, openStore, rollupOf, temporaryDirectory } from './flushes.js';

type Store = ReturnType<typeof openStore>;

function add(store: Store, ...minutes: number[]): void {
  store.flush(flushOf({ rollups: minutes.map((minute) => rollupOf({ minute, callsNs: [1000] })) }));
}

/** As they stand in the outbox, in the order of their changes: "60 +0" is the first minute. */
function marksOf(dataDir: string, after = 0): string[] {
  const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
  const marks = db.prepare('SELECT span_s, bucket_min FROM outbox WHERE changed > ? ORDER BY changed').raw().all(after);
  db.close();
  return (marks as number[][]).map(([span, bucket]) => `${span} +${bucket - DAY_START_MIN}`);
}

function newest(dataDir: string): number {
  const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
  const changed = db.prepare('SELECT max(changed) FROM outbox').pluck().get() as number;
  db.close();
  return changed;
}

const maintain = (store: Store, minute: number) => store.maintain(minute * MINUTE_MS);

it('minutes, hours and days are marked when they are over, and not before', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  add(store, DAY_START_MIN, DAY_START_MIN + 1);
  expect(marksOf(dataDir)).toEqual([]);
  maintain(store, DAY_START_MIN + 2);
  expect(marksOf(dataDir)).toEqual(['60 +0']);
  maintain(store, DAY_START_MIN + 10);
  expect(marksOf(dataDir)).toEqual(['60 +0', '60 +1']);
  add(store, DAY_START_MIN + 60);
  maintain(store, DAY_START_MIN + 70);
  expect(marksOf(dataDir)).toEqual(['60 +0', '60 +1', '60 +60', '3600 +0']);
  add(store, DAY_START_MIN + 1440);
  maintain(store, DAY_START_MIN + 1450);
  expect(marksOf(dataDir).slice(4)).toEqual(['60 +1440', '3600 +60', '86400 +0']);
});

it('what comes late marks its minute, and its hour and day where these are over', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  add(store, DAY_START_MIN, DAY_START_MIN + 61, DAY_START_MIN + 1441);
  maintain(store, DAY_START_MIN + 1450);
  const before = newest(dataDir);
  add(store, DAY_START_MIN + 5);
  expect(marksOf(dataDir, before)).toEqual(['60 +5', '3600 +0', '86400 +0']);
  const again = newest(dataDir);
  add(store, DAY_START_MIN + 1442);
  // That hour is still being filled: it is marked when it is over.
  expect(marksOf(dataDir, again)).toEqual([]);
});

it('an orderly end marks what is not over too', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  add(store, DAY_START_MIN, DAY_START_MIN + 70);
  store.endMinutes();
  expect(marksOf(dataDir)).toEqual(['60 +0', '60 +70', '3600 +0', '3600 +60', '86400 +0']);
});

it('marks outlive the rows of their level, so that these can be counted', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir, { retention: { minutesKeptHours: 1, hoursKeptDays: 2, daysKeptDays: 3 } });
  add(store, DAY_START_MIN);
  const at = (day: number) => {
    for (let n = 0; n < 3; n++) maintain(store, DAY_START_MIN + day * 1440 + 10);
    return marksOf(dataDir);
  };
  expect(at(1)).toEqual(['60 +0', '3600 +0', '86400 +0']);
  expect(at(3)).toEqual(['3600 +0', '86400 +0', '86400 +1440', '86400 +2880']);
  expect(at(5)).not.toContain('3600 +0');
});

it('what a file of an earlier version holds counts as changed', () => {
  const db = new Database(':memory:');
  for (const script of MIGRATIONS.slice(0, 12)) db.exec(script);
  const [first, folded] = [DAY_START_MIN + 100, DAY_START_MIN + 1440 + 130];
  db.exec(`UPDATE fold_state SET first_min = ${first}, last_min = ${folded + 1}, minutes_folded_to_min = ${folded},
    hours_folded_to_min = ${folded - 10}, minutes_kept_from_min = ${folded - 130}`);
  db.exec(MIGRATIONS[12]);
  const counts = db.prepare('SELECT span_s, count(*), count(DISTINCT changed), min(bucket_min) FROM outbox GROUP BY 1');
  expect(counts.raw().all()).toEqual([
    [60, 130, 130, folded - 130],
    [3600, 25, 25, DAY_START_MIN + 60],
    [86_400, 1, 1, DAY_START_MIN],
  ]);
});
