// The first few of a report are found without reading all of it.
// They have to be those that a whole report puts first.

import { expect, test } from 'vitest';
import { meanNs } from '../../facts/latency.js';
import { STATEMENT_SORTS } from '../../facts/statement-order.js';
import { reportStatements } from '../../reports/statements.js';
import { DAY_MIN, SPAN } from '../../storage/reading/levels.js';
import { spanOf } from '../../storage/reading/span.js';
import type { StoredFacts } from '../../storage/reading/stored-facts.js';
import {
  DAY_START_MIN,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  temporaryDirectory,
} from '../storage/flushes.js';

const keyOf = ({ fingerprint, source }: { fingerprint: string; source: string }) => `${fingerprint} ${source}`;

test('in every order the first of a cut report are the first of the whole one', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  let state = 12345;
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  for (let day = 0; day < 6; day++) {
    const minute = DAY_START_MIN + day * DAY_MIN + 70;
    const rollups = Array.from({ length: 900 }, (_, n) =>
      rollupOf({
        minute,
        fingerprint: (n % 600).toString(16).padStart(16, '0'),
        source: n < 600 ? 'raw' : 'django-orm',
        pool: n % 2 === 0 ? 'pool-a' : 'pool-b',
        callsNs: Array.from({ length: 1 + (n % 4) }, () => Math.round(1e5 * 10 ** (3 * random()))),
        errors: n % 7 === 0 ? ['57014'] : [],
        rows: Math.floor(50 * random()),
      }),
    );
    store.flush(flushOf({ rollups }));
    for (let slice = 0; slice < 3; slice++) store.maintain((minute + 130) * MINUTE_MS);
  }
  // Hours at both ends and whole days between, none of it the whole life of the file.
  const window = {
    sinceMs: (DAY_START_MIN + 200) * MINUTE_MS,
    untilMs: (DAY_START_MIN + 5 * DAY_MIN + 180) * MINUTE_MS,
  };
  const reader = openTestReader(dataDir);
  const { segments } = reader.read((rows) => spanOf(rows, window));
  expect(segments).toContainEqual({
    spanS: SPAN.day,
    fromMinute: DAY_START_MIN + DAY_MIN,
    toMinute: DAY_START_MIN + 5 * DAY_MIN,
  });
  for (const sort of STATEMENT_SORTS) {
    const shown = (limit: number, offset = 0) =>
      reportStatements(reader, { ...window, sort, limit, offset }).statements.map(
        ({ fingerprint, source, calls, errors, rows, serviceTotalNs, histogram }) => ({
          fingerprint,
          source,
          calls,
          errors,
          rows,
          serviceTotalNs,
          p95: histogram.percentile(0.95),
        }),
      );
    expect(shown(25), sort).toEqual(shown(0).slice(0, 25));
    // Page after page it is the whole list, ties and its end included.
    const pages = Array.from({ length: 5 }, (_, page) => shown(200, 200 * page));
    expect(pages.map((page) => page.length)).toEqual([200, 200, 200, 200, 100]);
    expect(pages.flat(), sort).toEqual(shown(0));
    expect(shown(200, 900)).toEqual([]);
    const all = reportStatements(reader, { ...window, sort });
    const cut = reportStatements(reader, { ...window, sort, limit: 25, hidden: new Set(['django-orm']) });
    expect(cut.sums).toEqual(all.sums);
    expect(all.sums.get('raw')?.statements).toBe(600);
    expect(cut.statements.map(keyOf)).toEqual(
      all.statements
        .filter(({ source }) => source === 'raw')
        .slice(0, 25)
        .map(keyOf),
    );
    const meanNsMin = 2e7;
    const slow = all.statements.filter((facts) => meanNs(facts) >= meanNsMin);
    expect(slow.length).toBeGreaterThan(30);
    const slowest = reportStatements(reader, { ...window, sort, limit: 25, meanNsMin });
    expect(slowest.statements.map(keyOf)).toEqual(slow.slice(0, 25).map(keyOf));
    expect(slowest.sums).toEqual(reportStatements(reader, { ...window, sort, meanNsMin }).sums);
  }
});

test('by p95: statements that cannot be told apart by their slowest execution are all looked at', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  const id = (n: number) => n.toString(16).padStart(16, '0');
  const rollups = Array.from({ length: 2_300 }, (_, n) =>
    // One slow execution each; only of the last one it is the rule.
    rollupOf({
      fingerprint: id(n),
      callsNs: n === 2_299 ? [9e8, 9e8] : [9e8, ...Array.from({ length: 19 }, () => 9e8 - 1e8)],
    }),
  );
  store.flush(flushOf({ rollups }));
  store.writeOutAll();
  const { statements } = reportStatements(openTestReader(dataDir), { sort: 'p95', limit: 3 });
  expect(statements.map(({ fingerprint }) => fingerprint)).toEqual([id(2_299), id(0), id(1)]);
});

test('by p95 over days: of statements that never were slow often enough no day is read', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  const id = (n: number) => n.toString(16).padStart(16, '0');
  const days = 5;
  for (let day = 0; day < days; day++) {
    const minute = DAY_START_MIN + day * DAY_MIN + 70;
    // All were slow once a day, so that no sum and no maximum tells them apart; fifty more often.
    const rollups = Array.from({ length: 400 }, (_, n) =>
      rollupOf({
        minute,
        fingerprint: id(n),
        callsNs: Array.from({ length: 30 }, (_, at) => (at < (n < 50 ? 4 : 1) ? 9e8 : 5e8)),
      }),
    );
    store.flush(flushOf({ rollups }));
    for (let slice = 0; slice < 3; slice++) store.maintain((minute + 130) * MINUTE_MS);
  }
  const reader = openTestReader(dataDir);
  let read = 0;
  const readBy = reader.read.bind(reader);
  reader.read = (act) =>
    readBy((stored) => {
      const histogramsOf: StoredFacts['histogramsOf'] = (table, wanted) => {
        const rows = [...stored.histogramsOf(table, wanted)];
        read += rows.length;
        return rows;
      };
      return act({ ...stored, histogramsOf });
    });
  const window = { sinceMs: (DAY_START_MIN + 200) * MINUTE_MS };
  const { statements } = reportStatements(reader, { ...window, sort: 'p95', limit: 20 });
  expect(statements.map(({ fingerprint }) => fingerprint)).toEqual(Array.from({ length: 20 }, (_, n) => id(n)));
  // Of all what ever was, of the fifty that were slow their days, of the twenty these again.
  expect(read).toBe(400 + 50 * (days - 1) + 20 * (days - 1));
});
