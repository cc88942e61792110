// Statements against their own past, over hours of a test's clock: the fault, and its clean twin.
// Not here: pools (pool-overheld.test.ts), kinds that look at one unit (rules.test.ts, kinds.test.ts, habits.test.ts).

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Findings } from '../../analyzer/findings/findings.js';
import { limits } from '../../config/limits.js';
import type { FindingDelta } from '../../facts/finding.js';
import { LogHistogram } from '../../facts/histogram.js';
import { xorshift } from '../../scripts/lib/xorshift.mjs';
import { opened, RELAY, startObserving, statement } from '../observer/observing.js';
import { rollupOf } from '../storage/flushes.js';
import { times } from './units.js';

const T0 = Math.floor(1_800_000_000_000 / 300_000) * 300_000;
const MINUTE_MS = 60_000;

interface Minute {
  /** Service times in ms of what completed. */
  readonly ms: readonly number[];
  readonly errors?: number;
  readonly sqlstate?: string;
}

/** What one statement does in a minute; undefined = it does not run. */
type Does = (minute: number) => Minute | undefined;

/** Statements by name, for so many minutes. */
function foundIn(minutes: number, statements: Readonly<Record<string, Does>>): FindingDelta[] {
  const findings = new Findings();
  for (let minute = 0; minute < minutes; minute++) {
    const atMs = T0 + minute * MINUTE_MS;
    findings.tick(atMs);
    for (const [fingerprint, does] of Object.entries(statements)) {
      const { ms, errors = 0, sqlstate = '22012' } = does(minute) ?? { ms: [] };
      if (ms.length + errors === 0) continue;
      const errorCodes = Array.from({ length: errors }, () => sqlstate);
      findings.histories.take(
        rollupOf({ minute: atMs / MINUTE_MS, fingerprint, callsNs: ms.map((one) => one * 1e6), errors: errorCodes }),
      );
    }
  }
  findings.tick(T0 + minutes * MINUTE_MS);
  return [...findings.pending()];
}

const random = xorshift();
/** Twenty a minute, of 2 to 4 ms, one in a hundred much longer. */
const usual = (factor = 1): Minute => ({
  ms: times(20, () => (random() < 0.01 ? 200 : 2 + 2 * random()) * factor),
});
const kindsOf = (found: readonly FindingDelta[]) =>
  found.map(({ kind, statements }) => [kind, statements[0].fingerprint]);

describe('errors-rise', () => {
  const failing = (errors: number): Minute => ({ ms: usual().ms.slice(errors), errors });

  test('is of a statement that fails five times as often as before', () => {
    const [found] = foundIn(65, { a: (minute) => failing(minute < 60 ? 0 : 8), b: () => usual() });
    expect(found).toMatchObject({ kind: 'errors-rise', confidence: 'strong', units: 1, times: 40, route: '' });
    expect(found.statements).toEqual([{ fingerprint: 'a', source: expect.any(String), role: 'inside' }]);
    expect(found.firstMs).toBe(T0 + 60 * MINUTE_MS);
  });

  test.each<[string, number, Does]>([
    ['fails as often as ever', 65, () => failing(8)],
    ['fails a little more', 65, (minute) => failing(minute < 60 ? 4 : 6)],
    ['failed seldom', 65, (minute) => failing(minute === 61 ? 9 : 0)],
    ['has no past', 25, (minute) => failing(minute < 20 ? 0 : 8)],
  ])('is not of one that %s', (_, minutes, does) => {
    expect(kindsOf(foundIn(minutes, { a: does, b: () => usual() }))).toEqual([]);
  });
});

describe('slower-than-itself', () => {
  const others = { b: () => usual(), c: () => usual(), d: () => usual() };

  test('is of a statement that is slower than nearly all of its past, and costs what it takes more', () => {
    const [found, ...rest] = foundIn(75, { a: (minute) => usual(minute < 60 ? 1 : 4), ...others });
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ kind: 'slower-than-itself', confidence: 'strong' });
    // Three slots: it is no candidate any more.
    expect(found.units).toBe(3);
    expect(found.costNs).toBeGreaterThan(2e9);
  });

  test('is weak where the larger part is as fast as before', () => {
    const some = (minute: number): Minute => {
      const { ms } = usual();
      return { ms: minute < 60 ? ms : ms.map((one, n) => (n % 4 === 0 ? one * 30 : one)) };
    };
    expect(foundIn(65, { a: some, ...others })).toMatchObject([{ kind: 'slower-than-itself', confidence: 'weak' }]);
  });

  test.each<[string, number, Readonly<Record<string, Does>>]>([
    ['is as ever', 600, { a: () => usual(), ...others }],
    ['is hardly slower', 75, { a: (minute) => usual(minute < 60 ? 1 : 1.3), ...others }],
    ['has no past', 25, { a: (minute) => usual(minute < 20 ? 1 : 8), ...others }],
    ['was slow once', 65, { a: (minute) => usual(minute === 61 ? 3 : 1), ...others }],
    [
      'is slow because the machine is',
      75,
      Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, (minute: number) => usual(minute < 60 ? 1 : 4)])),
    ],
  ])('is not of one that %s', (_, minutes, statements) => {
    expect(kindsOf(foundIn(minutes, statements))).toEqual([]);
  });

  test('tells it no more once that is what it usually takes', () => {
    const day = foundIn(600, { a: (minute) => usual(minute < 60 ? 1 : 4), ...others });
    expect(day).toHaveLength(1);
    expect(day[0].units).toBeGreaterThanOrEqual(12);
    expect(day[0].units).toBeLessThan(15);
  });
});

describe('so many statements have a past', () => {
  const crowd = (minutes: readonly number[]) =>
    Object.fromEntries(
      times(limits.statementHistoriesMax, (n) => [
        `other${n}`,
        (minute: number) => (minutes.includes(minute) ? { ms: [1] } : undefined),
      ]),
    );
  const failsAt =
    (from: number): Does =>
    (minute) =>
      minute < 55 ? usual() : minute < from ? undefined : { ms: [], errors: 20 };

  test('a crowd does not drive out one that was seen a moment ago', () => {
    expect(kindsOf(foundIn(65, { a: failsAt(60), ...crowd([58]) }))).toEqual([['errors-rise', 'a']]);
    expect(kindsOf(foundIn(65, { ...crowd([0, 10, 20, 30, 40, 50, 58]), a: failsAt(60) }))).toEqual([]);
  });

  test('one that was not seen for a quarter of an hour gives way, and begins anew', () => {
    expect(kindsOf(foundIn(85, { a: failsAt(80) }))).toEqual([['errors-rise', 'a']]);
    expect(kindsOf(foundIn(85, { a: failsAt(80), ...crowd([75]) }))).toEqual([]);
  });
});

describe('errors that are none of the statement', () => {
  const outage =
    (sqlstate: string): Does =>
    (minute) => ({ ms: usual().ms.slice(8), ...(minute === 61 || minute === 62 ? { errors: 8, sqlstate } : {}) });
  const crowd = (failing: number, of: number, does: Does) =>
    Object.fromEntries(times(of, (n) => [`s${n}`, n < failing ? does : () => usual()]));

  test.each(['08006', '25P02', '40001', '53300', '55P03', '57P01', '58030', 'XX000'])(
    'are those with %s',
    (sqlstate) => {
      expect(kindsOf(foundIn(65, crowd(1, 2, outage(sqlstate))))).toEqual([]);
      expect(kindsOf(foundIn(65, crowd(1, 2, outage('23505'))))).toEqual([['errors-rise', 's0']]);
    },
  );

  test('are those of an outage: of fifty statements that fail for two minutes none is told', () => {
    expect(foundIn(65, crowd(50, 50, outage('25006')))).toEqual([]);
    expect(foundIn(65, crowd(10, 50, outage('25006')))).toHaveLength(10);
  });
});

test.each([6, 10])(
  'slower-than-itself tells a load that comes back each night in the first one alone (%i slots)',
  (slots) => {
    const day = 24 * 60;
    const isNight = (minute: number) => minute % day >= 120 && minute % day < 120 + slots * 5;
    const nightly: Does = (minute) => {
      if (minute % 5 !== 0) return undefined;
      const one = usual(isNight(minute) ? 4 : 1);
      return { ms: [...one.ms, ...usual(isNight(minute) ? 4 : 1).ms, ...usual(isNight(minute) ? 4 : 1).ms] };
    };
    const rare = Object.fromEntries(
      ['b', 'c', 'd'].map((name) => [name, (n: number) => (n % 5 === 0 ? usual() : undefined)]),
    );
    const [found, ...rest] = foundIn(14 * day, { a: nightly, ...rare });
    expect(rest).toEqual([]);
    expect(found.units).toBeGreaterThanOrEqual(slots / 2);
    expect(found.units).toBeLessThanOrEqual(slots + 2);
    expect(found.lastMs).toBeLessThan(T0 + 2 * day * MINUTE_MS);
    // At another hour, or slower than that, it is told.
    const atNoon: Does = (minute) => (minute < 5 * day + 720 ? nightly(minute) : { ms: usual(4).ms });
    const slowerYet: Does = (minute) => (minute >= 5 * day && isNight(minute) ? { ms: usual(12).ms } : nightly(minute));
    for (const [does, lasts] of [
      [atNoon, 5 * day + 780],
      [slowerYet, 5 * day + 200],
    ] as const)
      expect(foundIn(lasts, { a: does, ...rare })[0].units).toBeGreaterThan(found.units);
  },
);

test('what did not run in a slot is not worked out again', () => {
  const percentile = vi.spyOn(LogHistogram.prototype, 'percentile');
  onTestFinished(() => percentile.mockRestore());
  const once = Object.fromEntries(
    times(100, (n) => [`once${n}`, (minute: number) => (minute === 0 ? usual() : undefined)]),
  );
  foundIn(60, { a: () => usual(), ...once });
  expect(percentile.mock.calls.length).toBeLessThan(100 + 60);
});

test('are fed by every flush', async () => {
  const { observer, store } = await startObserving();
  observer.relayBegins(RELAY, T0);
  for (const observation of opened(1, T0)) observer.observe(RELAY, observation);
  for (let minute = 0; minute < 66; minute++) {
    const atMs = T0 + minute * MINUTE_MS;
    for (let n = 0; n < 10; n++) {
      const sqlstate = minute >= 60 && n < 5 ? '22012' : '';
      observer.observe(RELAY, statement('SELECT 1 / a FROM t', { sessionId: 1, completedAtMs: atMs + n, sqlstate }));
    }
    observer.flush(atMs + 1_000);
  }
  const found = store.taken.flatMap(({ findings }) => findings as readonly FindingDelta[]);
  expect(found.filter(({ kind }) => kind === 'errors-rise')).toMatchObject([{ times: 25, confidence: 'strong' }]);
});
