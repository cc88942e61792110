// One report's view of a fleet's store asks as few times, and reads as little, as it can.
// Invariant: no engine is needed: who is asked notes the statements. Not here: their answers (parity.test.ts).

import { describe, expect, test } from 'vitest';
import type { IdentityFilter } from '../../facts/fleet/identity.js';
import { seriesCondition } from '../../storage/clickhouse/read/questions/filters.js';
import { Places } from '../../storage/clickhouse/read/questions/place.js';
import { totalPoints } from '../../storage/clickhouse/read/questions/query-timeline.js';
import { View } from '../../storage/clickhouse/read/questions/view.js';
import { createSql } from '../../storage/clickhouse/schema/table.js';
import { TABLES } from '../../storage/clickhouse/schema/tables.js';

const RETENTION = { minutes: 7, hours: 90, days: 400 };
const DAY_MIN = 1440;
const NOW_MIN = 20_000 * DAY_MIN + 500;

function places(scope: IdentityFilter = {}): Places {
  const state = {
    ...{ service: 's', environment: 'e', instance: 'i', store: '1' },
    ...{ minutesFoldedTo: NOW_MIN - (NOW_MIN % 60), hoursFoldedTo: 20_000 * DAY_MIN },
    ...{ minutesKeptFrom: 0, hoursKeptFrom: 0, daysKeptFrom: 0 },
    ...{ firstMinute: NOW_MIN - 50 * DAY_MIN, lastMinute: NOW_MIN },
  };
  return new Places([state], { scope, kept: RETENTION, nowMs: NOW_MIN * 60_000 });
}

/** Answers each statement with its own text; `rounds` are the ones asked together. */
function noting(scope?: IdentityFilter) {
  const rounds: string[][] = [];
  const ask = (statements: readonly string[]) => {
    const texts = statements.map((sql) => sql.replace(/ SETTINGS .*/, ''));
    rounds.push(texts);
    return texts.map((sql) => [{ sql }]);
  };
  return { rounds, view: new View({ ask }, places(scope)) };
}

describe('what is asked ahead', () => {
  test('comes along with the next question and is not asked again', () => {
    const { rounds, view } = noting();
    view.ahead(() => expect(view.rows('later')).toEqual([]));
    expect(view.rows('now')).toEqual([{ sql: 'now' }]);
    expect(view.rows('later')).toEqual([{ sql: 'later' }]);
    expect(view.all('later', 'other')).toEqual([[{ sql: 'later' }], [{ sql: 'other' }]]);
    expect(rounds).toEqual([
      ['now', 'later'],
      ['later', 'other'],
    ]);
  });

  test('is asked once where it is the next question too', () => {
    const { rounds, view } = noting();
    view.ahead(() => ['a', 'b'].map((sql) => view.rows(sql)));
    expect(['a', 'b'].map((sql) => view.rows(sql))).toEqual([[{ sql: 'a' }], [{ sql: 'b' }]]);
    expect(rounds).toEqual([['a', 'b']]);
  });

  test('is forgotten where noting it fails, and questions go on', () => {
    const { rounds, view } = noting();
    const fails = () => {
      view.rows('half');
      throw new Error('no');
    };
    expect(() => view.ahead(fails)).toThrow('no');
    expect(view.rows('now')).toEqual([{ sql: 'now' }]);
    expect(rounds).toEqual([['now']]);
  });
});

test('points of several statements are one question, and read one column of sums', () => {
  const { rounds, view } = noting();
  const statements = ['b', 'a', 'b'].map((fingerprint, n) => ({ fingerprint, source: `s${n}` }));
  const timeline = { stepMinutes: 60, range: { since: 0, until: 60 }, segments: view.everything };
  totalPoints(view, timeline, { statements, source: 'raw' });
  expect(rounds.map((round) => round.length)).toEqual([1]);
  const [[sql]] = rounds;
  expect(sql).toContain("fingerprint IN ('a', 'b')");
  expect(sql).not.toMatch(/histogram|calls|'raw'/);
});

test('kept histograms are of their segments alone', () => {
  const { view } = noting();
  const segments = view.everything;
  view.keep(segments, new Map([[1, new Uint8Array(3)]]));
  expect(view.kept(segments).has(1)).toBe(true);
  expect(view.kept(view.everything).size).toBe(0);
});

describe('a window of statements', () => {
  const [sorted] = /ORDER BY \(.*\)/.exec(createSql(TABLES[0], { retention: RETENTION })[0])!;

  test('names the stretches by which their tables are sorted', () => {
    const { view } = noting();
    const clause = view.statementsIn(view.everything);
    expect(sorted).toBe('ORDER BY (stretch, fingerprint, series, bucket_min)');
    const named = [.../stretch IN \((.*?)\)/.exec(clause)![1].matchAll(/\d+/g)].map(Number);
    const of = (level: number): number[] => named.filter((stretch) => stretch % 60 === level).sort((a, b) => a - b);
    expect(of(0)).toEqual([NOW_MIN - (NOW_MIN % 60)]);
    expect(of(1)).toContain(20_000 * DAY_MIN + 1);
    // Days from fifty days before on: their weeks, counted from the epoch.
    const from = 20_000 * DAY_MIN - 49 * DAY_MIN;
    expect(of(2)[0]).toBe(from - (from % (7 * DAY_MIN)) + 2);
    expect(new Set(of(2).map((stretch) => stretch % (7 * DAY_MIN)))).toEqual(new Set([2]));
    expect(of(2).at(-1)! + 7 * DAY_MIN).toBeGreaterThanOrEqual(20_000 * DAY_MIN);
  });

  test('names the first and the last where they would be too many', () => {
    const { view } = noting();
    const clause = view.statementsIn([{ spanS: 60, fromMinute: 60_030, toMinute: 120_030 }], "source = 'raw'");
    const [, first, last] = /AND \(stretch BETWEEN (\d+) AND (\d+)\)/.exec(clause)!;
    expect([first, last]).toEqual(['60000', '120000']);
    expect(clause).toMatch(/^PREWHERE source = 'raw' AND /);
  });

  test('is one range where buckets of a level follow on others, and of nothing has no rows', () => {
    const { view } = noting();
    const hours = [
      { spanS: 3_600, fromMinute: 6_000, toMinute: 7_200 },
      { spanS: 3_600, fromMinute: 3_000, toMinute: 6_000 },
    ];
    expect(view.in(hours)).toBe('((span_s = 3600 AND bucket_min >= 3000 AND bucket_min < 7200)) AND 1');
    expect(view.in([])).toBe('0');
    expect(view.statementsIn([{ spanS: 60, fromMinute: 70, toMinute: 70 }])).toBe('PREWHERE 1 AND 0');
  });
});

test('a place finds statements where it is one of those who are asked for, and reads each time once', () => {
  const { view } = noting({ service: 'shop' });
  const [, place] = /FROM tag_rollup\s+WHERE (.*) LIKE/.exec(seriesCondition({ find: ['orders.py'] }, view))!;
  expect(place).toContain("service = 'shop'");
  expect(place.startsWith(view.in(view.everything))).toBe(true);
});

test('minutes begin where they began when they are kept for longer since', () => {
  const eightDaysAgo = NOW_MIN - 8 * DAY_MIN;
  const kept = { ...RETENTION, minutes: 14, from: { minutes: eightDaysAgo } };
  const { state } = new Places([], { scope: {}, kept, nowMs: NOW_MIN * 60_000 });
  expect(state.minutesKeptFrom).toBe(Math.ceil(eightDaysAgo / 60) * 60);
  expect(state.hoursKeptFrom).toBe(20_001 * DAY_MIN - 90 * DAY_MIN);
});

test('no level begins before the next one, whatever the fleet is told to keep', () => {
  const kept = { minutes: 100, hours: 90, days: 30 };
  const { state } = new Places([], { scope: {}, kept, nowMs: NOW_MIN * 60_000 });
  expect(state.daysKeptFrom).toBe(20_001 * DAY_MIN - 30 * DAY_MIN);
  expect([state.hoursKeptFrom, state.minutesKeptFrom]).toEqual([state.daysKeptFrom, state.daysKeptFrom]);
});
