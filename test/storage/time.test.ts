// Rolling up, retention, windows and views: what time does to what was stored.

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { latencyOf } from '../../facts/latency.js';
import { reportStatements } from '../../reports/statements.js';
import type { SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import {
  DAY_START_MIN,
  entryOf,
  FINGERPRINT,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  poolOf,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  transactionsOf,
  verdictOf,
} from './flushes.js';

const DAY_MIN = 1440;

/** One call in each of these minutes; the n-th took n + 1 µs. */
function fill(store: SqliteStore, minutes: readonly number[]): void {
  const rollups = minutes.map((minute, n) =>
    rollupOf({ minute, callsNs: [(n + 1) * 1000], errors: n === 0 ? ['57014'] : [] }),
  );
  const tags = minutes.map((minute) => tagsOf({ route: '/books' }, { minute }));
  const poolMinutes = minutes.map((minute, n) => ({
    minute,
    pool: 'pool-a',
    opened: 1,
    closed: 1,
    lifetimeTotalMs: 10,
    connectionsMax: n + 1,
    busyMax: 1,
    activeMs: 1,
    idleMs: 2,
    idleInTransactionMs: 3,
    ...transactionsOf(Array.from({ length: 4 }, () => 100)),
  }));
  const fleetMinutes = minutes.map((minute, n) => ({ minute, connectionsMax: n + 1, busyMax: 2 }));
  store.flush(flushOf({ rollups, tags, poolMinutes, fleetMinutes, pools: [poolOf('pool-a', 'django:app@shop')] }));
}

function maintainUntilDone(store: SqliteStore, nowMinute: number): void {
  const nowMs = nowMinute * MINUTE_MS;
  for (let round = 0; round < 60; round++) {
    let isLeft = store.maintain(nowMs);
    while (isLeft) isLeft = store.goOn(nowMs);
  }
}

function pagesIn(dataDir: string): number {
  const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
  const pages = db.pragma('page_count', { simple: true }) as number;
  db.close();
  return pages;
}

function rowsBySpan(dataDir: string): Record<string, number> {
  const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
  const rows = db.prepare('SELECT span_s, count(*) AS n FROM rollup GROUP BY span_s').all() as Array<{
    span_s: number;
    n: number;
  }>;
  db.close();
  return Object.fromEntries(rows.map(({ span_s, n }) => [span_s, n]));
}

describe('rolling up', () => {
  const minutes = Array.from({ length: 40 }, (_, n) => DAY_START_MIN + n * 97);
  const now = DAY_START_MIN + 40 * 97;

  function countsBetween(dataDir: string, since: number, until: number): number {
    const bounds = { sinceMs: since * MINUTE_MS, untilMs: until * MINUTE_MS };
    return reportStatements(openTestReader(dataDir), bounds).statements[0]?.calls ?? 0;
  }

  it('changes no answer of any window', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { retention: { minutesKeptHours: 1000 } });
    fill(store, minutes);
    const windows = [
      [0, 1],
      [0, 97],
      [50, 1000],
      [60, 1440],
      [97, 2 * DAY_MIN],
      [1440, 2880],
      [1500, 3881],
      [0, 4000],
    ].map(([from, to]) => [DAY_START_MIN + from, DAY_START_MIN + to]);
    const before = windows.map(([since, until]) => countsBetween(dataDir, since, until));
    maintainUntilDone(store, now);
    expect(windows.map(([since, until]) => countsBetween(dataDir, since, until))).toEqual(before);
    expect(before[0]).toBe(1);
  });

  it('keeps percentiles, extremes, errors and tags', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fill(store, minutes);
    const before = reportStatements(openTestReader(dataDir)).statements[0];
    maintainUntilDone(store, now);
    const after = reportStatements(openTestReader(dataDir)).statements[0];
    expect(rowsBySpan(dataDir)['0']).toBe(1);
    expect(latencyOf(after)).toEqual(latencyOf(before));
    expect(after.errorsBySqlstate).toEqual(new Map([['57014', 1]]));
    expect(after.tags).toEqual(before.tags);
  });

  it('lets a late minute into every level that has it', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fill(store, minutes);
    maintainUntilDone(store, now);
    store.flush(flushOf({ rollups: [rollupOf({ minute: DAY_START_MIN + 97, callsNs: [5000] })] }));
    expect(countsBetween(dataDir, DAY_START_MIN, DAY_START_MIN + DAY_MIN)).toBe(16);
    expect(countsBetween(dataDir, DAY_START_MIN + 97, DAY_START_MIN + 98)).toBe(2);
    expect(reportStatements(openTestReader(dataDir)).statements[0].calls).toBe(41);
  });
});

describe('retention', () => {
  const minutes = Array.from({ length: 5 }, (_, n) => DAY_START_MIN + n);

  it('drops minutes, then hours, then days, and keeps the lifetime counts and the catalogue', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    store.flush(flushOf({ catalogue: [entryOf()], statements: [verdictOf()] }));
    fill(store, minutes);
    maintainUntilDone(store, DAY_START_MIN + 60);
    expect(rowsBySpan(dataDir)).toEqual({ 0: 1, 60: 5, 3600: 1 });
    maintainUntilDone(store, DAY_START_MIN + 2 * DAY_MIN);
    expect(rowsBySpan(dataDir)).toEqual({ 0: 1, 3600: 1, 86400: 1 });
    maintainUntilDone(store, DAY_START_MIN + 40 * DAY_MIN);
    expect(rowsBySpan(dataDir)).toEqual({ 0: 1, 86400: 1 });
    maintainUntilDone(store, DAY_START_MIN + 500 * DAY_MIN);
    expect(rowsBySpan(dataDir)).toEqual({ 0: 1 });
    const [facts] = reportStatements(openTestReader(dataDir)).statements;
    expect(facts).toMatchObject({ calls: 5, errors: 1, query: entryOf().query });
  });

  it('widens a window to the hour where minutes are gone', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fill(store, [...minutes, DAY_START_MIN + 3 * DAY_MIN]);
    maintainUntilDone(store, DAY_START_MIN + 3 * DAY_MIN + 5);
    const bounds = { sinceMs: (DAY_START_MIN + 3) * MINUTE_MS, untilMs: (DAY_START_MIN + 4) * MINUTE_MS };
    const report = reportStatements(openTestReader(dataDir), bounds);
    expect(report.window).toEqual({ sinceMs: DAY_START_MIN * MINUTE_MS, untilMs: (DAY_START_MIN + 60) * MINUTE_MS });
    expect(report.statements[0].calls).toBe(5);
  });

  it('makes room when the file is over its size, finest and oldest first', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { retention: { bytesMax: 1 } });
    fill(store, [DAY_START_MIN, DAY_START_MIN + 60, DAY_START_MIN + 120]);
    store.maintain((DAY_START_MIN + 240) * MINUTE_MS);
    store.maintain((DAY_START_MIN + 240) * MINUTE_MS);
    expect(rowsBySpan(dataDir)['60']).toBe(2);
    maintainUntilDone(store, DAY_START_MIN + 240);
    expect(rowsBySpan(dataDir)).toEqual({ 0: 1, 3600: 3, 86400: 1 });
  });

  it('bounds the catalogue by those last seen longest ago that no rollup names', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { retention: { catalogueEntriesMax: 1 } });
    const other = 'ffffffffffffffff';
    const lateMs = (DAY_START_MIN + 600 * DAY_MIN) * MINUTE_MS;
    store.flush(
      flushOf({
        catalogue: [entryOf(), entryOf({ fingerprint: other })],
        statements: [verdictOf(), verdictOf({ fingerprint: other, lastSeenMs: lateMs })],
        rollups: [rollupOf({ callsNs: [1] }), rollupOf({ fingerprint: other, callsNs: [1] })],
      }),
    );
    maintainUntilDone(store, DAY_START_MIN + 600 * DAY_MIN);
    expect(reportStatements(openTestReader(dataDir)).statements.map(({ fingerprint }) => fingerprint)).toEqual([other]);
    store.flush(flushOf({ rollups: [rollupOf({ minute: DAY_START_MIN + 600 * DAY_MIN, callsNs: [1] })] }));
    expect(reportStatements(openTestReader(dataDir)).statements).toHaveLength(2);
  });

  it('gives dropped pages back to the disk', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const rollups = Array.from({ length: 50_000 }, (_, n) =>
      rollupOf({
        minute: DAY_START_MIN + (n % 50),
        fingerprint: Math.floor(n / 50)
          .toString(16)
          .padStart(16, '0'),
        callsNs: [n],
      }),
    );
    store.flush(flushOf({ rollups }));
    store.writeOutAll();
    maintainUntilDone(store, DAY_START_MIN + 60);
    const full = pagesIn(dataDir);
    maintainUntilDone(store, DAY_START_MIN + 2 * DAY_MIN);
    store.close();
    expect(pagesIn(dataDir)).toBeLessThan(full);
  });
});

describe('statement_windows and the views', () => {
  function view(dataDir: string, sql: string): Array<Record<string, unknown>> {
    const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
    const rows = db.prepare(sql).all() as Array<Record<string, unknown>>;
    db.close();
    return rows;
  }

  const SLOW = 'ffffffffffffffff';

  function fillTwo(store: SqliteStore): void {
    store.flush(
      flushOf({
        catalogue: [entryOf(), entryOf({ fingerprint: SLOW, query: 'SELECT slow', keyHash: 'key-2' })],
        statements: [verdictOf(), verdictOf({ fingerprint: SLOW })],
        rollups: [
          rollupOf({ callsNs: [1_000_000, 3_000_000], errors: ['22012'], rows: 4 }),
          rollupOf({ fingerprint: SLOW, callsNs: [900_000_000] }),
          rollupOf({ fingerprint: SLOW, source: 'django-orm', construct: 'queryset', callsNs: [5] }),
        ],
      }),
    );
  }

  it('slow_raw_statements has raw statements, slowest total first, right after a clean close', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fillTwo(store);
    store.close();
    const rows = view(dataDir, 'SELECT * FROM slow_raw_statements');
    expect(rows.map(({ fingerprint }) => fingerprint)).toEqual([SLOW, FINGERPRINT]);
    expect(Object.keys(rows[0]).join()).toBe(
      'fingerprint,query,summary,calls,errors,rows,total_ms,mean_ms,min_ms,max_ms,p50_ms,p95_ms,p99_ms,first_seen,last_seen',
    );
    expect(rows[1]).toMatchObject({ calls: 2, errors: 1, rows: 4, total_ms: 4.001, min_ms: 0.001, max_ms: 3 });
    expect(rows[1]).toMatchObject({ first_seen: '2026-03-01T00:00:01.000Z', last_seen: '2026-03-01T00:00:02.000Z' });
  });

  it('the views follow traffic while the store is open', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fillTwo(store);
    store.maintain((DAY_START_MIN + 1) * MINUTE_MS);
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [2_000_000_000] })] }));
    store.maintain((DAY_START_MIN + 2) * MINUTE_MS);
    expect(view(dataDir, 'SELECT fingerprint, calls FROM slow_raw_statements')[0]).toEqual({
      fingerprint: FINGERPRINT,
      calls: 3,
    });
  });

  it('a store of many statements is gone over some at a time', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const fingerprints = Array.from({ length: 1_000 }, (_, n) => n.toString(16).padStart(16, '0'));
    // Two series of each statement are one row of it.
    const rollups = fingerprints.flatMap((fingerprint) =>
      ['pool-a', 'pool-b'].map((pool) => rollupOf({ fingerprint, pool, callsNs: [1_000] })),
    );
    store.flush(flushOf({ rollups }));
    store.writeOutAll();
    const refreshed = () => view(dataDir, 'SELECT count(*) AS n FROM statement_windows')[0]!.n as number;
    const nowMs = (DAY_START_MIN + 1) * MINUTE_MS;
    store.maintain(nowMs);
    const all = 4 * fingerprints.length;
    expect(refreshed()).toBeLessThan(all);
    for (let before = -1; refreshed() > before; store.goOn(nowMs)) {
      before = refreshed();
      // What is half refreshed needs no other maintain(); it begins the next.
      if (before % fingerprints.length === 0) store.maintain(nowMs);
    }
    expect(refreshed()).toBe(all);
    const shown = view(dataDir, "SELECT calls FROM statements WHERE period = 'all'");
    expect(shown.map(({ calls }) => calls)).toEqual(fingerprints.map(() => 2));
  });

  it('each period has what was seen within it, and forgets it later', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fillTwo(store);
    store.maintain((DAY_START_MIN + 30) * MINUTE_MS);
    const periods = 'SELECT DISTINCT period FROM statement_windows ORDER BY period';
    expect(view(dataDir, periods).map(({ period }) => period)).toEqual(['1h', '24h', '7d', 'all']);
    store.maintain((DAY_START_MIN + 3 * 60) * MINUTE_MS);
    expect(view(dataDir, periods).map(({ period }) => period)).toEqual(['24h', '7d', 'all']);
    store.maintain((DAY_START_MIN + 30 * DAY_MIN) * MINUTE_MS);
    expect(view(dataDir, periods).map(({ period }) => period)).toEqual(['all']);
  });

  it('a statement whose every call was batched has no latency, rather than zero', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    store.flush(flushOf({ rollups: [rollupOf({ batchedNs: [500, 500] })] }));
    store.close();
    const [row] = view(dataDir, 'SELECT calls, total_ms, min_ms, p95_ms FROM slow_raw_statements');
    expect(row).toEqual({ calls: 2, total_ms: 0.001, min_ms: null, p95_ms: null });
  });

  it('statements names the construct of most executions, pools what is open', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fillTwo(store);
    store.flush(
      flushOf({ statements: [verdictOf({ construct: 'copy', calls: 9, firstSeenMs: DAY_START_MIN * MINUTE_MS })] }),
    );
    fill(store, [DAY_START_MIN]);
    store.close();
    const [statement] = view(
      dataDir,
      `SELECT construct, first_seen FROM statements WHERE period = 'all' AND fingerprint = '${FINGERPRINT}' AND source = 'raw'`,
    );
    expect(statement).toEqual({ construct: 'copy', first_seen: '2026-03-01T00:00:00.000Z' });
    expect(view(dataDir, 'SELECT name, connections_now, opened FROM pools')).toEqual([
      { name: 'django:app@shop', connections_now: 0, opened: 1 },
    ]);
  });

  it('sources_by_hour counts folded and fresh minutes once', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fill(store, [DAY_START_MIN, DAY_START_MIN + 1, DAY_START_MIN + 30, DAY_START_MIN + 61]);
    store.maintain((DAY_START_MIN + 20) * MINUTE_MS);
    const rows = view(dataDir, 'SELECT hour, source, calls FROM sources_by_hour');
    expect(rows).toEqual([
      { hour: '2026-03-01T00:00:00Z', source: 'raw', calls: 3 },
      { hour: '2026-03-01T01:00:00Z', source: 'raw', calls: 1 },
    ]);
  });
});
