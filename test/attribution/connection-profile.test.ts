// A connection's profile: the driver and library that its first statements and names show.

import { describe, expect, test } from 'vitest';
import { ConnectionProfile } from '../../analyzer/attribution/connection/connection-profile.js';
import { Siblings } from '../../analyzer/attribution/connection/siblings.js';
import { Connection, DJANGO_STARTUP, djangoConnection, sqlalchemyConnection } from './shape.js';

const ASYNCPG_STARTUP = { client_encoding: "'utf-8'", user: 'app', database: 'app' };

function standing(connection: Connection): string {
  const { owner, strength } = connection.profile.standing;
  return `${owner} ${strength}`;
}

describe('who opened a connection', () => {
  test.each([
    ['nothing yet', new Connection(), 'unknown none'],
    ['startup of Django 4.2.1 and later', new Connection(DJANGO_STARTUP), 'django weak'],
    ['time zone set first, Django 3.2', new Connection().run("SET TIME ZONE 'UTC'"), 'django strong'],
    ['time zone set first, Django 4.2', djangoConnection(), 'django strong'],
    ["Django's savepoint", new Connection().run('BEGIN', 'SAVEPOINT "s140672773451840_x1"'), 'django strong'],
    ["Django's cursor", new Connection().run('FETCH FORWARD 2000 FROM "_django_curs_1_sync_1"'), 'django strong'],
    ['text in the form of its compiler', new Connection().run('SELECT "a"."id" FROM "a"'), 'django weak'],
    ['what only its compiler writes', new Connection().run('SELECT 1 AS "a" FROM "a" LIMIT 1'), 'django strong'],
    ['startup and form', new Connection(DJANGO_STARTUP).run('SELECT "a"."id" FROM "a"'), 'django strong'],
    ['first connection of an Engine', sqlalchemyConnection(), 'sqlalchemy strong'],
    ['savepoint of SQLAlchemy', new Connection().run('BEGIN', 'SAVEPOINT sa_savepoint_1'), 'sqlalchemy strong'],
    [
      'cursor of SQLAlchemy',
      new Connection().run('BEGIN', 'FETCH FORWARD 5 FROM "c_7fcbd6eb0d10_1"'),
      'sqlalchemy strong',
    ],
    ['its compiler', new Connection().run('BEGIN', 'SELECT t.id \nFROM t'), 'sqlalchemy strong'],
    ['startup of asyncpg', new Connection(ASYNCPG_STARTUP), 'asyncpg weak'],
    [
      "asyncpg's pool",
      new Connection(ASYNCPG_STARTUP).run('SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;'),
      'asyncpg strong',
    ],
    [
      'SQLAlchemy on asyncpg',
      new Connection(ASYNCPG_STARTUP).run('BEGIN;', 'select pg_catalog.version()'),
      'sqlalchemy strong',
    ],
    ['savepoint of psycopg 3', new Connection().run('BEGIN', 'SAVEPOINT "_pg3_2"'), 'psycopg3 weak'],
    ['psql', new Connection({ user: 'a', database: 'a', application_name: 'psql' }), 'psql strong'],
    ['a Django tag', new Connection().run("select 1 /*framework='django%3A5.2'*/"), 'django strong'],
    ['a SQLAlchemy tag', new Connection().run("select 1 /*db_framework='sqlalchemy%3A2.0'*/"), 'sqlalchemy certain'],
    ['hand-written SQL only', new Connection().run('BEGIN', 'select 1 from t', 'ROLLBACK'), 'unknown none'],
  ])('%s', (_name, connection, expected) => {
    expect(standing(connection)).toBe(expected);
  });

  test('a time zone set later proves nothing', () => {
    expect(standing(new Connection().run('select 2', "SET TIME ZONE 'UTC'"))).toBe('unknown none');
  });

  test('names of prepared statements tell the driver', () => {
    const connection = new Connection();
    connection.send('select $1', { protocol: 'extended', statementName: '_pg3_0' });
    expect(connection.profile.driver).toBe('psycopg3');
  });
});

describe('two libraries on one connection', () => {
  test('it stays with the one that opened it, and each keeps what is its own', () => {
    const connection = new Connection().run("SET TIME ZONE 'UTC'", 'select pg_catalog.version()');
    expect(connection.send('SELECT t.id \nFROM t')).toMatchObject({ source: 'sqlalchemy', confidence: 'strong' });
    for (const sql of ['select name from t where id=1', 'SELECT now()', "INSERT INTO t (name) VALUES ('a')"])
      expect(connection.send(sql)).toMatchObject({ source: 'raw', confidence: 'weak' });
    expect(connection.send('SELECT COUNT(*) AS "__count" FROM "a"')).toMatchObject({
      source: 'django-orm',
      confidence: 'strong',
    });
    expect(connection.profile.standing).toMatchObject({ owner: 'django', shared: true });
  });
});

describe('revision', () => {
  test('a change of a strong owner is counted', () => {
    const connection = new Connection().run(
      'SELECT t.id \nFROM t',
      "select 1 /*framework='django%3A5.2'*/",
      'SAVEPOINT "s1_x1"',
    );
    expect(connection.profile.standing.shared).toBe(true);
    const other = new Connection({ ...ASYNCPG_STARTUP }).run(
      'SELECT pg_advisory_unlock_all();',
      'SAVEPOINT sa_savepoint_1',
    );
    expect(other.profile.revisions).toBe(1);
  });
});

describe('state over a restart', () => {
  test('a restored profile stands as it stood and goes on', () => {
    const connection = djangoConnection().run('BEGIN');
    const restored = ConnectionProfile.restore(JSON.parse(JSON.stringify(connection.profile.snapshot())));
    expect(restored.standing).toBe(connection.profile.standing);
    expect(restored.inTransaction).toBe(true);
    expect(restored.statements).toBe(2);
  });

  test('holds no text', () => {
    const connection = new Connection({ user: 'app', database: 'app', application_name: 'secret-name' }).run(
      "select 'hunter2' from t",
    );
    expect(JSON.stringify(connection.profile.snapshot())).not.toMatch(/hunter2|secret/);
  });
});

describe('connections that began alike', () => {
  test('a later connection of an Engine is known by the first', () => {
    const siblings = new Siblings();
    const first = new Connection(undefined, siblings).run('BEGIN', 'select pg_catalog.version()', 'ROLLBACK');
    const later = new Connection(undefined, siblings).run('BEGIN');
    expect(standing(first)).toBe('sqlalchemy strong');
    expect(later.send('select count(*) from t')).toMatchObject({
      source: 'sqlalchemy',
      construct: 'text',
      confidence: 'weak',
    });
  });

  test('the library goes before its driver', () => {
    const siblings = new Siblings();
    new Connection(ASYNCPG_STARTUP, siblings).run('BEGIN;', 'select pg_catalog.version()');
    expect(standing(new Connection(ASYNCPG_STARTUP, siblings).run('BEGIN;', 'select 1 from t'))).toBe(
      'sqlalchemy weak',
    );
  });

  test('what runs outside transactions is not taken for one', () => {
    const siblings = new Siblings();
    new Connection(undefined, siblings).run('SAVEPOINT sa_savepoint_1');
    const other = new Connection(undefined, siblings).run('select 1 from t', 'BEGIN', 'select 2 from t');
    expect(standing(other)).toBe('unknown none');
  });

  test('another startup packet is another application', () => {
    const siblings = new Siblings();
    new Connection(undefined, siblings).run('SAVEPOINT sa_savepoint_1');
    expect(standing(new Connection({ user: 'other' }, siblings).run('BEGIN', 'select 1 from t'))).toBe('unknown none');
  });
});

test('habits are seen', () => {
  const connection = sqlalchemyConnection().run('BEGIN', 'SELECT t.id \nFROM t', 'ROLLBACK');
  connection.send('SELECT 1', { transactionBefore: 'I' });
  expect(connection.profile.habits).toEqual(['ROLLBACK on return', 'every session begins with BEGIN']);
  connection.send('SELECT 1', { transactionBefore: 'I' });
  expect(connection.profile.habits).toEqual(expect.arrayContaining(['ROLLBACK on return', 'pre-ping (SELECT 1)']));
});

test('a ping after an error is no habit: Django asks so whether the connection still works', () => {
  const connection = new Connection(DJANGO_STARTUP);
  connection.send('SELECT nonsense', { transactionBefore: 'I', failed: true });
  connection.send('SELECT 1', { transactionBefore: 'I' });
  connection.send('SELECT 1', { transactionBefore: 'I' });
  expect(connection.profile.habits).not.toContain('pre-ping (SELECT 1)');
  connection.send('SELECT 1', { transactionBefore: 'I' });
  expect(connection.profile.habits).toContain('pre-ping (SELECT 1)');
});

describe('what was revised is to be seen', () => {
  const evidence = (connection: Connection) => connection.profile.standing.evidence.map(({ saw }) => saw);

  test('another owner after a sure one: counted, and told with what it was first taken for', () => {
    const connection = new Connection(ASYNCPG_STARTUP);
    connection.run('SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;');
    expect(connection.profile.revisions).toBe(0);
    connection.run('BEGIN;', 'select pg_catalog.version()');
    expect(connection.profile.revisions).toBe(1);
    expect(evidence(connection)).toContain("revised: it was first taken for asyncpg's connection");
  });

  test('a second library on the connection', () => {
    const connection = djangoConnection().run('SELECT "a"."id" FROM "a"', 'SELECT t.id \nFROM t');
    expect(evidence(connection)).toContain('Django and SQLAlchemy both speak on this connection');
  });
});

test('a connection that also runs statements outside of transactions does not begin everything', () => {
  expect(new Connection().run('BEGIN', 'COMMIT', 'select 1 from t').profile.habits).toEqual([
    'statements outside transactions',
  ]);
});
