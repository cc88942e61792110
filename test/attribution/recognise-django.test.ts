// Forms of Django's compiler: each is recognised, and its near misses are not.

import { describe, expect, test } from 'vitest';
import { Connection, djangoConnection, shape } from './shape.js';

const WRITTEN: readonly (readonly [name: string, sql: string, construct?: string])[] = [
  ['filter', `SELECT "shop_book"."id", "shop_book"."title" FROM "shop_book" WHERE "shop_book"."title" = 'x'`],
  ['get', `SELECT "a"."id" FROM "a" WHERE "a"."id" = 1 LIMIT 21`],
  ['two conditions in parentheses', `SELECT "a"."id" FROM "a" WHERE ("a"."x" = 1 AND NOT ("a"."y" = 2))`],
  ['exists() of 3.2', `SELECT (1) AS "a" FROM "a" LIMIT 1`],
  ['exists() of 4.2', `SELECT 1 AS "a" FROM "a" LIMIT 1`],
  ['exists() bound on the server', `SELECT $1 AS "a" FROM "a" WHERE "a"."name" = $2 LIMIT 1`],
  ['count()', `SELECT COUNT(*) AS "__count" FROM "a"`],
  ['count of distinct', `SELECT COUNT(*) FROM (SELECT DISTINCT "a"."x" AS "col1" FROM "a") subquery`],
  [
    'aggregate over a subquery',
    `SELECT AVG("n") FROM (SELECT COUNT("b"."id") AS "n" FROM "a" GROUP BY "a"."id") subquery`,
  ],
  [
    'joins with T aliases',
    `SELECT T3."id" FROM "a" INNER JOIN "b" ON ("a"."id" = "b"."a_id") LEFT OUTER JOIN "a" T3 ON ("b"."c" = T3."id")`,
  ],
  ['quoted aliases of 6.1', `SELECT "a"."id" FROM "a" WHERE "a"."id" IN (SELECT "U0"."b_id" AS "b" FROM "b" "U0")`],
  [
    'outer reference',
    `SELECT "a"."id" FROM "a" WHERE NOT (EXISTS(SELECT 1 AS "a" FROM "b" U1 WHERE (U1."t" = 'x' AND U1."a_id" = ("a"."id")) LIMIT 1))`,
  ],
  [
    'values() and GROUP BY 1',
    `SELECT "a"."name" AS "author__name", COUNT("b"."id") AS "c" FROM "b" INNER JOIN "a" ON ("b"."a_id" = "a"."id") GROUP BY 1 ORDER BY 1 ASC`,
  ],
  ['CASE', `SELECT "a"."id", CASE WHEN "a"."p" > 1 THEN 'hi' ELSE 'lo' END AS "k" FROM "a"`],
  ['EXTRACT of 3.2', `SELECT EXTRACT('year' FROM "a"."d" AT TIME ZONE 'UTC') AS "y" FROM "a"`],
  ['EXTRACT of 4.2', `SELECT EXTRACT(YEAR FROM "a"."d" AT TIME ZONE 'UTC') AS "y" FROM "a"`],
  ['numeric cast', `SELECT "a"."id" FROM "a" WHERE "a"."p" > (1.5)::numeric(8, 2)`],
  [
    'timestamp cast',
    `SELECT "a"."id" FROM "a" WHERE "a"."d" >= '2020-01-01T00:00:00+00:00'::timestamptz ORDER BY "a"."d" DESC NULLS LAST`,
  ],
  [
    'window',
    `SELECT "a"."id", ROW_NUMBER() OVER (PARTITION BY "a"."x" ORDER BY "a"."y" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS "r" FROM "a"`,
  ],
  [
    'filtering on a window',
    `SELECT * FROM ( SELECT "a"."id" AS "col1", RANK() OVER (ORDER BY "a"."x" DESC) AS "r" FROM "a" ) "qualify" WHERE "r" = 1`,
  ],
  ['aggregate with FILTER', `SELECT COUNT("a"."id") FILTER (WHERE "a"."x" IS NULL) AS "n" FROM "a"`],
  [
    'union',
    `(SELECT "a"."name" AS "name" FROM "a") UNION ALL (SELECT "b"."name" AS "name" FROM "b") ORDER BY 1 ASC LIMIT 3`,
  ],
  ['IN', `SELECT "a"."id" FROM "a" WHERE "a"."id" IN (1, 2, 3)`],
  ['LIKE', `SELECT "a"."id" FROM "a" WHERE UPPER("a"."name"::text) LIKE UPPER('%x%')`],
  ['array literal of psycopg2', `SELECT "a"."id" FROM "a" WHERE "a"."tags" && ARRAY['x','y']::varchar(50)[]`],
  ['JSON path', `SELECT "a"."id" FROM "a" WHERE ("a"."data" #> '{x,y}') = '"v"'::jsonb`],
  ['JSON key', `SELECT "a"."id" FROM "a" WHERE "a"."data" ? 'k'`],
  [
    'subselect first in a group',
    `SELECT "a"."id" FROM "a" WHERE ((SELECT U0."x" AS "x" FROM "b" U0 WHERE U0."id" = ("a"."b_id")) - "a"."x") = 3`,
  ],
  ['DISTINCT ON', `SELECT DISTINCT ON ("a"."x") "a"."id" FROM "a" ORDER BY "a"."x" ASC`],
  [
    'select_for_update',
    `SELECT "a"."id" FROM "a" INNER JOIN "b" ON ("a"."b_id" = "b"."id") WHERE "a"."id" = 1 FOR NO KEY UPDATE OF "a" SKIP LOCKED`,
  ],
  [
    'prefetch of many-to-many',
    `SELECT ("m"."a_id") AS "_prefetch_related_val_a_id", "b"."id" FROM "b" INNER JOIN "m" ON ("b"."id" = "m"."b_id") WHERE "m"."a_id" IN (1)`,
  ],
  [
    'full-text search',
    `SELECT "a"."id", ts_rank(to_tsvector(COALESCE("a"."t", '')), plainto_tsquery('x')) AS "rank" FROM "a" WHERE to_tsvector(COALESCE("a"."t", '')) @@ (plainto_tsquery('x'))`,
  ],
  [
    'geometry',
    `SELECT "a"."id", "a"."geom"::bytea FROM "a" WHERE ST_DWithin("a"."geom", ST_GeomFromEWKB('\\x01'::bytea), 5.0)`,
  ],
  ['INSERT', `INSERT INTO "a" ("name", "age") VALUES ('x', NULL) RETURNING "a"."id"`],
  ['INSERT of several', `INSERT INTO "a" ("name") VALUES ('x'), ('y') RETURNING "a"."id"`],
  [
    'INSERT by UNNEST (5.2)',
    `INSERT INTO "a" ("name") SELECT * FROM UNNEST(('{x,y}')::varchar(50)[]) ON CONFLICT DO NOTHING`,
  ],
  ['upsert', `INSERT INTO "a" ("n", "v") VALUES ('x', 1) ON CONFLICT("n") DO UPDATE SET "v" = EXCLUDED."v"`],
  ['UPDATE', `UPDATE "a" SET "x" = ("a"."x" + 1) WHERE "a"."id" = 3`],
  [
    'bulk_update()',
    `UPDATE "a" SET "p" = (CASE WHEN ("a"."id" = 1) THEN 0 WHEN ("a"."id" = 2) THEN 2 ELSE NULL END)::numeric(8, 2) WHERE "a"."id" IN (1, 2)`,
  ],
  ['DELETE', `DELETE FROM "a" WHERE "a"."id" IN (1, 2)`],
  ['EXPLAIN', `EXPLAIN (FORMAT JSON) SELECT "a"."id" FROM "a" WHERE "a"."name" = 'x'`],
  [
    'iterator()',
    `DECLARE "_django_curs_139796806778944_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "a"."id" FROM "a"`,
    'server-side-cursor',
  ],
  ['FETCH of iterator()', `FETCH FORWARD 2000 FROM "_django_curs_139796806778944_sync_1"`, 'server-side-cursor'],
  [
    'sequence reset',
    `SELECT setval(pg_get_serial_sequence('"a"','id'), coalesce(max("id"), 1), max("id") IS NOT null) FROM "a";`,
    'internal',
  ],
  ['cache table', `SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN ('x')`, 'internal'],
];

/** Those that hold what no other framework writes. */
const SURE = new Set([
  ...['exists() of 3.2', 'exists() of 4.2', 'exists() bound on the server', 'count()', 'count of distinct'],
  ...['aggregate over a subquery', 'joins with T aliases', 'quoted aliases of 6.1', 'outer reference'],
  ...['subselect first in a group', 'prefetch of many-to-many', 'INSERT by UNNEST (5.2)', 'upsert'],
  ...['iterator()', 'FETCH of iterator()', 'sequence reset', 'cache table'],
]);

describe("forms of Django's compiler", () => {
  const named = WRITTEN.map(([name, sql, construct]) => [name, sql, construct ?? 'queryset'] as const);
  test.each(named)('%s is its own', (name, sql, construct) => {
    expect(shape(sql)).toMatchObject({ django: SURE.has(name) ? 'sure' : 'own', djangoConstruct: construct });
  });

  test('names of tables and values of literals do not matter', () => {
    expect(shape(`SELECT "T"."x y" FROM "T" WHERE "T"."x y" = 'select from;'`).django).toBe('own');
  });

  test('a text cut by its length is judged by what there is of it', () => {
    expect(shape(`SELECT "a"."id" FROM "a" WHERE ("a"."id" IN (1, 2, 3) AND "a"."na`).django).toBe('own');
  });
});

describe('hand-written fragments inside a compiled statement', () => {
  test.each([
    ['extra(select=…)', `SELECT (upper(name)) AS "up", "a"."id" FROM "a"`, 'extra'],
    ['extra(where=…)', `SELECT "a"."id" FROM "a" WHERE (age > 1)`, 'extra'],
    ['extra(where=[…, …])', `SELECT "a"."id" FROM "a" WHERE (age > 1) AND (x = 2)`, 'extra'],
    ['extra(tables=…)', `SELECT "a"."id" FROM "a" , "b" WHERE (a.id = b.a_id)`, 'extra'],
    ['extra(order_by=…)', `SELECT "a"."id" FROM "a" ORDER BY (num-2) ASC`, 'extra'],
    ['RawSQL() annotation', `SELECT "a"."id", (select max(p) from b where b.a_id = a.id) AS "v" FROM "a"`, 'rawsql'],
    ['RawSQL() in a filter', `SELECT "a"."id" FROM "a" WHERE "a"."id" IN (select a_id from b)`, 'rawsql'],
    ['RawSQL() over several lines', `SELECT "a"."id", (\n  select 1\n) AS "v" FROM "a"`, 'rawsql'],
  ])('%s is %s', (_name, sql, construct) => {
    expect(shape(sql)).toMatchObject({ django: 'likely', djangoConstruct: construct });
  });
});

describe("Django's own statements outside the compiler", () => {
  test.each([
    [
      'CREATE TABLE "a" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "n" varchar(50) NOT NULL)',
      'migration',
    ],
    [
      'ALTER TABLE "a" ADD CONSTRAINT "a_b_id_1234abcd_fk" FOREIGN KEY ("b_id") REFERENCES "b" ("id") DEFERRABLE INITIALLY DEFERRED',
      'migration',
    ],
    ['CREATE INDEX CONCURRENTLY "a_n_1234abcd_like" ON "a" ("n" varchar_pattern_ops)', 'migration'],
    ['SET CONSTRAINTS "fk" IMMEDIATE; ALTER TABLE "a" DROP CONSTRAINT "fk"', 'migration'],
    ['UPDATE "a" SET "n" = \'\' WHERE "n" IS NULL; SET CONSTRAINTS ALL IMMEDIATE', 'migration'],
    [
      'CREATE TABLE "cache" (\n    "cache_key" varchar(255) NOT NULL PRIMARY KEY,\n    "value" text NOT NULL\n);',
      'internal',
    ],
    ['TRUNCATE "a", "b" RESTART IDENTITY;', 'internal'],
    ['SELECT * FROM "a" LIMIT 1', 'introspection'],
    [
      "\n            SELECT\n                c.relname,\n                CASE\n                    WHEN c.relispartition THEN 'p'\n",
      'introspection',
    ],
    [
      '\n            SELECT a1.attname, c2.relname, a2.attname, con.confdeltype\n            FROM pg_constraint con\n',
      'introspection',
    ],
    ['DELETE FROM "cache" WHERE "expires" < \'2026-01-01\'::timestamp', 'internal'],
  ])('%s', (sql, construct) => {
    expect(shape(sql).django).not.toBe('no');
    expect(shape(sql).djangoConstruct).toBe(construct);
  });
});

describe('what people write is not taken for the compiler', () => {
  test.each([
    'select * from shop_author where id=1',
    'SELECT "first_name", "last_name" FROM people ORDER BY "first_name"',
    'SELECT "name" FROM "a" WHERE "id" = 1',
    'SELECT "a"."id" FROM "a" JOIN "b" ON ("a"."id" = "b"."a_id")',
    'SELECT "a"."id" FROM "a" AS x',
    'SELECT "a".* FROM "a"',
    'SELECT * FROM "a" WHERE "a"."id" = 1',
    'SELECT "a"."id"\nFROM "a"',
    'UPDATE "a" SET "x" = 1 WHERE "id" = 3',
    'SELECT a.id FROM "a" a WHERE a.id = 3',
    'SELECT * FROM "a" LIMIT 10',
    'SELECT a1.attname, c2.relname, a2.attname, con.confdeltype FROM pg_constraint con',
    '\n SELECT a1.attname, c2.relname, con.confdeltype FROM pg_constraint con',
  ])('%s', (sql) => {
    expect(shape(sql).django).toBe('no');
  });
});

describe('values that drivers write out', () => {
  test.each([
    [
      'E with a blank in front (psycopg 3)',
      `INSERT INTO "a" ("k", "v", "x") VALUES ('t',  E'{"k": "\\\\u0001"}', false)`,
    ],
    ['a negative number', `INSERT INTO "a" ("k", "v") VALUES ('t',  -1)`],
    [
      'casts inside ARRAY (psycopg2)',
      `INSERT INTO "a" ("n", "k") SELECT * FROM UNNEST((ARRAY[4,2])::integer[], (ARRAY['bf'::uuid,'0d'::uuid])::uuid[]) ON CONFLICT DO NOTHING`,
    ],
    ['times inside ARRAY', `UPDATE "a" SET "t" = ARRAY['2026-01-01'::timestamptz,NULL] WHERE "a"."id" = 1`],
    ['an empty array with its type', `UPDATE "a" SET "t" = '{}'::varchar(20)[] WHERE "a"."id" = 1`],
  ])('%s', (_name, sql) => {
    expect(shape(sql)).toMatchObject({ django: expect.stringMatching(/likely|own|sure/), djangoConstruct: 'queryset' });
  });

  test('an expression inside ARRAY is a fragment', () => {
    const sql = `UPDATE "a" SET "t" = (select array_agg(x) from y) WHERE "a"."id" = 1`;
    expect(shape(sql)).toMatchObject({ djangoConstruct: 'rawsql' });
  });
});

describe("Django's frame around a part that it does not write", () => {
  test.each([
    [
      'a tree in front (unquoted names)',
      `WITH RECURSIVE __tree ("tree_depth", "tree_pk") AS (SELECT 0, T.id FROM page T WHERE T.parent_id IS NULL UNION ALL SELECT __tree.tree_depth + 1, T.id FROM page T JOIN __tree ON T.parent_id = __tree.tree_pk) SELECT (__tree.tree_depth) AS "tree_depth", "page"."id", "page"."name" FROM "page" , "__tree" WHERE (__tree.tree_pk = page.id)`,
    ],
    [
      'a lookup of its own',
      `SELECT COUNT(*) AS "__count" FROM "vlan" WHERE EXISTS (SELECT 1 FROM unnest("vlan"."ranges") AS r WHERE r @> 123)`,
    ],
    ['DELETE', `DELETE FROM "a" WHERE "a"."id" IN (1) AND EXISTS (SELECT 1 FROM b)`],
  ])('%s', (_name, sql) => {
    expect(shape(sql)).toMatchObject({ django: 'possible' });
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'django-orm', confidence: 'weak' });
    expect(new Connection().send(sql)).toMatchObject({ source: 'raw', confidence: 'weak' });
  });

  test('a CTE that Django’s compiler wrote is its own', () => {
    const cte = `WITH RECURSIVE "cte" AS (SELECT "b"."a_id" AS "a_id", COUNT("b"."id") AS "n" FROM "b" GROUP BY 1) SELECT "a"."id", "cte"."n" AS "n" FROM "a" INNER JOIN "cte" ON "a"."id" = ("cte"."a_id")`;
    expect(djangoConnection().send(cte)).toMatchObject({ source: 'django-orm' });
  });

  test.each([
    'WITH x AS (SELECT 1) SELECT * FROM "a"',
    'SELECT "a"."id" FROM "a" WHERE EXISTS (SELECT 1 FROM b) AND name = 3',
    'SELECT "a"."id" FROM "a" JOIN "b" ON ("a"."id" = "b"."a_id") WHERE EXISTS (SELECT 1 FROM c)',
    'SELECT "a"."id" FROM "a" "x" WHERE EXISTS (SELECT 1 FROM b)',
    'DELETE FROM "a" WHERE EXISTS (SELECT 1 FROM b)',
    'SELECT "id" FROM "a" WHERE EXISTS (SELECT 1 FROM b)',
  ])('%s is not one', (sql) => {
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'raw', confidence: 'strong' });
  });
});

describe('DDL that the schema editor does not write', () => {
  test.each([
    `CREATE TABLE "a"."b" AS SELECT 'hello world'`,
    'CREATE TABLE "s"."t" (LIKE public."x" INCLUDING ALL)',
    'CREATE TABLE IF NOT EXISTS "person" ("id" serial NOT NULL PRIMARY KEY)',
    'CREATE UNIQUE INDEX IF NOT EXISTS "person_name" ON "person" ("name")',
    'CREATE TABLE "person" ("id" SERIAL NOT NULL PRIMARY KEY, "name" VARCHAR(255) NOT NULL)',
    'ALTER TABLE "band" ADD COLUMN "extra" INTEGER DEFAULT 0',
    'CREATE INDEX "i" ON "t" ("a","b")',
  ])('%s', (sql) => {
    expect(shape(sql).django).toBe('no');
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'raw', construct: 'cursor' });
  });

  test('the look-up of the test runner with --keepdb is Django’s', () => {
    const sql = `SELECT 1 FROM pg_catalog.pg_database WHERE datname = 'test_shop'`;
    expect(djangoConnection().send(sql)).toMatchObject({ source: 'django-orm', construct: 'internal' });
    expect(djangoConnection().send('SELECT datname FROM pg_catalog.pg_database').source).toBe('raw');
  });
});
