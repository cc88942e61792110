// The rules in their order, on connections of Django, SQLAlchemy and of neither.

import { describe, expect, test } from 'vitest';
import { Connection, djangoConnection, sqlalchemyConnection } from './shape.js';

describe("on Django's connection", () => {
  test.each([
    ['select * from shop_author where id=1', 'raw', ''],
    ['update shop_author set age=1 where id=1', 'raw', 'cursor'],
    ['UPDATE t SET a = 1 WHERE id = 2', 'raw', 'cursor'],
    ['SELECT now()', 'raw', ''],
    ['COPY t (a) FROM STDIN', 'raw', 'copy'],
    ['SELECT * FROM "upper"(\'x\')', 'raw', 'callproc'],
    ['CREATE EXTENSION IF NOT EXISTS "pgcrypto"', 'django-orm', 'migration'],
    ['DELETE FROM "a"', 'django-orm', 'queryset'],
    ['EXPLAIN SELECT "a"."id" FROM "a"', 'django-orm', 'queryset'],
    ['EXPLAIN select * from a', 'raw', ''],
    ['SELECT "a"."id" FROM "a" WHERE (age > 1)', 'django-orm', 'extra'],
    ['BEGIN', 'housekeeping', ''],
  ])('%s is %s %s', (sql, source, construct) => {
    expect(djangoConnection().send(sql)).toMatchObject({ source, construct, confidence: 'strong' });
  });

  test.each([
    ["INSERT INTO t (a, b) VALUES ('x', 1)", 'raw'],
    ["INSERT INTO t (a) VALUES ('x') RETURNING t.id", 'sqlalchemy'],
    ['UPDATE t SET a=1 WHERE t.id = 2', 'sqlalchemy'],
  ])('%s, which SQLAlchemy would write, is %s and weak: the connection may be lent', (sql, source) => {
    const verdict = djangoConnection().send(sql);
    expect(verdict).toMatchObject({ source, confidence: 'weak' });
    expect(JSON.stringify(verdict.evidence)).not.toContain("nor SQLAlchemy's");
  });

  test('what only SQLAlchemy writes is strongly its own', () => {
    const sql = `INSERT INTO t (a) SELECT p0::TEXT FROM (VALUES ('x', 0), ('y', 1)) AS imp_sen(p0, sen_counter) ORDER BY sen_counter RETURNING t.id, t.id AS id__1`;
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'sqlalchemy', confidence: 'strong' });
  });

  test('a doubled percent sign in its tag excludes the ORM', () => {
    const orm = 'SELECT COUNT(*) AS "__count" FROM "a"';
    expect(djangoConnection().send(`${orm} /*framework='django%3A5.2'*/`).source).toBe('django-orm');
    expect(djangoConnection().send(`${orm} /*framework='django%%3A5.2'*/`)).toMatchObject({
      source: 'raw',
      construct: 'cursor',
    });
  });

  test('the schema editor doubles them too', () => {
    const sql = `ALTER TABLE "a" ADD COLUMN "b" integer NULL /*framework='django%%3A5.2'*/`;
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'django-orm', construct: 'migration' });
  });
});

describe("on SQLAlchemy's connection", () => {
  test.each([
    ['select * from t where a=1', 'text'],
    ['SELECT t.id \nFROM t', ''],
    ['SELECT t.id AS t_id \nFROM t', 'orm'],
    ["INSERT INTO t (a, b) VALUES ('x', 1)", ''],
    ['CREATE INDEX ix_t_a ON t (a)', 'core'],
    ['INSERT INTO "Manager" ("ID") VALUES (1)', ''],
    ['COPY t FROM STDIN', 'text'],
  ])('%s is sqlalchemy %s', (sql, construct) => {
    expect(sqlalchemyConnection().run('BEGIN').send(sql)).toMatchObject({
      source: 'sqlalchemy',
      construct,
      confidence: 'strong',
    });
  });
});

describe('on a connection nothing is known of', () => {
  test.each([
    ['SELECT "a"."id" FROM "a"', 'django-orm', 'weak'],
    ['SELECT COUNT(*) AS "__count" FROM "a"', 'django-orm', 'strong'],
    ['SELECT t.id \nFROM t', 'sqlalchemy', 'strong'],
    ["INSERT INTO t (a, b) VALUES ('x', 1)", 'sqlalchemy', 'weak'],
    ['select * from t', 'raw', 'weak'],
    ['SELECT now()', 'raw', 'weak'],
  ])('%s is %s, %s', (sql, source, confidence) => {
    expect(new Connection().send(sql)).toMatchObject({ source, confidence });
  });
});

describe('tags and tools', () => {
  test('db_framework is certain, whatever the text', () => {
    expect(new Connection().send("select 1 from t /*db_framework='sqlalchemy%3A2.0'*/")).toMatchObject({
      source: 'sqlalchemy',
      construct: 'text',
      confidence: 'certain',
    });
  });

  test("the package's own tag is certain against everything else", () => {
    const sql = 'SELECT "a"."id" FROM "a" /*pgwitness_source=\'raw\'*/';
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'raw', confidence: 'certain' });
  });

  test("a driver's tag proves no library", () => {
    const verdict = new Connection().send("select 1 from t /*db_driver='psycopg2%3A2.9.5',dbapi_level='2.0'*/");
    expect(verdict).toMatchObject({ source: 'raw', confidence: 'weak' });
  });

  test('what Rails tagged is not claimed', () => {
    expect(new Connection().send('select 1 from t /*application:Shop,controller:books*/').source).toBe('unknown');
  });

  test('what psql sends is the tool', () => {
    expect(new Connection({ user: 'a', application_name: 'psql' }).send('select * from t').source).toBe('tool');
  });
});

test('every verdict names what it saw, without a literal', () => {
  const verdict = new Connection().send("select * from t where password = 'hunter2'");
  expect(verdict.evidence.length).toBeGreaterThan(0);
  expect(JSON.stringify(verdict)).not.toContain('hunter2');
});

test('equal subjects share one verdict', () => {
  expect(djangoConnection().send('select 2 from t')).toBe(djangoConnection().send('select 3 from other'));
});

describe('text() in the form of Django on a connection of SQLAlchemy alone', () => {
  const text = 'SELECT "a"."id" FROM "a" WHERE "a"."id" = 3';

  test('is text()', () => {
    const connection = sqlalchemyConnection().run('BEGIN', 'SELECT t.id \nFROM t', text);
    expect(connection.send(text)).toMatchObject({ source: 'sqlalchemy', construct: 'text' });
    expect(connection.profile.standing).toMatchObject({ owner: 'sqlalchemy', shared: false });
  });

  test('is the ORM where statements run outside of transactions too: the connection was lent', () => {
    const connection = new Connection().run('select pg_catalog.version()', 'SELECT t.id \nFROM t', text);
    expect(connection.send(text)).toMatchObject({ source: 'django-orm', construct: 'queryset' });
    expect(connection.profile.standing.shared).toBe(true);
  });
});
