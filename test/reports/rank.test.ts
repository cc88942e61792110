// The first few of a report are found without reading all of it: they have to be those that a whole report puts first.

import { expect, test } from 'vitest';
import { reportStatements } from '../../storage/report-statements.js';
import { STATEMENT_SORTS } from '../../storage/statement-order.js';
import {
  DAY_START_MIN,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  temporaryDirectory,
} from '../storage/flushes.js';

test.each(STATEMENT_SORTS)('by %s: the first of a cut report are the first of the whole one', (sort) => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  let state = 12345;
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  for (let minute = 0; minute < 3; minute++) {
    const rollups = Array.from({ length: 900 }, (_, n) =>
      rollupOf({
        minute: DAY_START_MIN + minute * 70,
        fingerprint: (n % 600).toString(16).padStart(16, '0'),
        source: n < 600 ? 'raw' : 'django-orm',
        pool: n % 2 === 0 ? 'pool-a' : 'pool-b',
        callsNs: Array.from({ length: 1 + (n % 4) }, () => Math.round(1e5 * 10 ** (3 * random()))),
        errors: n % 7 === 0 ? ['57014'] : [],
        rows: Math.floor(50 * random()),
      }),
    );
    store.flush(flushOf({ rollups }));
    store.maintain((DAY_START_MIN + minute * 70 + 65) * MINUTE_MS);
  }
  const reader = openTestReader(dataDir);
  const shown = (limit: number) =>
    reportStatements(reader, { sort, limit }).statements.map(
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
  expect(shown(25)).toEqual(shown(0).slice(0, 25));
  const exceptSources = new Set(['django-orm']);
  const raw = (statements: ReturnType<typeof reportStatements>['statements']) =>
    statements.filter(({ source }) => source === 'raw').slice(0, 25);
  const some = reportStatements(reader, { sort, percentilesOf: { limit: 25, exceptSources } }).statements;
  expect(some).toHaveLength(900);
  expect(raw(some)).toEqual(raw(reportStatements(reader, { sort }).statements));
});
