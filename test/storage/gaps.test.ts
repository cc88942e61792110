// Gaps in the store: relays without a goodbye, notes of a full disk, a damaged database.
// Not here: who notices them (test/observer), real processes (test/faults/conservation.test.ts).

import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { statusJson } from '../../reports/forms/status-json.js';
import { reportStatements } from '../../reports/statements.js';
import { reportStatus } from '../../reports/status.js';
import { noteUnusable, readNote } from '../../storage/sqlite/file/reserve.js';
import {
  DAY_START_MIN,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  temporaryDirectory,
} from './flushes.js';

const T0 = DAY_START_MIN * MINUTE_MS;
const observedOf = (dataDir: string, window: { sinceMs?: number; untilMs?: number } = {}) => {
  const { observed } = reportStatements(openTestReader(dataDir), window);
  return { exact: observed.exact, reasons: Object.fromEntries(observed.notObservedByReason) };
};
const EXACT = { exact: true, reasons: {} };

describe('a relay', () => {
  const relay = (ended: boolean) => [{ relayId: 'r', lastSequence: 1, ended }];

  test('that said goodbye leaves no gap', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    store.flush(flushOf({ relays: relay(false), rollups: [rollupOf({})] }));
    store.flush(flushOf({ relays: relay(true) }));
    expect(store.closeOrphanRelays([], T0 + 60 * MINUTE_MS)).toEqual([]);
    expect(observedOf(dataDir)).toEqual(EXACT);
  });

  test('that did not leaves one from its last flush to the next start, once', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    store.flush(flushOf({ relays: relay(false), rollups: [rollupOf({})] }));
    const gap = { fromMinute: DAY_START_MIN, untilMinute: DAY_START_MIN + 60, reason: 'killed' };
    expect(store.closeOrphanRelays([], T0 + 60 * MINUTE_MS)).toMatchObject([gap]);
    expect(store.closeOrphanRelays([], T0 + 99 * MINUTE_MS)).toEqual([]);
    expect(observedOf(dataDir)).toEqual({ exact: false, reasons: { killed: 1 } });
    const within = { sinceMs: T0 + 30 * MINUTE_MS, untilMs: T0 + 31 * MINUTE_MS };
    expect(observedOf(dataDir, within)).toEqual({ exact: false, reasons: { killed: 1 } });
    const behind = { sinceMs: T0 + 61 * MINUTE_MS, untilMs: T0 + 62 * MINUTE_MS };
    expect(observedOf(dataDir, behind)).toEqual(EXACT);
  });

  test('that runs is left alone', () => {
    const store = openStore(temporaryDirectory());
    store.flush(flushOf({ relays: relay(false) }));
    expect(store.closeOrphanRelays(['r'], T0)).toEqual([]);
  });
});

describe('the note of a disk that takes nothing more', () => {
  test('becomes a gap of the next start, with its number, and is taken back', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    store.noteUnstored({ fromMs: T0, untilMs: T0 + MINUTE_MS, executions: 7 });
    store.close();
    openStore(dataDir);
    expect(readNote(dataDir)).toBeUndefined();
    expect(observedOf(dataDir)).toEqual({ exact: false, reasons: { unstored: 1 } });
    const number = openTestReader(dataDir).readRows((rows) => rows.all('SELECT executions FROM gap'));
    expect(number).toEqual([{ executions: 7 }]);
  });

  test('that is taken back leaves nothing', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    store.noteUnstored({ fromMs: T0 });
    store.noteUnstored(undefined);
    store.close();
    openStore(dataDir).flush(flushOf({ rollups: [rollupOf({})] }));
    expect(observedOf(dataDir)).toEqual(EXACT);
  });

  test('takes no room that the file does not have: it is overwritten in place', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const file = path.join(dataDir, 'witness.reserve');
    const before = statSync(file);
    store.noteUnstored({ fromMs: T0, executions: 123_456 });
    const after = statSync(file);
    expect([after.ino, after.size, after.blocks]).toEqual([before.ino, before.size, before.blocks]);
    expect(readFileSync(file, 'utf8')).toContain('123456');
  });

  test('makes windows that reach beyond it inexact while it stands, and status says since when', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const rollups = [0, 10].map((after) => rollupOf({ minute: DAY_START_MIN + after }));
    store.flush(flushOf({ rollups }));
    store.noteUnstored({ fromMs: T0 + 5 * MINUTE_MS });
    expect(observedOf(dataDir)).toEqual({ exact: false, reasons: { unstored: 1 } });
    expect(observedOf(dataDir, { sinceMs: T0, untilMs: T0 + MINUTE_MS })).toEqual(EXACT);
    const { storing } = statusJson(reportStatus(openTestReader(dataDir)));
    expect(storing).toEqual({ failing: true, stored_until: new Date(T0 + 5 * MINUTE_MS).toISOString() });
  });

  test('of a store that cannot be opened says since when, however often it is tried', () => {
    const dataDir = temporaryDirectory();
    openStore(dataDir).close();
    noteUnusable(dataDir, T0);
    noteUnusable(dataDir, T0 + MINUTE_MS);
    expect(readNote(dataDir)).toEqual({ fromMs: T0 });
  });

  test.each(['', 'no JSON', '{"fromMs":"x"}', '\0\0\0'])('that reads %j is none', (text) => {
    const dataDir = temporaryDirectory();
    writeFileSync(path.join(dataDir, 'witness.reserve'), text);
    expect(readNote(dataDir)).toBeUndefined();
    openStore(dataDir).flush(flushOf({ rollups: [rollupOf({})] }));
    expect(observedOf(dataDir)).toEqual(EXACT);
  });
});

test('a damaged database leaves a gap over all that was stored before', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  store.flush(flushOf({ rollups: [rollupOf({})] }));
  store.close();
  truncateSync(path.join(dataDir, 'witness.db'), 20_000);
  const moved: string[] = [];
  const again = openStore(dataDir, { onMovedAside: (to) => moved.push(to) });
  if (moved.length === 0) {
    // Small damage is found by the first write that meets it.
    expect(() => again.flush(flushOf({ rollups: [rollupOf({})] }))).toThrow();
  }
  expect(moved).toHaveLength(1);
  again.flush(flushOf({ rollups: [rollupOf({})] }));
  const before = { sinceMs: T0 - 600 * MINUTE_MS, untilMs: T0 + MINUTE_MS };
  expect(observedOf(dataDir, before)).toEqual({ exact: false, reasons: { damaged: 1 } });
});

test('gaps go when the days that they lie in go', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir, { retention: { minutesKeptHours: 1, hoursKeptDays: 1, daysKeptDays: 2 } });
  store.flush(
    flushOf({
      rollups: [rollupOf({})],
      gaps: [{ fromMinute: DAY_START_MIN, untilMinute: DAY_START_MIN, reason: 'killed' }],
    }),
  );
  for (let day = 1; day <= 6; day++) for (let n = 0; n < 5; n++) store.maintain(T0 + day * 1440 * MINUTE_MS);
  expect(observedOf(dataDir)).toEqual(EXACT);
});

test('while the clock cannot be trusted nothing is dropped for its age', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  store.flush(flushOf({ rollups: [rollupOf({})] }));
  const rowsOfMinutes = () =>
    openTestReader(dataDir).readRows(
      (rows) => rows.get<{ n: number }>('SELECT count(*) AS n FROM rollup WHERE span_s = 60')!.n,
    );
  for (let n = 0; n < 5; n++) store.maintain(T0 + 400 * 1440 * MINUTE_MS, false);
  expect(rowsOfMinutes()).toBe(1);
  for (let n = 0; n < 5; n++) store.maintain(T0 + 400 * 1440 * MINUTE_MS, true);
  expect(rowsOfMinutes()).toBe(0);
});
