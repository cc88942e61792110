// Counts that a server made up: sums stop at the largest one, and nothing fails for them.
// Not here: the same through a real run (test/faults/poison.test.ts).

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { SUM_MAX } from '../../facts/sums.js';
import { reportPools } from '../../reports/pools.js';
import { reportStatements } from '../../reports/statements.js';
import { reportTimeline } from '../../reports/timeline.js';
import { databasePath } from '../../storage/sqlite/file/data-directory.js';
import {
  DAY_START_MIN,
  FINGERPRINT,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  poolOf,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  verdictOf,
} from './flushes.js';

const INNOCENT = '00000000000000ff';
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = DAY_START_MIN * MINUTE_MS;

/** Rows as the server claims them, and one honest statement beside them. */
function claim(minute: number, rows: number) {
  return flushOf({
    rollups: [
      rollupOf({ minute, callsNs: [1000], rows }),
      rollupOf({ minute, fingerprint: INNOCENT, callsNs: [2000], rows: 3 }),
    ],
    tags: [tagsOf({ route: '/a' }, { minute, rows })],
    statements: [verdictOf({ calls: rows, errors: rows })],
    pools: [poolOf('pool-a', 'app')],
  });
}

describe('the largest count again and again', () => {
  it.each([
    ['as the tracker caps it', Number.MAX_SAFE_INTEGER],
    ['as much as a column holds', 2 ** 62],
    ['more than 64 bits hold', 1e300],
    ['no number at all', Number.POSITIVE_INFINITY],
  ])('%s: every flush is stored, and every level and report says the same', (_name, rows) => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    for (const minute of [DAY_START_MIN, DAY_START_MIN + 1, DAY_START_MIN + 61, DAY_START_MIN + 1441]) {
      for (let n = 0; n < 3; n++) store.flush(claim(minute, rows));
    }
    const reader = openTestReader(dataDir);
    const says = () => {
      const bounds = [{}, { sinceMs: START_MS, untilMs: START_MS + HOUR_MS }, { sinceMs: START_MS + DAY_MS }];
      return bounds.map((between) => {
        const { statements, observed } = reportStatements(reader, between);
        const by = (id: string) => statements.find(({ fingerprint }) => fingerprint === id)!;
        return [by(FINGERPRINT).rows, by(FINGERPRINT).calls, by(INNOCENT).rows, observed.executions];
      });
    };
    const sum = (times: number) => Math.min(SUM_MAX, times * rows);
    const expected = [
      [sum(12), 12, 36, 24],
      [sum(6), 6, 18, 12],
      [sum(3), 3, 9, 6],
    ];
    expect(says()).toEqual(expected);
    // Minutes into hours and the whole life, hours into days, and the windows that the views read.
    for (let n = 0; n < 4; n++) store.maintain(START_MS + 3 * DAY_MS);
    expect(says()).toEqual(expected);
    expect(reportPools(reader).pools[0]).toMatchObject({ name: 'app', executions: 24 });
    expect(reportTimeline(reader, { fingerprint: FINGERPRINT }).points.map(({ calls }) => calls)).toEqual([6, 3, 3]);
    const tagged = reportStatements(reader, { filter: { tags: [['route', '/a']] } }).statements;
    expect(tagged[0].rows).toBe(sum(12));
    for (const sort of ['rows', 'total', 'calls'] as const) {
      expect(reportStatements(reader, { sort, limit: 1 }).statements[0].calls).toBe(12);
    }
    const view = 'SELECT rows FROM statements WHERE period = ? AND fingerprint = ?';
    expect(reader.readRows((sql) => sql.all(view, 'all', FINGERPRINT))).toEqual([{ rows: sum(12) }]);
  });
});

describe('a file that an earlier version wrote, whose sums no longer fit', () => {
  it('is rolled up, reported and cut back by retention', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    for (const minute of [DAY_START_MIN, DAY_START_MIN + 1]) store.flush(claim(minute, 1));
    const db = new Database(databasePath(dataDir));
    const most = 9_200_000_000_000_000_000n;
    for (const table of ['rollup', 'tag_rollup', 'source_rollup']) db.prepare(`UPDATE ${table} SET rows = ?`).run(most);
    db.close();
    const reader = openTestReader(dataDir);
    expect(reportStatements(reader).statements[0].rows).toBe(SUM_MAX);
    store.flush(claim(DAY_START_MIN, 1));
    for (let n = 0; n < 4; n++) store.maintain(START_MS + 40 * DAY_MS);
    expect(reportStatements(reader).statements.map(({ rows }) => rows)).toEqual([SUM_MAX, SUM_MAX]);
    const minutes = 'SELECT count(*) AS count FROM rollup WHERE span_s = 60';
    expect(reader.readRows((sql) => sql.get(minutes))).toEqual({ count: 0 });
    const state = reader.readRows((sql) =>
      sql.get<{ to: number }>('SELECT minutes_folded_to_min AS "to" FROM fold_state'),
    );
    expect(state!.to).toBeGreaterThan(DAY_START_MIN + 1);
  });
});
