// Other frameworks: texts in the form they were seen in on the wire, with names of our own.

import { describe, expect, test } from 'vitest';
import { Connection, DJANGO_STARTUP, djangoConnection, shape, sqlalchemyConnection } from './shape.js';

const ASYNCPG_STARTUP = { client_encoding: "'utf-8'", user: 'app', database: 'app' };

describe('texts that only one framework writes', () => {
  test.each([
    [
      'peewee',
      'SELECT "t1"."id", "t1"."name" FROM "person" AS "t1" WHERE ("t1"."age" > 0) ORDER BY "t1"."name" DESC LIMIT 2',
    ],
    ['peewee', 'SELECT "t1"."id" FROM "pet" AS "t1" INNER JOIN "person" AS "t2" ON ("t1"."owner_id" = "t2"."id")'],
    ['peewee', 'SAVEPOINT "sbc3e65ed3c6947fc8c560c27e25554cd";'],
    ['pony', 'SELECT "p"."id", "p"."name"\nFROM "person" "p"\nWHERE "p"."age" > 1'],
    ['tortoise', 'SELECT "n","id","name" FROM "tour" WHERE "n">$1 ORDER BY "name" DESC LIMIT $2'],
    ['tortoise', 'UPDATE "tour" SET "n"="n"+$1 WHERE "id"=$2'],
    [
      'piccolo',
      'SELECT ALL "band"."name" AS "name" FROM "band" WHERE "band"."pop" > $1 ORDER BY "band"."name" ASC LIMIT 3',
    ],
    ['piccolo', 'INSERT INTO "band" ("id","name","pop") VALUES (DEFAULT,$1,$2) RETURNING "id"'],
    ['sqlobject', 'SELECT person.id, person.name FROM person WHERE ((person.age) > (1))'],
    ['other', 'CREATE TABLE IF NOT EXISTS "person" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL)'],
    ['other', 'CREATE UNIQUE INDEX IF NOT EXISTS "person_name" ON "person" ("name")'],
    ['other', 'SELECT "id", "name" FROM "Users" AS "User" WHERE "User"."id" = 1'],
    ['other', 'SELECT "User"."id" AS "User_id" FROM "user" "User" WHERE "User"."id" = $1'],
    ['other', 'INSERT INTO "tour" ("name","n") VALUES ($1,$2) RETURNING "id"'],
  ])('%s: %s', (framework, sql) => {
    expect(shape(sql)).toMatchObject({ framework });
    expect(new Connection().send(sql).source).toBe(sql.startsWith('SAVEPOINT') ? 'housekeeping' : 'unknown');
  });

  test.each([
    'SELECT ALL name FROM t',
    'SELECT "t1"."id" FROM "person" "t1" JOIN people ON ("t1"."id" = people.id)',
    'select "t1"."id" from "person" as "t1"',
    'SELECT a.id FROM a AS t1',
    'SELECT "name", "n" FROM "tour"',
    'SELECT (a.b) FROM a WHERE (a.b) = 1',
    'SAVEPOINT "s140309073522752_x1"',
    'CREATE TABLE IF NOT EXISTS person (id serial)',
    'SELECT "a"."id" FROM "a" WHERE "a"."id" IN (SELECT U0."b_id" AS "b" FROM "b" U0)',
    'SELECT "a"."id" FROM "a" WHERE "a"."id" IN (SELECT "U0"."b_id" AS "b" FROM "b" "U0")',
    'SELECT t.id \nFROM "T" AS t_1',
    'INSERT INTO t (a, b) VALUES (1, 2)',
  ])('%s is nobody’s', (sql) => {
    expect(shape(sql).framework).toBe('');
  });
});

describe('a connection of another framework', () => {
  const peewee = () => new Connection().run('SELECT "t1"."id" FROM "person" AS "t1"');

  test('gives its name, and what it quotes as Django does is unknown', () => {
    expect(peewee().profile.standing).toMatchObject({ owner: 'peewee', strength: 'strong', framework: 'peewee' });
    const verdict = peewee().send('UPDATE "person" SET "age" = 7 WHERE ("person"."id" = 1)');
    expect(verdict).toMatchObject({ source: 'unknown', confidence: 'weak' });
    expect(verdict.evidence[0].saw).toContain('peewee');
  });

  test('what has no quoted name was written by hand', () => {
    expect(peewee().send('select * from person where age > 2')).toMatchObject({ source: 'raw' });
  });

  test('its first statements, in Django’s form, are as its later ones: they wait for each other', () => {
    const connection = new Connection();
    const first = shape('INSERT INTO "person" ("name") VALUES (\'a\') RETURNING "person"."id"');
    connection.run('INSERT INTO "person" ("name") VALUES (\'a\') RETURNING "person"."id"');
    expect(connection.profile.standing).toMatchObject({ owner: 'django', strength: 'weak' });
    connection.run('SELECT "t1"."id" FROM "person" AS "t1"');
    expect(first.django).toBe('own');
    expect(connection.send('DELETE FROM "person" WHERE "person"."id" = 1').source).toBe('unknown');
  });

  test('on asyncpg nothing is Django’s', () => {
    const sql = 'SELECT "a"."id", "a"."name" FROM "a" WHERE "a"."id" = $1';
    const verdict = new Connection(ASYNCPG_STARTUP).send(sql, {
      protocol: 'extended',
      statementName: '__asyncpg_stmt_1__',
    });
    expect(verdict).toMatchObject({ source: 'unknown' });
    expect(verdict.evidence[0].saw).toContain('asyncpg');
    expect(new Connection(ASYNCPG_STARTUP).send('select * from a').source).toBe('raw');
  });

  test('on a driver that is not Python’s neither', () => {
    const sql = 'SELECT "a"."id" FROM "a" WHERE "a"."id" = $1';
    const connection = new Connection();
    connection.send(sql, { protocol: 'extended', statementName: 's1' });
    expect(connection.send(sql, { protocol: 'extended', statementName: 's1' }).source).toBe('unknown');
    expect(new Connection().send(sql, { protocol: 'extended' }).source).toBe('django-orm');
  });

  test('what SQLAlchemy alone writes stays its own', () => {
    expect(peewee().send('SELECT t.id \nFROM t').source).toBe('sqlalchemy');
  });

  test('state over a restart', async () => {
    const { ConnectionProfile } = await import('../../analyzer/attribution/connection/connection-profile.js');
    const { profile } = peewee();
    const restored = ConnectionProfile.restore(JSON.parse(JSON.stringify(profile.snapshot())));
    expect(restored.standing).toEqual(profile.standing);
  });
});

describe('a text in another framework’s form on a connection that is surely known', () => {
  const sql = 'SELECT "t1"."id" FROM "person" AS "t1"';

  test('was written by hand', () => {
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'raw', confidence: 'strong' });
    expect(sqlalchemyConnection().run('BEGIN').send(sql)).toMatchObject({ source: 'sqlalchemy', construct: 'text' });
  });

  test('not where the startup packet alone speaks for Django', () => {
    expect(new Connection(DJANGO_STARTUP).send(sql)).toMatchObject({ source: 'unknown' });
  });
});

describe('behind a pooler', () => {
  const pooled = () => new Connection({ database: 'app', user: 'app' });

  test('the startup packet, or settings it restores, tell of it', () => {
    expect(pooled().profile.standing).toMatchObject({ shared: true });
    expect(new Connection().run("SET TimeZone='UTC';").profile.standing).toMatchObject({ shared: true });
    expect(new Connection().run("SET TIME ZONE 'UTC'").profile.standing).toMatchObject({ shared: false });
    expect(new Connection({ database: 'app' }).profile.standing).toMatchObject({ shared: false });
  });

  test('nothing that only a connection could prove is said strongly', () => {
    const django = pooled().run("SELECT set_config('TimeZone', 'UTC', false)", 'SELECT 1 AS "a" FROM "a" LIMIT 1');
    expect(django.send('DELETE FROM "a" WHERE "a"."id" = 1')).toMatchObject({
      source: 'django-orm',
      confidence: 'weak',
    });
    expect(django.send('SELECT COUNT(*) AS "__count" FROM "a"')).toMatchObject({ confidence: 'strong' });
    expect(django.send('select * from a')).toMatchObject({ source: 'raw', construct: '', confidence: 'weak' });
    expect(django.send('SELECT t.id \nFROM t')).toMatchObject({ source: 'sqlalchemy', confidence: 'strong' });
  });

  test('SQL by hand is not given to SQLAlchemy', () => {
    const connection = pooled().run('BEGIN', 'select pg_catalog.version()', 'SELECT t.id \nFROM t');
    for (const sql of ['select * from t', 'SELECT now()', "INSERT INTO t (a) VALUES ('x')"]) {
      const verdict = connection.send(sql);
      expect(verdict).toMatchObject({ source: 'raw', confidence: 'weak' });
      expect(verdict.evidence.map(({ saw }) => saw).join()).toContain('pooler');
    }
  });

  test('another framework is told by its text', () => {
    const connection = pooled().run("SELECT set_config('TimeZone', 'UTC', false)");
    expect(connection.send('SELECT "t1"."id" FROM "person" AS "t1"').source).toBe('unknown');
  });
});
