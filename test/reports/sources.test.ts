// Progress looks at the last day, and says what a week before was.

import { expect, test } from 'vitest';
import { reportSources } from '../../reports/sources.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { DAY_START_MIN, flushOf, MINUTE_MS, rollupOf, temporaryDirectory } from '../storage/flushes.js';

const DAY_MIN = 1_440;

function store(minutes: Readonly<Record<number, readonly string[]>>) {
  const data = temporaryDirectory();
  const writer = openSqliteStore({ dataDir: data });
  for (const [minute, fingerprints] of Object.entries(minutes)) {
    const rollups = fingerprints.map((fingerprint) =>
      rollupOf({ minute: Number(minute), fingerprint, source: 'raw', construct: 'cursor', callsNs: [1_000] }),
    );
    writer.flush(flushOf({ rollups }));
  }
  writer.close();
  return openReader(data);
}

const [RAW, RAW_TWIN] = ['aaaa000000000001', 'aaaa000000000002'];

test('without a start it is of the last day, and says the difference to a week before', () => {
  const week = 7 * DAY_MIN;
  const reader = store({
    [DAY_START_MIN]: [RAW, RAW_TWIN],
    [DAY_START_MIN + week]: [RAW],
    [DAY_START_MIN + week + DAY_MIN - 30]: [RAW],
  });
  const { window, totals, weekBefore } = reportSources(reader);
  reader.close();
  expect(window.sinceMs).toBe((DAY_START_MIN + week - 60) * MINUTE_MS);
  expect(window.untilMs).toBe((DAY_START_MIN + week + DAY_MIN) * MINUTE_MS);
  expect(totals.get('raw')).toMatchObject({ calls: 2, statements: 1 });
  // Recorded from its first minute only: the day before it is not known.
  expect(weekBefore).toBeUndefined();
});

test('a week before that was recorded has its own window and totals', () => {
  const week = 7 * DAY_MIN;
  const reader = store({
    [DAY_START_MIN - DAY_MIN]: [RAW],
    [DAY_START_MIN]: [RAW, RAW_TWIN],
    [DAY_START_MIN + week]: [RAW],
  });
  const { window, totals, weekBefore } = reportSources(reader);
  const all = reportSources(reader, { sinceMs: 0 });
  reader.close();
  expect(totals.get('raw')).toMatchObject({ statements: 1 });
  expect(weekBefore?.totals.get('raw')).toMatchObject({ statements: 2 });
  expect(weekBefore?.window.sinceMs).toBe(window.sinceMs - week * MINUTE_MS);
  expect(all.totals.get('raw')).toMatchObject({ calls: 4, statements: 2 });
});

test('an empty store has no progress', () => {
  const { points, totals, weekBefore } = reportSources(store({}));
  expect({ points, totals: totals.size, weekBefore }).toEqual({ points: [], totals: 0, weekBefore: undefined });
});
