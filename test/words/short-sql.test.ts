// Statements as lists and titles say them: what differs between two of them is what is left.

import { expect, test } from 'vitest';
import { mainTableOf, shortSql } from '../../facts/words/short-sql.js';
import { laidOut } from '../../facts/words/sql-pieces.js';
import { tableOf, titleOf } from '../../facts/words/titles.js';

test.each([
  [
    'SELECT "store_product"."id", "store_product"."sku", "store_product"."name" FROM "store_product" INNER JOIN "store_category" ON ("store_product"."category_id" = "store_category"."id") LEFT OUTER JOIN "x" ON (? = ?) WHERE "store_product"."id" = ? ORDER BY "store_category"."name" ASC LIMIT ?',
    'SELECT … FROM "store_product" JOIN … WHERE "id" = ? ORDER BY "store_category"."name" ASC LIMIT ?',
  ],
  [
    'SELECT p.sku, p.name, (SELECT max(o.placed) FROM store_order o WHERE o.x = p.id) FROM store_product p WHERE p.id = ?',
    'SELECT … FROM store_product p WHERE p.id = ?',
  ],
  ['SELECT COUNT(*) AS "__count" FROM "a"', 'SELECT COUNT(*) AS "__count" FROM "a"'],
  [
    'SELECT DISTINCT "a"."very_long_column", "a"."another_long_one" FROM "a" WHERE "a"."id" IS DISTINCT FROM ?',
    'SELECT DISTINCT … FROM "a" WHERE "id" IS DISTINCT FROM ?',
  ],
  [
    'INSERT INTO "store_order" ("customer_id", "placed", "status", "note") VALUES (?, …) RETURNING "store_order"."id"',
    'INSERT INTO "store_order" (…) VALUES (?, …) RETURNING "id"',
  ],
  ['UPDATE "t" SET "status" = ? WHERE "t"."id" = ?', 'UPDATE "t" SET "status" = ? WHERE "id" = ?'],
  [
    'WITH RECURSIVE tree AS ( SELECT id, name, parent_id, ? AS depth FROM store_category UNION ALL SELECT c.id, c.name, c.parent_id, depth + ? FROM store_category c JOIN tree t ON t.id = c.parent_id ) SELECT id, name, depth, path, rank FROM tree ORDER BY depth',
    'WITH RECURSIVE tree AS ( SELECT … FROM store_category UNION ALL SELECT … FROM store_category c JOIN …) SELECT … FROM tree ORDER BY depth',
  ],
  ['SELECT EXTRACT(year FROM "a"."placed"), "a"."long_enough" FROM "a"', 'SELECT … FROM "a"'],
  ['/* of a\n comment */ SELECT ?\n  FROM shop', 'SELECT ? FROM shop'],
  ['BEGIN', 'BEGIN'],
])('%s', (sql, short) => {
  expect(shortSql(sql)).toBe(short);
});

test('statements that differ in what they look for stay different', () => {
  const of = (column: string) =>
    shortSql(`SELECT "p"."id", "p"."sku", "p"."name", "p"."price" FROM "p" WHERE "p"."${column}" = ?`);
  expect(of('id')).not.toBe(of('sku'));
});

test('a summary without a verb that reads or writes stays as it is', () => {
  expect(titleOf({ summary: 'CREATE TABLE cart', query: 'CREATE TABLE cart (id int)' })).toBe('CREATE TABLE cart');
});

test('the main table is that of the outermost clause', () => {
  expect(mainTableOf('SELECT (SELECT max(x) FROM inside) FROM "outside" JOIN other ON true')).toBe('outside');
  expect(mainTableOf('INSERT INTO shop.orders SELECT * FROM cart')).toBe('shop.orders');
  expect(mainTableOf('SELECT ? FROM (SELECT a FROM b) c')).toBe('');
  expect(mainTableOf('BEGIN')).toBe('');
});

test.each([
  [
    'SELECT SELECT store_orderline store_order store_product',
    'SELECT (SELECT ? FROM store_orderline) FROM store_product',
    'SELECT from store_product, store_orderline, store_order',
    'store_product',
  ],
  [
    'INSERT store_dailysales SELECT store_order',
    'INSERT INTO store_dailysales SELECT ? FROM store_order',
    'INSERT into store_dailysales, from store_order',
    'store_dailysales',
  ],
  [
    'SELECT tree SELECT store_category',
    'WITH tree AS (SELECT ?) SELECT ? FROM tree',
    'SELECT from tree, store_category',
    'tree',
  ],
  ['UPDATE store_stock', 'UPDATE store_stock SET a = ?', 'UPDATE store_stock', 'store_stock'],
  ['DELETE cart', 'DELETE FROM cart', 'DELETE from cart', 'cart'],
  ['EXPLAIN SELECT cart', 'EXPLAIN SELECT ? FROM cart', 'EXPLAIN SELECT from cart', 'cart'],
  ['SELECT', 'SELECT ?', 'SELECT', ''],
])('%s reads as a sentence, and has its main table', (summary, query, title, table) => {
  expect(titleOf({ summary, query })).toBe(title);
  expect(tableOf({ summary, query })).toBe(table);
});

test('a text on one line gets a line per clause, and keeps its characters', () => {
  const sql =
    'SELECT "a", ? FROM "t" LEFT OUTER JOIN "u" ON ("t"."id" = "u"."id") WHERE "a" IN (SELECT ? FROM "v") LIMIT ?';
  const lines = laidOut(sql)
    .map(({ text }) => text)
    .join('');
  expect(lines.split('\n')).toEqual([
    'SELECT "a", ?',
    'FROM "t"',
    'LEFT OUTER JOIN "u" ON ("t"."id" = "u"."id")',
    'WHERE "a" IN (SELECT ? FROM "v")',
    'LIMIT ?',
  ]);
  expect(lines.replaceAll('\n', ' ')).toBe(sql);
});

test('a control character is left for whoever prints it to escape', () => {
  expect(shortSql('DELETE FROM cart \u001b[31m')).toBe('DELETE FROM cart \u001b[31m');
});
