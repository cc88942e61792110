// Housekeeping by text, and `SELECT 1`, which may be anybody's.

import { describe, expect, test } from 'vitest';
import { Connection, djangoConnection, shape, sqlalchemyConnection } from './shape.js';

describe('housekeeping by text', () => {
  test.each([
    ['', 'empty'],
    [';', 'empty'],
    [';;', 'empty'],
    ['/* nothing */', 'empty'],
    ['SELECT 1', 'ping'],
    ['select 1;', 'ping'],
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
    [
      "\n    SELECT\n        current_setting('jit') AS cur,\n        set_config('jit', 'off', false) AS new\n    ",
      'setting',
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
    'SELECT 1 AS one',
    'SELECT 1 FROM t',
    'SELECT 1; SELECT 2',
    'SELECT $1',
    'BEGIN; DELETE FROM t; COMMIT',
    'SET x = 1; SELECT 2',
    'SELECT set_config(a, b, true) FROM t',
    "SELECT current_setting('jit') AS cur, set_config('jit', 'off', false) AS new FROM t",
    "SELECT current_setting('jit') AS old, set_config('jit', 'off', false) AS new",
  ])('%j is not', (sql) => {
    expect(shape(sql).housekeeping).toBe('');
  });
});

describe('SELECT 1', () => {
  test.each(['', 'BEGIN'])('is a ping on any connection, behind %j', (before) => {
    for (const connection of [djangoConnection(), sqlalchemyConnection(), new Connection()]) {
      if (before !== '') connection.run(before);
      expect(connection.send('SELECT 1').source).toBe('housekeeping');
      expect(connection.send('select 1 ;').source).toBe('housekeeping');
    }
  });

  test('another number is a question of somebody’s', () => {
    expect(djangoConnection().send('SELECT 2').source).toBe('raw');
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
