// The journal of large flushes: the tables say in the end what they would say without it.
// Whatever happens meanwhile: refused flushes, a kill at any moment, a full disk, damage.
// Not here: kills of a process that is writing (killed-writer.test.ts).

import { copyFileSync, existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Flush, StatementSourceDelta } from '../../facts/flush.js';
import type { RequestStatementRollup, RollupRow } from '../../facts/rollup-row.js';
import { reportStatements } from '../../reports/statements.js';
import { reportWatched } from '../../reports/watched/watched.js';
import { xorshift } from '../../scripts/lib/xorshift.mjs';
import { databasePath } from '../../storage/sqlite/file/data-directory.js';
import { packEntries } from '../../storage/sqlite/journal/packed-entry.js';
import type { SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { StoreError } from '../../storage/store-error.js';
import {
  DAY_START_MIN,
  FINGERPRINT,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  verdictOf,
} from './flushes.js';

const ALL = { rowsMin: 0 };
const NONE = { rowsMin: Number.POSITIVE_INFINITY };
const START_MS = DAY_START_MIN * MINUTE_MS;
const OVER_MS = START_MS + MINUTE_MS + 3_000;

const DUMPS = [
  ...['rollup', 'rollup_error'].map(
    (table) =>
      `SELECT s.fingerprint, s.source, s.construct, s.pool_id, r.* FROM ${table} r JOIN series s USING (series_id)`,
  ),
  ...['tag_rollup', 'request_statement_rollup'].map(
    (table) => `SELECT s.fingerprint, s.source, s.tag_set, r.* FROM ${table} r JOIN tag_series s USING (tag_series_id)`,
  ),
  'SELECT * FROM source_rollup',
  'SELECT fingerprint, source, construct, first_seen_ms, last_seen_ms, calls, errors FROM statement_source',
  'SELECT first_min, last_min FROM fold_state',
  'SELECT last_sequence FROM relay_progress',
];

/** Every row that the journal has to do with, by its names instead of its numbers. */
function dumpOf(dataDir: string): string[] {
  const db = new Database(databasePath(dataDir), { readonly: true });
  const rows = DUMPS.flatMap((sql) => db.prepare<[], Record<string, unknown>>(sql).all());
  db.close();
  return rows
    .map(({ series_id: _series, tag_series_id: _tags, ...row }) =>
      JSON.stringify(row, (_key, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('hex') : value,
      ),
    )
    .sort();
}

/** As after kill -9: what the disk has. */
function killed(dataDir: string): string {
  const directory = temporaryDirectory();
  for (const suffix of ['', '-wal']) {
    const from = databasePath(dataDir) + suffix;
    if (existsSync(from)) copyFileSync(from, databasePath(directory) + suffix);
  }
  return directory;
}

function statementOf(row: RollupRow, atMs: number): StatementSourceDelta {
  const { fingerprint, source, construct } = row.key;
  const { calls, errors } = row;
  return verdictOf({ fingerprint, source, construct, calls, errors, firstSeenMs: atMs, lastSeenMs: atMs + 5 });
}

const random = xorshift();
const upTo = (max: number) => Math.floor(random() * max);
const some = <T>(max: number, make: () => T): T[] => Array.from({ length: upTo(max) }, make);

function randomFlush(sequence: number, minute: number): Flush {
  const rollups = some(12, () =>
    rollupOf({
      // A late row now and then.
      minute: minute - (upTo(8) === 0 ? upTo(4) : 0),
      fingerprint: upTo(9) === 0 ? '(other)' : upTo(6).toString(16).padStart(16, 'a'),
      source: ['raw', 'django-orm'][upTo(2)],
      pool: `pool-${upTo(2)}`,
      confidence: (['certain', 'strong', 'weak', 'none'] as const)[upTo(4)],
      callsNs: some(5, () => 1 + upTo(1e6)),
      batchedNs: some(2, () => 1 + upTo(1e6)),
      errors: some(3, () => ['23505', '40001'][upTo(2)]),
      rows: upTo(100),
    }),
  );
  const atMs = minute * MINUTE_MS + upTo(MINUTE_MS);
  const requestStatements = some(5, (): RequestStatementRollup => {
    const key = { minute, fingerprint: upTo(5).toString(16).padStart(16, 'a'), source: 'raw', tagSet: '' };
    const sums = { requests: 1, executions: upTo(9), executionsSquared: upTo(81), serviceTotalNs: upTo(1e6) - 10 };
    return { ...key, ...sums, serviceSquaredNs2: upTo(1e12), rows: upTo(9), rowsSquared: upTo(81) };
  });
  return flushOf({
    atMs,
    relays: [{ relayId: 'relay', lastSequence: sequence, ended: false }],
    rollups,
    statements: rollups.filter(() => upTo(5) > 0).map((row) => statementOf(row, atMs)),
    tags: some(6, () => tagsOf({ route: `/r${upTo(4)}` }, { minute, calls: 1 + upTo(3) })),
    requestStatements,
  });
}

/** Retries what is refused. Returns the store that goes on, which may be another one. */
function act(store: SqliteStore, flush: Flush, dataDir: string): { store: SqliteStore; dataDir: string } {
  const kind = upTo(6);
  if (kind === 0) {
    const blocking = new Database(databasePath(dataDir));
    blocking.exec('BEGIN IMMEDIATE');
    expect(() => store.flush(flush)).toThrow(StoreError);
    try {
      store.writeOut(flush.atMs);
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError);
    }
    blocking.exec('COMMIT');
    blocking.close();
  }
  store.flush(flush);
  for (let turn = upTo(8); turn > 0; turn--) store.writeOut(flush.atMs);
  if (kind === 1) store.maintain(flush.atMs);
  if (kind !== 2) return { store, dataDir };
  const next = killed(dataDir);
  return { store: openStore(next, { journal: optionsAtRandom(), busyMs: 1 }), dataDir: next };
}

function optionsAtRandom() {
  return {
    rowsMin: upTo(8),
    settleMs: upTo(2 * MINUTE_MS) - MINUTE_MS,
    mergedRowsMax: 1 + upTo(40),
    turnRows: 1 + upTo(15),
  };
}

it('the same rows are in the tables as without it, whatever is refused and killed', () => {
  for (let round = 0; round < 6; round++) {
    const straightDir = temporaryDirectory();
    const straight = openStore(straightDir, { journal: NONE });
    let dataDir = temporaryDirectory();
    let store = openStore(dataDir, { journal: { ...optionsAtRandom(), rowsMin: 0 }, busyMs: 1 });
    for (let number = 1; number <= 40; number++) {
      const flush = randomFlush(number, DAY_START_MIN + Math.floor(number / 6));
      straight.flush(flush);
      ({ store, dataDir } = act(store, flush, dataDir));
      expect(store.lastSequence('relay')).toBe(number);
    }
    for (const each of [straight, store]) {
      each.writeOutAll();
      each.endMinutes();
      each.close();
    }
    expect(dumpOf(dataDir)).toEqual(dumpOf(straightDir));
  }
}, 60_000);

/** A batch: read, written in one slice, and its entries dropped. */
function writeOutMinute(store: SqliteStore, nowMs: number): void {
  for (let turn = 0; turn < 4; turn++) store.writeOut(nowMs);
}

const callsIn = (dataDir: string) =>
  reportStatements(openTestReader(dataDir)).statements.map(({ calls, serviceMaxNs }) => [calls, serviceMaxNs]);

describe('a minute', () => {
  it('is in the tables when it is over, once', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { journal: ALL });
    for (const ns of [10, 30, 20]) store.flush(flushOf({ rollups: [rollupOf({ callsNs: [ns] })] }));
    writeOutMinute(store, OVER_MS - 1);
    expect(callsIn(dataDir)).toEqual([]);
    writeOutMinute(store, OVER_MS);
    writeOutMinute(store, OVER_MS);
    expect(callsIn(dataDir)).toEqual([[3, 30]]);
  });

  it('is not rolled up while some of it waits', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { journal: { ...ALL, settleMs: 60 * MINUTE_MS } });
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
    store.maintain(START_MS + 30 * MINUTE_MS);
    const db = new Database(databasePath(dataDir), { readonly: true });
    expect(db.prepare('SELECT minutes_folded_to_min FROM fold_state').pluck().get()).toBeLessThanOrEqual(DAY_START_MIN);
    db.close();
  });

  it('that waits is none that a check can vouch for, though it was flushed', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { journal: ALL });
    const relays = [{ relayId: 'relay', lastSequence: 1, ended: false }];
    store.flush(flushOf({ atMs: START_MS + 40_000, relays, rollups: [rollupOf({ callsNs: [1] })] }));
    const storedUntilMs = () => reportWatched(openTestReader(dataDir)).storedUntilMs;
    expect(storedUntilMs()).toBe(START_MS);
    writeOutMinute(store, OVER_MS);
    expect(storedUntilMs()).toBe(START_MS + 40_000);
  });

  it('that an earlier process left is written at once, though it is not over; what comes then waits', () => {
    const dataDir = temporaryDirectory();
    openStore(dataDir, { journal: ALL }).flush(flushOf({ rollups: [rollupOf({ callsNs: [7] })] }));
    const left = killed(dataDir);
    const store = openStore(left, { journal: ALL });
    writeOutMinute(store, START_MS + 1);
    expect(callsIn(left)).toEqual([[1, 7]]);
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [8] })] }));
    writeOutMinute(store, START_MS + 1);
    expect(callsIn(left)).toEqual([[1, 7]]);
  });

  it('is written early when the journal is large, and flushes do without it when it is full', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { journal: { ...ALL, bytesMax: 1_000 } });
    const entriesAfter = (flushes: number) => {
      for (let n = 0; n < flushes; n++) store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
      const db = new Database(databasePath(dataDir), { readonly: true });
      const count = db.prepare('SELECT count(*) FROM journal').pluck().get();
      db.close();
      return count;
    };
    const full = entriesAfter(40);
    expect(full).toBeGreaterThan(1);
    expect(full).toBeLessThan(40);
    expect(entriesAfter(1)).toBe(full);
    for (let turn = 0; turn < 20; turn++) store.writeOut(START_MS + 1);
    expect(callsIn(dataDir)).toEqual([[41, 1]]);
  });
});

describe('what the disk and the database refuse', () => {
  it('a full disk keeps what was acknowledged, and the flush that it refused is stored once there is room', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { journal: ALL, pagesMax: 130 });
    const flushAt = (number: number) =>
      flushOf({
        relays: [{ relayId: 'relay', lastSequence: number, ended: false }],
        rollups: Array.from({ length: 50 }, (_, n) =>
          rollupOf({ fingerprint: (number * 50 + n).toString(16).padStart(16, 'b'), callsNs: [1, 2] }),
        ),
      });
    let number = 1;
    const isTaken = () => {
      try {
        store.flush(flushAt(number));
        return true;
      } catch (error) {
        expect((error as StoreError).code).toBe('full');
        return false;
      }
    };
    while (isTaken()) number++;
    expect(number).toBeGreaterThan(2);
    expect(isTaken()).toBe(false);
    // Nor is there room for the rows.
    expect(() => store.writeOutAll()).toThrow(StoreError);
    expect(store.lastSequence('relay')).toBe(number - 1);
    const roomy = killed(dataDir);
    const next = openStore(roomy, { journal: ALL });
    next.flush(flushAt(number));
    next.writeOutAll();
    expect(reportStatements(openTestReader(roomy)).observed.executions).toBe(number * 100);
  });

  it('a row that the database refuses when it is written out is lost and counted, once', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { journal: ALL });
    const db = new Database(databasePath(dataDir));
    const poison = '00000000000000ff';
    db.exec(
      `CREATE TRIGGER poison BEFORE INSERT ON series WHEN NEW.fingerprint = '${poison}' BEGIN SELECT RAISE(ABORT, 'poison'); END`,
    );
    db.close();
    const rollups = [rollupOf({ fingerprint: poison, callsNs: [1, 2] }), rollupOf({ callsNs: [3] })];
    expect(store.flush(flushOf({ rollups }))).toBeUndefined();
    expect(store.writeOutAll()).toEqual([{ rows: 1, executions: 2, reason: 'poison' }]);
    expect(reportStatements(openTestReader(dataDir)).observed).toMatchObject({ executions: 1, notObserved: 2 });
  });

  const damages: Array<readonly [string, (packed: Buffer) => Buffer]> = [
    ['that is cut off', () => Buffer.from('01ff', 'hex')],
    // Still JSON, of no row.
    ['with a flipped bit', (packed) => Buffer.from(packed.toString('latin1').replace('rollups', 'rollupq'), 'latin1')],
  ];
  it.each(damages)('an entry %s is damage of the file: it is moved aside, and a new one begun', (_name, damage) => {
    const dataDir = temporaryDirectory();
    const aside: string[] = [];
    const store = openStore(dataDir, { journal: ALL, onMovedAside: (path) => aside.push(path) });
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
    const db = new Database(databasePath(dataDir));
    const packed = db.prepare('SELECT packed FROM journal').pluck().get() as Buffer;
    db.prepare('UPDATE journal SET packed = ?').run(damage(packed));
    db.close();
    expect(() => store.writeOut(OVER_MS)).toThrow(/moved aside/);
    expect(aside).toHaveLength(1);
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1, 2] })] }));
    store.writeOutAll();
    expect(callsIn(dataDir)).toEqual([[2, 2]]);
  });
});

it('the statement of a row is found with it', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir, { journal: ALL });
  const row = rollupOf({ callsNs: [1, 2], errors: ['23505'] });
  store.flush(flushOf({ rollups: [row], statements: [statementOf(row, START_MS + 100)] }));
  store.flush(flushOf({ rollups: [row], statements: [statementOf(row, START_MS + 50)] }));
  store.writeOutAll();
  const db = new Database(databasePath(dataDir), { readonly: true });
  expect(db.prepare('SELECT * FROM statement_source').all()).toMatchObject([
    {
      fingerprint: FINGERPRINT,
      calls: 4,
      errors: 2,
      first_seen_ms: START_MS + 50,
      last_seen_ms: START_MS + 105,
      evidence: JSON.stringify(verdictOf().evidence),
    },
  ]);
  db.close();
});

it('a late row, which is older than its minute, keeps the sums of later rows in the journal', () => {
  const rows = ['a', 'b', 'c'].map((digit) => rollupOf({ fingerprint: digit.repeat(16), callsNs: [1] }));
  const statements = rows.map((row, n) => statementOf(row, n === 0 ? START_MS - 1_000 : START_MS + 100));
  const { entries, others } = packEntries({ rollups: rows, statements, tags: [], requestStatements: [] });
  expect(others).toEqual([statements[0]]);
  expect(entries.map((entry) => entry.rows)).toEqual([3]);
});
