// Shown texts, verb by verb, and texts that are one statement.

import { describe, expect, test } from 'vitest';
import { identify, keyOf, shown } from './identify.js';

describe('shown text', () => {
  test.each<[string, string]>([
    // Literals
    ["SELECT a FROM t WHERE b = 'x' AND c = 1.5 AND d = $1", 'SELECT a FROM t WHERE b = ? AND c = ? AND d = ?'],
    ["SELECT E'a\\'b', B'01', X'ff', N'n', U&'d', $$x$$, $t$y$t$", 'SELECT ?, ?, ?, ?, ?, ?, ?'],
    ["SELECT 'a'\n  'b', U&'d!0061' UESCAPE '!'", 'SELECT ?, ?'],
    ['SELECT a[-1], -1::int, b-1, count(*) - 1, b > -5', 'SELECT a[?], -?::int, b-?, count(*) - ?, b > ?'],
    ["SELECT date '2020-01-01', interval '1 day', '{}'::jsonb ? 'k'", 'SELECT date ?, interval ?, ?::jsonb ? ?'],
    // Comments and spacing
    ['/* a */ SELECT\t1 -- b\n  FROM t /* c */ ; ;', 'SELECT ? FROM t'],
    ['SELECT/**/a,b', 'SELECT a,b'],
    ['SELECT "a b" , "c""d"', 'SELECT "a b" , "c""d"'],
    // Lists
    ['SELECT 1 FROM t WHERE a IN (1, -2, $3, NULL)', 'SELECT ? FROM t WHERE a IN (?)'],
    [
      "SELECT 1 FROM t WHERE a IN ('a'::text, 'b'::character varying(10), 'c'::pg_catalog.\"char\")",
      'SELECT ? FROM t WHERE a IN (?)',
    ],
    ['SELECT 1 FROM t WHERE (a, b) IN ((1, 2), (3, 4))', 'SELECT ? FROM t WHERE (a, b) IN ((?, ?))'],
    ['SELECT 1 FROM t WHERE a IN (f(1), f(2), g(1), f(3))', 'SELECT ? FROM t WHERE a IN (f(?), g(?))'],
    ['SELECT 1 FROM t WHERE a IN (SELECT 1, 1 FROM u)', 'SELECT ? FROM t WHERE a IN (SELECT ?, ? FROM u)'],
    [
      'SELECT 1 FROM t WHERE a NOT IN ((SELECT 1), (SELECT 2))',
      'SELECT ? FROM t WHERE a NOT IN ((SELECT ?), (SELECT ?))',
    ],
    ['SELECT ARRAY[1, 2], ARRAY[[1, 2], [3, 4]], ARRAY[]::int[]', 'SELECT ARRAY[?], ARRAY[[?], [?]], ARRAY[]::int[]'],
    ['SELECT ARRAY[f(1), f(2)]', 'SELECT ARRAY[f(?), f(?)]'],
    ['SELECT f(1, 2), (1, 2)', 'SELECT f(?, ?), (?, ?)'],
    ['VALUES (1, 2), (3, 4) ORDER BY 1', 'VALUES (?, ?) ORDER BY ?'],
    // Verbs
    [
      "INSERT INTO t (a, b) VALUES (1, 'x'), (-2, NULL), (3, DEFAULT) RETURNING id",
      'INSERT INTO t (a, b) VALUES (?, ?) RETURNING id',
    ],
    [
      'INSERT INTO t VALUES (1, now()), (2, now()) ON CONFLICT (a) DO UPDATE SET b = 3',
      'INSERT INTO t VALUES (?, now()) ON CONFLICT (a) DO UPDATE SET b = ?',
    ],
    ['INSERT INTO t VALUES (1, (SELECT 2)), (3, (SELECT 4))', 'INSERT INTO t VALUES (?, (SELECT ?))'],
    [
      "UPDATE t SET a = CASE WHEN id = 1 THEN 'x' WHEN id = 2 THEN 'y' ELSE NULL END",
      'UPDATE t SET a = CASE WHEN id = ? THEN ? ELSE NULL END',
    ],
    [
      'UPDATE t SET a = CASE b WHEN 1 THEN CASE WHEN c THEN 2 END END',
      'UPDATE t SET a = CASE b WHEN ? THEN CASE WHEN c THEN ? END END',
    ],
    ['DELETE FROM t WHERE id = 5', 'DELETE FROM t WHERE id = ?'],
    ['FETCH FORWARD 2000 FROM "_django_curs_139_sync_1"', 'FETCH FORWARD ? FROM "_django_curs_?"'],
    ['FETCH -5 FROM c1;', 'FETCH -? FROM ?'],
    ['FETCH ALL FROM c1', 'FETCH ALL FROM ?'],
    ['MOVE 3 IN "c 1"', 'MOVE ? IN ?'],
    ['DECLARE c1 NO SCROLL CURSOR FOR SELECT 1', 'DECLARE ? NO SCROLL CURSOR FOR SELECT ?'],
    ['DECLARE "_django_curs_1_x_2" CURSOR FOR SELECT 1', 'DECLARE "_django_curs_?" CURSOR FOR SELECT ?'],
    ['CLOSE c1', 'CLOSE ?'],
    ['CLOSE ALL', 'CLOSE ALL'],
    ['SAVEPOINT "s140_x1"', 'SAVEPOINT ?'],
    ['RELEASE s1', 'RELEASE ?'],
    ['RELEASE SAVEPOINT s1', 'RELEASE SAVEPOINT ?'],
    ['ROLLBACK TO s1', 'ROLLBACK TO ?'],
    ['ROLLBACK WORK TO SAVEPOINT "s 1"', 'ROLLBACK WORK TO SAVEPOINT ?'],
    ['ROLLBACK AND CHAIN', 'ROLLBACK AND CHAIN'],
    ['PREPARE p (int) AS SELECT 1 + $1', 'PREPARE ? (int) AS SELECT ? + ?'],
    ["PREPARE TRANSACTION 'x'", 'PREPARE TRANSACTION ?'],
    ["EXECUTE p (1, 'x')", 'EXECUTE ? (?, ?)'],
    ['EXPLAIN (ANALYZE, BUFFERS) EXECUTE p(1)', 'EXPLAIN (ANALYZE, BUFFERS) EXECUTE ?(?)'],
    ['CREATE TABLE x AS EXECUTE p(1)', 'CREATE TABLE x AS EXECUTE ?(?)'],
    [
      'CREATE TRIGGER a AFTER INSERT ON b EXECUTE FUNCTION f()',
      'CREATE TRIGGER a AFTER INSERT ON b EXECUTE FUNCTION f()',
    ],
    ['DEALLOCATE PREPARE p', 'DEALLOCATE PREPARE ?'],
    ['DEALLOCATE ALL', 'DEALLOCATE ALL'],
    ['SET search_path TO a, "b", \'c\'', 'SET search_path TO ?'],
    ['SET LOCAL "app.x" = abc', 'SET LOCAL "app.x" = ?'],
    ['SET SESSION app.y = on', 'SET SESSION app.y = ?'],
    ['SET x TO DEFAULT', 'SET x TO DEFAULT'],
    ["SET TIME ZONE INTERVAL '1' HOUR", 'SET TIME ZONE ?'],
    ['SET TIME ZONE LOCAL', 'SET TIME ZONE LOCAL'],
    ['SET ROLE tenant_1', 'SET ROLE ?'],
    ['SET SESSION AUTHORIZATION "u 1"', 'SET SESSION AUTHORIZATION ?'],
    ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'],
    ['ALTER ROLE r SET work_mem = abc', 'ALTER ROLE r SET work_mem = ?'],
    ['ALTER TABLE t ALTER a SET DEFAULT 5', 'ALTER TABLE t ALTER a SET DEFAULT ?'],
    ['BEGIN; SAVEPOINT a; SELECT 1', 'BEGIN; SAVEPOINT ?; SELECT ?'],
    ['COPY t FROM STDIN', 'COPY t FROM STDIN'],
    // Broken text
    ["SELECT 1, 'abc", 'SELECT ?, ?'],
    ['SELECT "abc', 'SELECT ?'],
    ['SELECT 1 /* abc', 'SELECT ?'],
    ['SELECT \u0001, "a\u0002"', 'SELECT \ufffd, "a\ufffd"'],
    ['', ''],
  ])('%s', (sql, expected) => {
    expect(shown(sql)).toBe(expected);
  });

  test('is cut at 8 KiB', () => {
    const { query } = identify(`SELECT ${Array.from({ length: 3000 }, (_, i) => `column_${i}`).join(', ')}`);
    expect(Buffer.byteLength(query)).toBeLessThan(8200);
    expect(query).toMatch(/, …$/);
  });
});

describe('one key', () => {
  test.each<[string, string, string]>([
    ['number of list elements', 'SELECT a IN (1)', 'SELECT a IN (1,2,3)'],
    ['number of rows', "INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (1, 'a'), (2, NULL), ($1, 'x'::text)"],
    ['sign', 'SELECT a FROM t WHERE a > 1', 'SELECT a FROM t WHERE a > -1'],
    ['comments', 'SELECT 1 /* a */', '/* b */ SELECT 1 -- c'],
    ['spacing', 'SELECT  1\n FROM\tt', 'SELECT 1 FROM t'],
    ['trailing semicolons', 'SELECT 1', 'SELECT 1 ; ;'],
    ['parameter numbers', 'SELECT $1', 'SELECT $22'],
    ['arms of CASE', 'SELECT CASE WHEN a=1 THEN 2 END', 'SELECT CASE WHEN a=1 THEN 2 WHEN a=3 THEN 4 END'],
  ])('whatever the %s', (_, one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
  });
});

describe('different keys', () => {
  test.each<[string, string, string]>([
    ['literal and parameter', 'SELECT 1', 'SELECT $1'],
    ['string and number', 'SELECT 1', "SELECT 'a'"],
    ['scalar and row elements', 'SELECT a IN (1)', 'SELECT a IN ((1, 2))'],
    ['widths of rows', 'SELECT a IN ((1, 2))', 'SELECT a IN ((1, 2, 3))'],
    ['tables', 'SELECT 1 FROM a', 'SELECT 1 FROM b'],
    ['case of keywords', 'SELECT a', 'select a'],
    ['a text and its unterminated twin', "SELECT 'a'", "SELECT 'a"],
    ['a control byte and a literal', "SELECT 'a'", 'SELECT \u0001'],
    ["Django's cursors and others", 'CLOSE "_django_curs_1"', 'CLOSE c'],
    ['a dropped sign under a cast', 'SELECT a > -1::int', 'SELECT a > 1::int'],
  ])('%s', (_, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });
});

test.each([
  ['lists', `SELECT a IN ${'(1, f IN '.repeat(20_000)}`],
  ['rows', `VALUES ${"(1, 'a', f(1)), ".repeat(20_000)}(1)`],
  ['unlike elements', `SELECT a IN (${Array.from({ length: 20_000 }, (_, i) => `a${i % 7}`).join(', ')})`],
  ['arms', `SELECT ${'CASE WHEN a THEN '.repeat(20_000)}`],
  ['statements', 'SAVEPOINT a; FETCH 1 FROM b; SET a = b; '.repeat(10_000)],
  ['unfinished statements', 'EXPLAIN ( '.repeat(20_000)],
  ['unfinished options', 'EXPLAIN (; PREPARE; '.repeat(20_000)],
  ['wrong brackets', '('.repeat(150_000) + ']'.repeat(150_000)],
  ['unopened brackets', `CASE ${')'.repeat(150_000)}`],
])('hundreds of kilobytes of %s are normalised to their end', (_, text) => {
  expect(keyOf(text).length).toBeGreaterThan(0);
});

test('layouts of one key are two entries with one fingerprint', () => {
  const one = identify('SELECT a FROM t');
  const other = identify('SELECT a \nFROM t');
  expect(other).not.toBe(one);
  expect(other.key).toBe(one.key);
  expect(other.fingerprint).toBe(one.fingerprint);
});

test('the length of a folded list does not show in the layout', () => {
  expect(identify('SELECT a IN (1, 2, -3)')).toBe(identify('SELECT a IN (1)'));
  expect(identify('VALUES (1, 2), (3, 4)')).toBe(identify('VALUES (1, 2)'));
});

test.each([
  ['VALUES (1, 2),\n(3, 4)', 'VALUES (1, 2)'],
  ['SELECT a IN (1,2)', 'SELECT a IN (1, 2)'],
  ['SELECT a IN (null)', 'SELECT a IN (NULL)'],
  ["SELECT a IN ('x'::uuid)", "SELECT a IN ('x'::UUID)"],
  ['VALUES ($1)', 'VALUES (1)'],
  ['VALUES ($1::INTEGER)', 'VALUES ($1)'],
])('how its constants are written does: %j is not %j, under one id', (one, other) => {
  expect(identify(one)).not.toBe(identify(other));
  expect(identify(one).fingerprint).toBe(identify(other).fingerprint);
  expect(identify(one)).toBe(identify(one));
});
