// Forms of SQLAlchemy's compiler, and forms it never writes.

import { describe, expect, test } from 'vitest';
import { Connection, djangoConnection, shape, sqlalchemyConnection } from './shape.js';

/** Qualified statements in one line, which a person could write. */
const ONE_LINE = new Set(['RETURNING', 'UPDATE', 'DELETE', 'upsert with RETURNING', 'a labelled expression']);

describe("forms of SQLAlchemy's compiler", () => {
  test.each([
    ['SELECT', 'SELECT t.id, t.name \nFROM t \nWHERE t.id = 1 ORDER BY t.name DESC \n LIMIT 3 OFFSET 4'],
    ['GROUP BY and HAVING', 'SELECT t.a, count(t.id) AS count_1 \nFROM t GROUP BY t.a \nHAVING count(t.id) > 0'],
    [
      'a join of a subquery',
      'SELECT a.n, anon_1.m \nFROM a JOIN (SELECT max(b.p) AS m \nFROM b) AS anon_1 ON anon_1.m = a.id',
    ],
    ['EXISTS', 'SELECT EXISTS (SELECT 1 \nFROM t) AS anon_1'],
    ['a CTE', 'WITH c AS \n(SELECT t.id AS id \nFROM t)\n SELECT c.id \nFROM c'],
    [
      'two CTEs',
      'WITH c AS \n(SELECT t.id AS id \nFROM t), \nd AS \n(SELECT c.id AS id \nFROM c)\n SELECT d.id \nFROM d',
    ],
    ['union', 'SELECT a.n \nFROM a UNION SELECT b.n \nFROM b ORDER BY n'],
    ['text() inside a compiled statement', 'SELECT t.id \nFROM t \nWHERE age > 3 and x in (1,2)'],
    ['an offset without limit', 'SELECT t.id \nFROM t ORDER BY t.id\n LIMIT ALL OFFSET 2'],
    ['names that need quotes', 'SELECT "Odd Table"."Id" \nFROM "Odd Table"'],
    [
      'EXTRACT and IS DISTINCT FROM',
      'SELECT EXTRACT(year FROM t.d) AS anon_1 \nFROM t \nWHERE t.a IS DISTINCT FROM t.b',
    ],
    ['typed binds', 'INSERT INTO t (a, b) VALUES ($1::VARCHAR, $2::NUMERIC(8, 2))'],
    ['RETURNING', "INSERT INTO t (a) VALUES ('x') RETURNING t.id"],
    [
      'INSERT of many in order (2.x)',
      "INSERT INTO t (a) SELECT p0::VARCHAR FROM (VALUES ('x', 0), ('y', 1)) AS imp_sen(p0, sen_counter) ORDER BY sen_counter RETURNING t.id, t.id AS id__1",
    ],
    ['UPDATE', "UPDATE t SET a='x', b=(t.b + 1) WHERE t.id = 1"],
    ['DELETE', 'DELETE FROM t WHERE t.id = 1'],
    [
      'upsert with RETURNING',
      "INSERT INTO t (id, n) VALUES (1, 'u') ON CONFLICT (id) DO UPDATE SET n = excluded.n RETURNING t.id",
    ],
    ['a labelled expression', "SELECT lower('X') AS lower_1"],
    ['CREATE TABLE', '\nCREATE TABLE t (\n\tid SERIAL NOT NULL, \n\tPRIMARY KEY (id)\n)\n\n'],
    ['DROP TABLE', '\nDROP TABLE t'],
  ])('%s is its own', (name, sql) => {
    expect(shape(sql).sqlalchemy).toBe(ONE_LINE.has(name) ? 'own' : 'sure');
  });

  test.each([
    ['plain INSERT', "INSERT INTO t (a, b) VALUES ('x', 1)"],
    ['INSERT by execute_values', 'INSERT INTO t (a, b) VALUES (1, 2),(3, 4)'],
    ['INSERTs joined by execute_batch', 'INSERT INTO t (a) VALUES (1);INSERT INTO t (a) VALUES (2)'],
    ['DELETE of all', 'DELETE FROM t'],
  ])('%s is likely its own', (_name, sql) => {
    expect(shape(sql).sqlalchemy).toBe('likely');
  });
});

describe('what it never writes', () => {
  test.each([
    ['lower-case keywords', 'select t.id from t'],
    ['FROM on the same line', 'SELECT t.id FROM t'],
    ['other line breaks', 'SELECT t.id\nFROM t\nWHERE t.id = 1'],
    ['a trailing semicolon', 'DELETE FROM t WHERE t.id = 1;'],
    ['names quoted without need', 'INSERT INTO "t" ("a") VALUES (1)'],
    ['capitals without quotes', 'INSERT INTO Foo (Bar) VALUES (1)'],
    ['blanks around = in SET', 'UPDATE t SET a = 1 WHERE t.id = 2'],
    ['a column without its table', 'DELETE FROM t WHERE id = 1'],
    ['binds without type', 'INSERT INTO t (a) VALUES ($1)'],
    ['no blank behind a comma', 'INSERT INTO t (a,b) VALUES (1,2)'],
  ])('%s', (_name, sql) => {
    expect(shape(sql).sqlalchemy).toBe('no');
  });
});

describe('binds with the type as asyncpg’s dialect of 1.4 writes it', () => {
  const written = [
    'INSERT INTO t (a, b) VALUES ($1::integer, $2)',
    'UPDATE t SET a=(t.a + $1::integer)',
    'DELETE FROM t WHERE t.a = $1::varchar AND t.b = $2',
  ];

  test.each(written)('%s is compiled on its own connection', (sql) => {
    expect(sqlalchemyConnection().send(sql)).toMatchObject({ source: 'sqlalchemy', construct: '' });
  });

  test.each(written.slice(0, 2))('%s is nothing of SQLAlchemy’s elsewhere: people write such casts', (sql) => {
    expect(djangoConnection().send(sql).source).toBe('raw');
    expect(new Connection().send(sql).source).toBe('raw');
  });

  test.each([
    'INSERT INTO t (a,b) VALUES ($1::integer,$2)',
    'UPDATE t SET a = $1::integer WHERE t.b = 2',
    'DELETE FROM t WHERE a = $1::varchar',
    'INSERT INTO t (a, b) VALUES ($1, $2)',
  ])('%s is text() all the same', (sql) => {
    expect(sqlalchemyConnection().send(sql).construct).toBe('text');
  });
});

describe('which part of SQLAlchemy', () => {
  test('labels of the ORM', () => {
    expect(shape('SELECT t.id AS t_id, t.n AS t_n \nFROM t').sqlalchemyConstruct).toBe('orm');
  });

  test('unlabelled columns are of either, so nothing is said', () => {
    expect(shape('SELECT t.id, t.n \nFROM t').sqlalchemyConstruct).toBe('');
  });

  test('DDL is Core', () => {
    expect(shape('\nCREATE TABLE t (\n\tid INTEGER\n)\n\n').sqlalchemyConstruct).toBe('core');
  });

  test('a server-side cursor is as the statement in it', () => {
    const sql = 'DECLARE "c_7fcbd6eb0d10_1" CURSOR WITHOUT HOLD FOR SELECT t.id AS t_id \nFROM t';
    expect(shape(sql)).toMatchObject({ sqlalchemy: 'sure', sqlalchemyConstruct: 'orm', clues: ['sqlalchemy-cursor'] });
  });
});

describe('its own reflection', () => {
  test.each([
    [
      'has_table of 1.4',
      `select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where pg_catalog.pg_table_is_visible(c.oid) and relname='t'`,
    ],
    [
      'has_sequence of 1.4',
      `SELECT relname FROM pg_class c join pg_namespace n on n.oid=c.relnamespace where relkind='S' and n.nspname='s' and relname='q'`,
    ],
    ['has_schema of 1.4', `select nspname from pg_namespace where lower(nspname)='s'`],
    [
      'get_table_names of 1.4',
      `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind in ('r', 'p')`,
    ],
    [
      'get_table_oid of 1.4',
      `\n            SELECT c.oid\n            FROM pg_catalog.pg_class c\n            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n            WHERE (n.nspname = 's')\n            AND c.relname = 't' AND c.relkind in\n            ('r', 'v', 'm', 'f', 'p')\n        `,
    ],
    [
      'get_columns of 1.4',
      `\n            SELECT a.attname,\n              pg_catalog.format_type(a.atttypid, a.atttypmod),\n              (\n                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)\n                FROM pg_catalog.pg_attrdef d\n              ) AS DEFAULT\n            FROM pg_catalog.pg_attribute a\n        `,
    ],
    [
      'has_table of 2.0',
      `SELECT pg_catalog.pg_class.relname \nFROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace \nWHERE pg_catalog.pg_class.relname = 't'`,
    ],
    [
      'get_multi_pk_constraint of 2.0',
      `SELECT attr.conrelid, array_agg(attr.attname) AS cols \nFROM (SELECT con.conrelid AS conrelid \nFROM (SELECT pg_catalog.pg_constraint.conrelid AS conrelid \nFROM pg_catalog.pg_constraint) AS con) AS attr GROUP BY attr.conrelid`,
    ],
  ])('%s', (_name, sql) => {
    expect(shape(sql).sqlalchemyConstruct).toBe('reflection');
    const verdict = sqlalchemyConnection().run('BEGIN').send(sql);
    expect(verdict).toMatchObject({ source: 'sqlalchemy', construct: 'reflection', confidence: 'strong' });
  });

  test.each([
    [
      'what psql sends',
      `SELECT a.attname,\n  pg_catalog.format_type(a.atttypid, a.atttypmod),\n  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true)\n   FROM pg_catalog.pg_attrdef d)`,
    ],
    ['a look-up of somebody’s', `SELECT relname FROM pg_class WHERE relkind = 'r'`],
    ['Core on the catalogue and a table', `SELECT t.id \nFROM t, pg_catalog.pg_class \nWHERE t.id = 1`],
  ])('%s is not', (_name, sql) => {
    expect(shape(sql).sqlalchemyConstruct).not.toBe('reflection');
  });

  test('a look-up by hand on its connection stays text()', () => {
    const sql = `SELECT relname FROM pg_class WHERE relkind = 'r'`;
    expect(sqlalchemyConnection().run('BEGIN').send(sql)).toMatchObject({ source: 'sqlalchemy', construct: 'text' });
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'raw' });
  });
});
