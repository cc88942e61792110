// A minute rolled up in parts: between any two of them reports count every execution once.

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { reportStatements } from '../../../reports/statements.js';
import type { Reader } from '../../../storage/sqlite/read/reader.js';
import type { SqliteStore } from '../../../storage/sqlite/sqlite-store.js';
import {
  DAY_START_MIN,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  tagsOf,
  temporaryDirectory,
} from '../flushes.js';

/** One minute of them takes several parts. */
const STATEMENTS = 1_000;
const ROUTE = { route: '/books' };
const MINUTE = DAY_START_MIN + 5;

function flushMinute(store: SqliteStore, minute: number): void {
  const fingerprints = Array.from({ length: STATEMENTS }, (_, n) => n.toString(16).padStart(16, '0'));
  store.flush(
    flushOf({
      rollups: fingerprints.map((fingerprint) => rollupOf({ minute, fingerprint, callsNs: [1000], errors: ['57014'] })),
      tags: fingerprints.map((fingerprint) => tagsOf(ROUTE, { minute, fingerprint })),
    }),
  );
  store.writeOutAll();
}

/** Calls and errors in all, by each way to read them. */
function sumsIn(reader: Reader): Record<string, number> {
  const sumOf = (question: Parameters<typeof reportStatements>[1]) => {
    const { statements } = reportStatements(reader, { ...question, limit: 0 });
    return statements.reduce((sum, { calls, errors }) => sum + calls + errors, 0);
  };
  const window = { sinceMs: DAY_START_MIN * MINUTE_MS, untilMs: (DAY_START_MIN + 60) * MINUTE_MS };
  return {
    everything: sumOf({ sort: 'total' }),
    window: sumOf({ ...window, sort: 'total' }),
    minutes: sumOf({ sinceMs: MINUTE * MINUTE_MS, untilMs: (MINUTE + 1) * MINUTE_MS, sort: 'total' }),
  };
}

/** The part of the minute that is in its hour already. */
function foldedIn(dataDir: string): number {
  const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
  const count = db.prepare('SELECT count(*) FROM rollup WHERE span_s = 3600').pluck().get() as number;
  db.close();
  return count;
}

describe('a minute that is rolled up in parts', () => {
  it('is counted once between any two parts, what comes late included', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    flushMinute(store, MINUTE);
    const reader = openTestReader(dataDir);
    const whole = sumsIn(reader);
    expect(whole.everything).toBe(STATEMENTS * 2);
    const shares = new Set<number>();
    for (let step = 0; shares.size === 0 || !shares.has(STATEMENTS); step++) {
      expect(step).toBeLessThan(30);
      store.goOn((MINUTE + 5) * MINUTE_MS);
      shares.add(foldedIn(dataDir));
      expect(sumsIn(reader)).toEqual(whole);
    }
    expect([...shares].some((rows) => rows > 0 && rows < STATEMENTS)).toBe(true);
  });

  it('says that more is left until nothing is', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    flushMinute(store, MINUTE);
    let turns = 0;
    while (store.goOn((MINUTE + 5) * MINUTE_MS)) turns++;
    expect(turns).toBeGreaterThan(0);
    expect(foldedIn(dataDir)).toBe(STATEMENTS);
  });

  it('takes what comes late where the rest of its row is', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    flushMinute(store, MINUTE);
    store.goOn((MINUTE + 5) * MINUTE_MS);
    const reader = openTestReader(dataDir);
    expect(foldedIn(dataDir)).toBeGreaterThan(0);
    expect(foldedIn(dataDir)).toBeLessThan(STATEMENTS);
    flushMinute(store, MINUTE);
    for (let step = 0; foldedIn(dataDir) < STATEMENTS; step++) {
      expect(step).toBeLessThan(30);
      const sums = sumsIn(reader);
      expect(new Set(Object.values(sums))).toEqual(new Set([STATEMENTS * 4]));
      store.goOn((MINUTE + 5) * MINUTE_MS);
    }
    expect(sumsIn(reader).everything).toBe(STATEMENTS * 4);
  });

  it('goes on where it was when the store is opened again', () => {
    const dataDir = temporaryDirectory();
    const first = openStore(dataDir);
    flushMinute(first, MINUTE);
    first.goOn((MINUTE + 5) * MINUTE_MS);
    first.close();
    const store = openStore(dataDir);
    for (let step = 0; step < 30; step++) store.goOn((MINUTE + 5) * MINUTE_MS);
    const reader = openTestReader(dataDir);
    expect(foldedIn(dataDir)).toBe(STATEMENTS);
    expect(sumsIn(reader).everything).toBe(STATEMENTS * 2);
  });
});
