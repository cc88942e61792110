// Files of every older schema version are brought up to date and say what they said.
// Each is made by that version's own steps and filled.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { reportPools } from '../../reports/pools.js';
import { reportStatements } from '../../reports/statements.js';
import { reportStatus } from '../../reports/status.js';
import { reportTimeline } from '../../reports/timeline.js';
import { MIGRATIONS } from '../../storage/migrations/migrations.js';
import { APPLICATION_ID } from '../../storage/sqlite/file/schema.js';
import { SCHEMA_VERSION } from '../../storage/sqlite/file/schema-version.js';
import { SqlShell } from '../../storage/sqlite/read/shell.js';
import type { SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { setMark } from '../../storage/sqlite/write/mark-writer.js';
import { StoreError } from '../../storage/store-error.js';
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
  verdictOf,
} from './flushes.js';

const DAYS = 6;
const PAGE_BYTES = 4_096;
/** Room for some steps, and not for all. */
const PAGES_LEFT = 8;
const OLDER = Array.from({ length: SCHEMA_VERSION - 1 }, (_, at) => at + 1);

/** Some days of statements that come and go, on all levels from minutes to days. */
function fill(store: SqliteStore): void {
  store.flush(flushOf({ catalogue: [entryOf()], statements: [verdictOf()], pools: [poolOf('pool-a', 'web')] }));
  for (let hour = 0; hour < DAYS * 24; hour += 3) {
    const minute = DAY_START_MIN + hour * 60 + 7;
    const rollups = Array.from({ length: 20 }, (_, n) =>
      rollupOf({
        minute,
        fingerprint: n === 0 ? FINGERPRINT : (n + (hour % 5) * 20).toString(16).padStart(16, '0'),
        callsNs: [1e6 * (n + 1), 1e5 * (hour + 1)],
        errors: n % 6 === 0 ? ['57014'] : [],
        rows: n,
      }),
    );
    store.flush(
      flushOf({ atMs: minute * MINUTE_MS, rollups, tags: [tagsOf({ route: `/r${hour % 3}/` }, { minute })] }),
    );
    for (let slice = 0; slice < 3; slice++) store.maintain((minute + 30) * MINUTE_MS);
  }
}

/**
 * The rows of a file of today in a file as `version` made them. Columns that a version did not have yet are not taken
 * over.
 */
function asOfVersion(version: number, from: string): string {
  const dataDir = temporaryDirectory();
  const db = new Database(join(dataDir, 'witness.db'));
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('journal_mode = WAL');
  for (const script of MIGRATIONS.slice(0, version)) db.exec(script);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${version}`);
  db.prepare('ATTACH ? AS today').run(join(from, 'witness.db'));
  const names = (sql: string) => db.prepare(sql).pluck().all() as string[];
  for (const table of names("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")) {
    const columns = names(`SELECT name FROM pragma_table_info('${table}')`).join(', ');
    db.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM today.${table}`);
  }
  db.close();
  return dataDir;
}

function schemaOf(dataDir: string): unknown {
  const db = new Database(join(dataDir, 'witness.db'), { readonly: true });
  const schema = db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
  const version = db.pragma('user_version', { simple: true });
  db.close();
  return { schema, version };
}

function everythingIn(dataDir: string): unknown {
  const reader = openTestReader(dataDir);
  const windows = [
    {},
    { sinceMs: (DAY_START_MIN + 60) * MINUTE_MS },
    { sinceMs: (DAY_START_MIN + 1500) * MINUTE_MS, untilMs: (DAY_START_MIN + DAYS * 1440 - 90) * MINUTE_MS },
  ];
  const {
    databaseBytes: _,
    logBytes: __,
    dataDirectory: ___,
    ...status
  } = reportStatus(reader) as unknown as Record<string, unknown>;
  return {
    status,
    windows: windows.map((window) => ({
      all: reportStatements(reader, window),
      first: (['total', 'p95', 'max'] as const).map((sort) => reportStatements(reader, { ...window, sort, limit: 7 })),
      tagged: reportStatements(reader, { ...window, filter: { tags: [['route', '/r1/']] } }),
      pools: reportPools(reader, window),
      timeline: reportTimeline(reader, { ...window, fingerprint: FINGERPRINT }),
    })),
  };
}

function errorOf(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

it('the version of the schema is how many migrations there are', () => {
  expect(SCHEMA_VERSION).toBe(MIGRATIONS.length);
});

describe.each(OLDER)('a file of schema version %i', (version) => {
  const today = () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    fill(store);
    store.close();
    return dataDir;
  };

  it('is brought up to date by the writer, says what it said, and goes on', () => {
    const reference = today();
    const expected = everythingIn(reference);
    const dataDir = asOfVersion(version, reference);
    const store = openStore(dataDir);
    expect(schemaOf(dataDir)).toEqual(schemaOf(reference));
    expect(everythingIn(dataDir)).toEqual(expected);
    const more = flushOf({ rollups: [rollupOf({ minute: DAY_START_MIN + DAYS * 1440, callsNs: [5] })] });
    store.flush(more);
    store.close();
    openStore(reference).flush(more);
    expect(everythingIn(dataDir)).toEqual(everythingIn(reference));
  });

  it('is refused by what only reads, with what to do, and left alone', () => {
    const reference = temporaryDirectory();
    openStore(reference).close();
    const dataDir = asOfVersion(version, reference);
    const before = schemaOf(dataDir);
    const mark = { atMs: 0, kind: 'manual' as const, name: 'x', fingerprint: '', source: '' };
    for (const work of [() => openTestReader(dataDir), () => new SqlShell(dataDir), () => setMark(dataDir, mark)]) {
      const error = errorOf(work);
      expect(error.code).toBe('older-schema');
      expect(error.message).toContain(`has schema version ${version}`);
      expect(error.hint).toContain('brings the file up to date');
    }
    expect(schemaOf(dataDir)).toEqual(before);
  });
});

/** Opens a store as an observer does, and is killed when a step's script is done and not yet committed. */
const KILLED_WITHIN = `
import Database from 'better-sqlite3';
import { MIGRATIONS } from './dist/storage/migrations/migrations.js';
import { openSqliteStore } from './dist/storage/sqlite/sqlite-store.js';
const [dataDir, step] = process.argv.slice(1);
const exec = Database.prototype.exec;
Database.prototype.exec = function (sql) {
  const answer = exec.call(this, sql);
  if (sql === MIGRATIONS[step - 1]) process.kill(process.pid, 'SIGKILL');
  return answer;
};
openSqliteStore({ dataDir, onMigrating: ({ to }) => console.log(to) });
`;

it('a kill -9 within a step leaves the steps before it, and the next start goes on from there', () => {
  const reference = temporaryDirectory();
  const filled = openStore(reference);
  fill(filled);
  filled.close();
  const expected = everythingIn(reference);
  const dataDir = asOfVersion(1, reference);
  let version = 1;
  for (const step of [2, 4, MIGRATIONS.length]) {
    const run = ['--input-type=module', '-e', KILLED_WITHIN, dataDir, String(step)];
    const { signal, stdout, stderr } = spawnSync(process.execPath, run, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(signal).toBe('SIGKILL');
    const steps = Array.from({ length: step - version }, (_, n) => version + 1 + n);
    expect(stdout).toBe(steps.map((one) => `${one}\n`).join(''));
    version = step - 1;
    expect(schemaOf(dataDir)).toMatchObject({ version });
  }
  const steps: unknown[] = [];
  const store = openStore(dataDir, { onMigrating: (step) => steps.push(step) });
  expect(steps).toEqual([{ to: MIGRATIONS.length, newest: MIGRATIONS.length }]);
  expect(schemaOf(dataDir)).toEqual(schemaOf(reference));
  expect(everythingIn(dataDir)).toEqual(expected);
  store.close();
});

it('a step that fails leaves the file as it was', () => {
  const reference = temporaryDirectory();
  openStore(reference).close();
  const dataDir = asOfVersion(1, reference);
  const db = new Database(join(dataDir, 'witness.db'));
  // In the way of the next step.
  db.exec('CREATE TABLE rollup_day (x)');
  db.close();
  const before = schemaOf(dataDir);
  expect(() => openStore(dataDir)).toThrow();
  expect(schemaOf(dataDir)).toEqual(before);
});

it('a disk that is full leaves the steps before, and the next start with room goes on from there', () => {
  const reference = temporaryDirectory();
  const filled = openStore(reference);
  fill(filled);
  filled.close();
  const dataDir = asOfVersion(1, reference);
  let version = 1;
  for (let stop = 0; stop < 2; stop++) {
    const steps: number[] = [];
    const pagesMax = statSync(join(dataDir, 'witness.db')).size / PAGE_BYTES + PAGES_LEFT;
    const error = errorOf(() => openStore(dataDir, { pagesMax, onMigrating: ({ to }) => steps.push(to) }));
    expect(error.code).toBe('full');
    expect(steps[0]).toBe(version + 1);
    version = steps[steps.length - 1] - 1;
    expect(schemaOf(dataDir)).toMatchObject({ version });
  }
  expect(version).toBeGreaterThan(1);
  openStore(dataDir).close();
  expect(schemaOf(dataDir)).toEqual(schemaOf(reference));
  expect(everythingIn(dataDir)).toEqual(everythingIn(reference));
});
