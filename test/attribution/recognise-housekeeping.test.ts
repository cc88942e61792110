// Housekeeping by text, and `SELECT 1`, which may be anybody's.

import { describe, expect, test } from 'vitest';
import { Connection, djangoConnection, shape, sqlalchemyConnection } from './shape.js';

describe('housekeeping by text', () => {
  test.each([
    ['', 'empty'],
    [';', 'ping'],
    ['SELECT 1', 'ping'],
    ['BEGIN', 'begin'],
    ['BEGIN ISOLATION LEVEL READ COMMITTED', 'begin'],
    ['START TRANSACTION', 'begin'],
    ['COMMIT', 'end'],
    ['ROLLBACK;', 'end'],
    ['SAVEPOINT "s139796806778944_x1"', 'savepoint'],
    ['ROLLBACK TO SAVEPOINT "s139796806778944_x1"', 'savepoint'],
    ['RELEASE "_pg3_1"', 'savepoint'],
    ["SET TIME ZONE 'UTC'", 'setting'],
    ["SELECT set_config('TimeZone', $1, false)", 'setting'],
    ['SET LOCAL search_path = x', 'setting'],
    ['show transaction isolation level', 'setting'],
    ['select pg_catalog.version()', 'lookup'],
    ['select current_schema()', 'lookup'],
    [
      "SELECT t.oid, typarray\nFROM pg_type t JOIN pg_namespace ns\n    ON typnamespace = ns.oid\nWHERE typname = 'hstore';\n",
      'lookup',
    ],
    [
      'SELECT\n    t.oid,\n    t.typelem     AS elemtype,\n    t.typtype     AS kind\nFROM\n    pg_catalog.pg_type AS t\nWHERE\n    t.oid = $1\n',
      'lookup',
    ],
    ['SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;', 'reset'],
    ['DISCARD ALL', 'reset'],
    ['DEALLOCATE ALL', 'prepared'],
    ['CLOSE "_django_curs_1_sync_1"', 'cursor'],
  ])('%j is %s', (sql, kind) => {
    expect(shape(sql).housekeeping).toBe(kind);
  });

  test.each([
    'SELECT 2',
    'select 1',
    'BEGIN; DELETE FROM t; COMMIT',
    'SET x = 1; SELECT 2',
    'SELECT set_config(a, b, true) FROM t',
  ])('%j is not', (sql) => {
    expect(shape(sql).housekeeping).toBe('');
  });
});

describe('SELECT 1', () => {
  test('is a ping outside a transaction, on any connection', () => {
    for (const connection of [djangoConnection(), sqlalchemyConnection(), new Connection()]) {
      expect(connection.send('SELECT 1', { transactionBefore: 'I' }).source).toBe('housekeeping');
    }
  });

  test("inside a transaction it is somebody's question", () => {
    expect(sqlalchemyConnection().run('BEGIN').send('SELECT 1').source).toBe('sqlalchemy');
    expect(djangoConnection().run('BEGIN').send('SELECT 1').source).toBe('raw');
  });
});

test('texts whose key folds what decides ask to be looked at each time', () => {
  for (const sql of [
    'SELECT 1',
    'SELECT 2',
    'SAVEPOINT x',
    'CLOSE c',
    'FETCH 1 FROM c',
    "SELECT set_config('a', 'b', false)",
    'SELECT * FROM "t" LIMIT 2',
  ]) {
    expect(shape(sql).readsFolded, sql).toBe(true);
  }
  expect(shape('SELECT "a"."id" FROM "a" LIMIT 21').readsFolded).toBe(false);
});
