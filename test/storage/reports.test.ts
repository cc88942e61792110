// Reports on a store made by hand: statements, pools, samples, and merging of stores.

import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StatementFilter } from '../../facts/answers.js';
import { STATEMENT_SORTS } from '../../facts/statement-order.js';
import { CONSTRUCTS } from '../../facts/verdict.js';
import { mergePools, mergeStatements } from '../../reports/forms/merge.js';
import { decodeStatementsReport, encodeStatementsReport } from '../../reports/forms/statements-codec.js';
import { statementsJson } from '../../reports/forms/statements-json.js';
import { reportPools } from '../../reports/pools.js';
import { reportStatements } from '../../reports/statements.js';
import { reportStatus } from '../../reports/status.js';
import { MIGRATIONS } from '../../storage/migrations/migrations.js';
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

const ORM = 'b'.repeat(16);
const TEXT = 'c'.repeat(16);

/** Three statements of three sources over two minutes and two pools. */
function exampleStore(): string {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  store.flush(
    flushOf({
      relays: [{ relayId: 'relay-1', lastSequence: 12, ended: false }],
      catalogue: [
        entryOf(),
        entryOf({ fingerprint: ORM, query: 'SELECT orm' }),
        entryOf({ fingerprint: TEXT, query: 'SELECT text' }),
      ],
      statements: [
        verdictOf(),
        verdictOf({ fingerprint: ORM, source: 'django-orm', construct: 'queryset' }),
        verdictOf({ fingerprint: TEXT, source: 'sqlalchemy', construct: 'text', confidence: 'certain' }),
      ],
      rollups: [
        rollupOf({ callsNs: [1_000_000, 2_000_000], errors: ['23505'], rows: 7 }),
        rollupOf({ minute: DAY_START_MIN + 1, pool: 'pool-b', callsNs: [4_000_000], confidence: 'weak', rows: 1 }),
        rollupOf({
          fingerprint: ORM,
          source: 'django-orm',
          construct: 'queryset',
          callsNs: [10_000, 20_000, 30_000],
          rows: 3,
        }),
        rollupOf({
          fingerprint: TEXT,
          source: 'sqlalchemy',
          construct: 'text',
          pool: 'pool-b',
          callsNs: [500_000_000],
          rows: 2,
        }),
        rollupOf({ fingerprint: 'd'.repeat(16), source: 'unknown', construct: '', batchedNs: [100, 100] }),
      ],
      tags: [
        tagsOf({ route: '/books', app: 'shop' }),
        tagsOf({ route: '/orders', app: 'shop' }),
        tagsOf({ route: '/books' }, { fingerprint: ORM, source: 'django-orm' }),
      ],
      pools: [poolOf('pool-a', 'django:app@shop'), poolOf('pool-b', 'sqlalchemy:app@shop')],
      poolMinutes: [DAY_START_MIN, DAY_START_MIN + 1].map((minute) => ({
        minute,
        pool: 'pool-a',
        opened: 3,
        closed: 2,
        lifetimeTotalMs: 500,
        connectionsMax: 4,
        busyMax: 2,
        activeMs: 10,
        idleMs: 20,
        idleInTransactionMs: 30,
        ...transactionsOf(Array.from({ length: 5 }, () => 100)),
      })),
      fleetMinutes: [
        { minute: DAY_START_MIN, connectionsMax: 6, busyMax: 3 },
        { minute: DAY_START_MIN + 1, connectionsMax: 5, busyMax: 4 },
      ],
      losses: [{ counterId: 'relay-1', minute: DAY_START_MIN, reason: 'queue_full', count: 6 }],
      counters: [['late_rows', 2]],
    }),
  );
  return dataDir;
}

function fingerprintsFor(filter: StatementFilter): string[] {
  const { statements } = reportStatements(openTestReader(exampleStore()), { filter });
  return statements.map(({ fingerprint }) => fingerprint[0]).sort();
}

describe('the statements report', () => {
  it.each<[StatementFilter, string[]]>([
    [{}, ['a', 'b', 'c', 'd']],
    [{ source: 'raw' }, ['a']],
    [{ handwritten: true }, ['a', 'c']],
    [{ construct: 'queryset' }, ['b']],
    [{ pool: 'sqlalchemy:app@shop' }, ['a', 'c']],
    [{ pool: 'pool-a' }, ['a', 'b', 'd']],
    [{ fingerprint: FINGERPRINT }, ['a']],
    [{ tags: [['route', '/books']] }, ['a', 'b']],
    [
      {
        tags: [
          ['route', '/books'],
          ['app', 'shop'],
        ],
      },
      ['a'],
    ],
    [{ tags: [['route', '/books']], source: 'django-orm' }, ['b']],
    [{ tags: [['route', '/books']], handwritten: true }, ['a']],
    [{ tags: [['route', '/nowhere']] }, []],
  ])('filtered by %j has just those statements', (filter, expected) => {
    expect(fingerprintsFor(filter)).toEqual(expected);
  });

  it('takes raw, text, extra and rawsql for handwritten, and nothing else', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const all = ['raw', 'django-orm', 'sqlalchemy'].flatMap((source) =>
      CONSTRUCTS.map((construct) => ({ source, construct })),
    );
    const rollups = all.map(({ source, construct }, n) =>
      rollupOf({ source, construct, fingerprint: n.toString(16).padStart(16, '0'), callsNs: [1] }),
    );
    store.flush(flushOf({ rollups }));
    const { statements } = reportStatements(openTestReader(dataDir), { filter: { handwritten: true } });
    const expected = all.flatMap(({ source, construct }, n) =>
      source === 'raw' || ['text', 'extra', 'rawsql'].includes(construct) ? [n] : [],
    );
    expect(statements.map(({ fingerprint }) => Number.parseInt(fingerprint, 16)).sort((a, b) => a - b)).toEqual(
      expected,
    );
  });

  it('counts only the pool asked for', () => {
    const reader = openTestReader(exampleStore());
    const { statements } = reportStatements(reader, { filter: { pool: 'pool-b', fingerprint: FINGERPRINT } });
    expect(statements[0]).toMatchObject({ calls: 1, rows: 1, serviceTotalNs: 4_000_000 });
  });

  it('counts only the tag asked for', () => {
    const { statements } = reportStatements(openTestReader(exampleStore()), {
      filter: { tags: [['route', '/orders']] },
    });
    expect(statements[0]).toMatchObject({ calls: 1, rows: 1, serviceTotalNs: 5_000 });
    expect(statements[0].byConstruct).toEqual(new Map([['cursor', 1]]));
  });

  it('refuses tags together with a pool where a statement ran in another pool too', () => {
    const filter: StatementFilter = { pool: 'pool-a', tags: [['route', '/books']] };
    expect(() => reportStatements(openTestReader(exampleStore()), { filter })).toThrow(
      /tags are counted by statement and not by pool, and 1 of these statements ran in other pools too/,
    );
  });

  it('speaks of all traffic in observed, whatever is filtered', () => {
    const { observed } = reportStatements(openTestReader(exampleStore()), { filter: { source: 'raw' } });
    expect(observed).toMatchObject({ executions: 10, unknown: 2, notObserved: 6, exact: true });
  });

  it('is not exact where a session was opaque, and does not count that session as an execution', () => {
    const dataDir = temporaryDirectory();
    const loss = { counterId: 'r', minute: DAY_START_MIN, reason: 'opaque_session', count: 1 };
    openStore(dataDir).flush(flushOf({ losses: [loss] }));
    expect(reportStatements(openTestReader(dataDir)).observed).toMatchObject({ notObserved: 0, exact: false });
  });

  it('covers the minutes that its window touches, and no others', () => {
    const reader = openTestReader(exampleStore());
    const startMs = (DAY_START_MIN + 1) * MINUTE_MS;
    const report = reportStatements(reader, { sinceMs: startMs + 20_000, untilMs: startMs + 30_000 });
    expect(report.window).toEqual({ sinceMs: startMs, untilMs: startMs + MINUTE_MS });
    expect(report.statements.map(({ calls }) => calls)).toEqual([1]);
    expect(report.observed).toMatchObject({ executions: 1, notObserved: 0 });
  });

  it('refuses a window that ends before it starts', () => {
    expect(() => reportStatements(openTestReader(exampleStore()), { sinceMs: 2, untilMs: 1 })).toThrow(RangeError);
  });

  it.each(STATEMENT_SORTS)('limited by %s answers the same first statements as without a limit', (sort) => {
    const reader = openTestReader(exampleStore());
    const all = statementsJson(reportStatements(reader), { sort, limit: 2 });
    const limited = statementsJson(reportStatements(reader, { sort, limit: 2 }), { sort, limit: 2 });
    expect(limited.statements).toEqual(all.statements);
  });

  it('says that nothing was observed yet rather than failing', () => {
    const dataDir = temporaryDirectory();
    openStore(dataDir);
    expect(reportStatements(openTestReader(dataDir))).toMatchObject({ statements: [], observed: { executions: 0 } });
  });
});

describe('the JSON of top', () => {
  it('has the names and units that others rely on', () => {
    const report = reportStatements(openTestReader(exampleStore()), { filter: { fingerprint: FINGERPRINT } });
    expect(statementsJson(report, { sort: 'total', limit: 0 })).toEqual({
      window: { since: '2026-03-01T00:00:00.000Z', until: '2026-03-01T00:02:00.000Z' },
      observed: { statements: 10, executions: 10, not_observed: 6, unknown: 2, exact: true },
      statements: [
        {
          fingerprint: FINGERPRINT,
          source: 'raw',
          construct: 'cursor',
          confidence: 'strong',
          query: 'SELECT title FROM shop_book WHERE id = $1',
          summary: 'SELECT shop_book',
          calls: 3,
          batched_calls: 0,
          errors: 1,
          rows: 8,
          requests: null,
          calls_per_request: null,
          total_ms: 7.001,
          mean_ms: 1.75025,
          min_ms: 0.001,
          max_ms: 4,
          p50_ms: expect.closeTo(1, 1),
          p95_ms: expect.closeTo(4, 1),
          p99_ms: expect.closeTo(4, 1),
          first_seen: '2026-03-01T00:00:01.000Z',
          last_seen: '2026-03-01T00:00:02.000Z',
          pools: ['django:app@shop', 'sqlalchemy:app@shop'],
          tags: { app: ['shop'], route: ['/books', '/orders'] },
        },
      ],
    });
  });

  it('has null where every call was batched', () => {
    const report = reportStatements(openTestReader(exampleStore()), { filter: { source: 'unknown' } });
    const [statement] = statementsJson(report, { sort: 'total', limit: 0 }).statements;
    expect(statement).toMatchObject({
      calls: 2,
      batched_calls: 2,
      total_ms: 0.0002,
      min_ms: null,
      max_ms: null,
      p50_ms: null,
    });
  });

  it('takes limit 0 as no limit and cuts at any other', () => {
    const report = reportStatements(openTestReader(exampleStore()));
    expect(statementsJson(report, { sort: 'calls', limit: 0 }).statements).toHaveLength(4);
    expect(statementsJson(report, { sort: 'mean', limit: 1 }).statements[0].fingerprint).toBe(TEXT);
  });
});

describe('merging', () => {
  it('adds reports of several stores, in any order', () => {
    const one = reportStatements(openTestReader(exampleStore()));
    const two = reportStatements(openTestReader(exampleStore()), { filter: { source: 'raw' } });
    const merged = mergeStatements([one, two]);
    const raw = merged.statements.find(({ source }) => source === 'raw')!;
    expect(raw).toMatchObject({ calls: 6, errors: 2, rows: 16, serviceMinNs: 1000, serviceMaxNs: 4_000_000 });
    expect(raw.histogram.count).toBe(8);
    expect(merged.observed).toMatchObject({ executions: 20, notObserved: 12, unknown: 4 });
    const options = { sort: 'total', limit: 0 } as const;
    expect(statementsJson(mergeStatements([two, one]), options)).toEqual(statementsJson(merged, options));
  });

  it('is associative', () => {
    const reports = [1, 2, 3].map((n) => reportStatements(openTestReader(exampleStore()), { limit: n, sort: 'calls' }));
    const [a, b, c] = reports;
    const options = { sort: 'total', limit: 0 } as const;
    const left = mergeStatements([mergeStatements([a, b]), c]);
    const right = mergeStatements([a, mergeStatements([b, c])]);
    expect(statementsJson(left, options)).toEqual(statementsJson(right, options));
  });

  it('makes one of pools of the same identity', () => {
    const report = reportPools(openTestReader(exampleStore()));
    const merged = mergePools([report, report]);
    const pool = merged.pools.find(({ id }) => id === 'pool-a')!;
    expect(pool).toMatchObject({ connectionsNow: 4, opened: 12, closed: 8, lifetimeTotalMs: 2_000, executions: 16 });
    expect(merged.pools).toHaveLength(2);
    expect(merged).toMatchObject({ connectionsMax: 12, busyMax: 8 });
  });

  it('a report is the same after it travelled as JSON', () => {
    const report = reportStatements(openTestReader(exampleStore()));
    const travelled = decodeStatementsReport(JSON.parse(JSON.stringify(encodeStatementsReport(report))));
    expect(travelled).toEqual(report);
  });

  it.each([[null], [{}], [{ form: 99 }], ['text']])('refuses %j as a report', (value) => {
    expect(() => decodeStatementsReport(value)).toThrow();
  });
});

describe('the pools report', () => {
  it('has connections, times, sources and peaks', () => {
    const report = reportPools(openTestReader(exampleStore()));
    expect(report).toMatchObject({ connectionsMax: 6, busyMax: 4 });
    const pool = report.pools.find(({ name }) => name === 'django:app@shop')!;
    expect(pool).toMatchObject({
      owner: 'django',
      connectionsNow: 2,
      connectionsMax: 4,
      opened: 6,
      closed: 4,
      lifetimeTotalMs: 1_000,
      busyMax: 2,
      activeMs: 20,
      idleInTransactionMs: 60,
      ...transactionsOf(Array.from({ length: 10 }, () => 100)),
      executions: 8,
      habits: ['one connection per request'],
    });
    expect(pool.sources).toEqual(
      new Map([
        ['raw', 3],
        ['django-orm', 3],
        ['unknown', 2],
      ]),
    );
  });

  it('keeps counts that came before their pool was described, and for (other), which never is', () => {
    const dataDir = temporaryDirectory();
    const minute = { minute: DAY_START_MIN, lifetimeTotalMs: 0, connectionsMax: 1, busyMax: 0, activeMs: 0 };
    const more = { idleMs: 0, idleInTransactionMs: 0, ...transactionsOf([]), opened: 1, closed: 0 };
    const store = openStore(dataDir);
    store.flush(flushOf({ poolMinutes: ['(other)', 'pool-a'].map((pool) => ({ ...minute, ...more, pool })) }));
    store.flush(flushOf({ pools: [poolOf('pool-a', 'django:app@shop')] }));
    const pools = reportPools(openTestReader(dataDir)).pools.map(({ name, opened }) => [name, opened]);
    expect(pools).toEqual([
      ['(other)', 1],
      ['django:app@shop', 1],
    ]);
  });
});

describe('the status report', () => {
  it('has relays, losses by reason, counters and the first and last minute', () => {
    const status = reportStatus(openTestReader(exampleStore()));
    expect(status.relays).toMatchObject([{ relayId: 'relay-1', lastSequence: 12 }]);
    expect(status.observed.notObservedByReason).toEqual(new Map([['queue_full', 6]]));
    expect(status.counters).toEqual(new Map([['late_rows', 2]]));
    expect(status).toMatchObject({
      schemaVersion: MIGRATIONS.length,
      statementsKnown: 3,
      poolsKnown: 2,
      firstMinuteMs: DAY_START_MIN * MINUTE_MS,
      lastMinuteMs: (DAY_START_MIN + 1) * MINUTE_MS,
    });
    expect(status.databaseBytes + status.logBytes).toBeGreaterThan(0);
  });
});

describe('the reader', () => {
  it('reads what was flushed while the writer is open, and after it closed', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const reader = openTestReader(dataDir);
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
    expect(reportStatements(reader).observed.executions).toBe(1);
    store.close();
    expect(reportStatements(reader).observed.executions).toBe(1);
    expect(reportStatements(openTestReader(dataDir)).observed.executions).toBe(1);
  });

  it('reads the log that a killed writer left', () => {
    const dataDir = exampleStore();
    const copy = join(temporaryDirectory(), 'copy');
    mkdirSync(copy);
    // What a SIGKILL leaves: the database and its log as they are, and no index file.
    for (const file of ['witness.db', 'witness.db-wal']) cpSync(join(dataDir, file), join(copy, file));
    expect(reportStatements(openTestReader(copy)).observed.executions).toBe(10);
  });

  it('cannot write', () => {
    const reader = openTestReader(exampleStore());
    expect(() => reader.readRows((rows) => rows.run('DELETE FROM rollup'))).toThrow(/readonly/);
  });

  it.each([
    ['no such directory', (dir: string) => join(dir, 'nowhere'), /no data directory/],
    ['no database in it', (dir: string) => dir, /no witness\.db/],
  ])('says what is missing: %s', (_, place, message) => {
    expect(() => openTestReader(place(temporaryDirectory()))).toThrow(message);
  });
});
