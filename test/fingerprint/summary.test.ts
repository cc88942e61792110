// Summaries in OpenTelemetry's form: operations and targets in text order.

import { expect, test } from 'vitest';
import { identify } from './identify.js';

test.each<[string, string]>([
  ['SELECT * FROM shop_book', 'SELECT shop_book'],
  ['SELECT * FROM "shop_book" INNER JOIN "shop_author" ON ("a" = "b") WHERE "c" = 1', 'SELECT shop_book shop_author'],
  ['select * from Shop.Book b, "Other Table" AS o', 'SELECT Shop.Book Other Table'],
  ['SELECT * FROM (SELECT * FROM a) x LEFT OUTER JOIN b USING (id)', 'SELECT SELECT a b'],
  ['SELECT * FROM ONLY a, LATERAL (SELECT 1) x, f(1) y, c', 'SELECT a SELECT c'],
  ['SELECT * FROM (a JOIN b ON a.x = b.x) JOIN c ON true', 'SELECT a b c'],
  ['SELECT extract(year FROM d), trim(both FROM e) FROM a WHERE b IS DISTINCT FROM c', 'SELECT a'],
  ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u) FOR UPDATE OF v', 'SELECT t SELECT u'],
  ['SELECT a FROM t GROUP BY b, c ORDER BY d, e', 'SELECT t'],
  ['(SELECT a FROM b) UNION ALL (SELECT c FROM d)', 'SELECT b SELECT d'],
  [
    'WITH x AS (SELECT * FROM a), y (c) AS MATERIALIZED (SELECT * FROM x) SELECT * FROM x, y, z',
    'SELECT a SELECT SELECT z',
  ],
  ['WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x', 'DELETE a INSERT b SELECT'],
  ['INSERT INTO "t" ("a", "b") VALUES (1, 2) ON CONFLICT DO UPDATE SET a = 1', 'INSERT t'],
  ['INSERT INTO t SELECT * FROM s', 'INSERT t SELECT s'],
  ['UPDATE ONLY t SET a = 1 FROM u, v WHERE t.id = u.id', 'UPDATE t u v'],
  ['DELETE FROM t USING u WHERE t.a = u.a', 'DELETE t u'],
  ['MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN UPDATE SET y = 1', 'MERGE a b'],
  ['EXPLAIN ANALYZE SELECT * FROM t', 'EXPLAIN SELECT t'],
  ['DECLARE c CURSOR FOR SELECT * FROM t', 'DECLARE SELECT t'],
  ['PREPARE p AS SELECT * FROM t', 'PREPARE SELECT t'],
  ['CREATE TABLE IF NOT EXISTS "a" ("id" int)', 'CREATE TABLE a'],
  ['CREATE TABLE a AS SELECT * FROM b', 'CREATE TABLE a SELECT b'],
  ['CREATE OR REPLACE VIEW v AS SELECT * FROM t', 'CREATE VIEW v SELECT t'],
  ['CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (a)', 'CREATE INDEX i s.t'],
  ['CREATE INDEX ON t (a)', 'CREATE INDEX t'],
  ['ALTER TABLE ONLY t ADD COLUMN c int', 'ALTER TABLE t'],
  ['DROP TABLE IF EXISTS a, b CASCADE', 'DROP TABLE a b'],
  ['TRUNCATE TABLE a, b', 'TRUNCATE a b'],
  ['COPY t (a) FROM STDIN', 'COPY t'],
  ['COPY (SELECT * FROM t) TO STDOUT', 'COPY SELECT t'],
  ['CALL p(1)', 'CALL p'],
  ["CREATE ROLE r PASSWORD 'x'", 'CREATE ROLE'],
  ['SET search_path TO a', 'SET'],
  ['SAVEPOINT a', 'SAVEPOINT'],
  ['FETCH 1 FROM c', 'FETCH'],
  ['GRANT SELECT ON t TO r', 'GRANT'],
  ['BEGIN; SELECT * FROM t; COMMIT', 'BEGIN SELECT t COMMIT'],
  ['', ''],
])('%s', (sql, expected) => {
  expect(identify(sql).summary).toBe(expected);
});

test('is cut between words at 255 characters', () => {
  const { summary } = identify(`SELECT * FROM ${Array.from({ length: 100 }, (_, i) => `table_${i}`).join(', ')}`);
  expect(summary.length).toBeLessThanOrEqual(255);
  expect(summary).toMatch(/^SELECT table_0 .* table_\d+$/);
});
