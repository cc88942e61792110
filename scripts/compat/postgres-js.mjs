// Short programs with postgres.js, one per feature: each returns what it saw.
// Invariant: nothing that differs from run to run (process ids, times, ports) is returned.
// Not here: running them (node-drivers.mjs).

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import { SCRAM } from './node-programs.mjs';

/** @typedef {import('./node-programs.mjs').Program} Program */

/** @param {(sql: postgres.Sql) => Promise<unknown>} work @param {object} [options] @returns {Program} */
function withSql(work, options = {}) {
  return async (server) => {
    const sql = postgres({
      ...server,
      max: 1,
      onnotice: () => {},
      connection: { application_name: 'compat' },
      ...options,
    });
    try {
      return await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  };
}

/** @param {Promise<unknown>} promise */
const failure = (promise) =>
  promise.then(
    () => 'no error',
    ({ code, severity, position, constraint_name, detail, message }) => ({
      ...{ code, severity, position, constraint_name, detail },
      // The message of a lost connection has the address in it.
      message: String(message).replace(/\S+:\d+/, '(address)'),
    }),
  );

/** @type {Record<string, Program>} */
export const POSTGRES_JS = {
  'who is logged in': withSql(
    (sql) => sql`SELECT current_user, current_database(), current_setting('application_name') AS application`,
  ),
  'types and parameters': withSql(
    (
      sql,
    ) => sql`SELECT ${'9007199254740993'}::int8 AS big, ${'0.10'}::numeric AS number, ${new Date(0)}::timestamptz AS time,
      ${sql.json({ a: [1] })}::jsonb AS json, ${Buffer.from([0, 255])}::bytea AS bytes, string_to_array(${'a,b'}, ',') AS list,
      ${null}::text AS nothing, ${true}::bool AS truth, 'naïve ✓' AS text`,
  ),
  'rows inserted from objects': withSql(async (sql) => {
    await sql`CREATE TEMP TABLE t (a int, b text)`;
    const rows = Array.from({ length: 300 }, (_, i) => ({ a: i, b: `row ${i}` }));
    const inserted = await sql`INSERT INTO t ${sql(rows)} RETURNING a`;
    return [inserted.count, await sql`SELECT count(*), sum(a) FROM t WHERE a IN ${sql([1, 2, 299])}`];
  }),
  'the same statement, three times': withSql(async (sql) => {
    const values = [];
    for (const n of [1, 2, 3]) values.push(await sql`SELECT ${n}::int * 2 AS v`);
    return values;
  }),
  'without prepared statements': withSql((sql) => sql`SELECT ${1}::int + 1 AS v`, { prepare: false }),
  'the simple protocol, several statements': withSql((sql) => sql`SELECT 1 AS a; SELECT 2 AS b`.simple()),
  'unsafe text': withSql((sql) => sql.unsafe('SELECT $1::int AS v', [7])),
  describe: withSql(async (sql) => {
    const { string, columns, types } = await sql`SELECT ${1}::int4 AS a, 'x'::text AS b`.describe();
    return [string, columns.map(({ name, type }) => [name, type]), types];
  }),
  'fields of an error': withSql(async (sql) => {
    await sql`CREATE TEMP TABLE u (a int PRIMARY KEY)`;
    await sql`INSERT INTO u VALUES (1)`;
    return [
      await failure(sql`INSERT INTO u VALUES (${1})`),
      await failure(sql`SELECT nonsense FROM u`),
      await sql`SELECT 1 AS v`,
    ];
  }),
  'a transaction with a savepoint': withSql(async (sql) => {
    await sql`CREATE TEMP TABLE s (a int)`;
    await sql.begin(async (tx) => {
      await tx`INSERT INTO s VALUES (1)`;
      await tx.savepoint((inner) => inner`INSERT INTO s VALUES (${'x'})`).catch(() => {});
      await tx`INSERT INTO s VALUES (2)`;
    });
    const failed = await failure(sql.begin(async (tx) => tx`SELECT 1 / 0`));
    return [failed, await sql`SELECT a FROM s ORDER BY a`];
  }),
  'a pipelined transaction': withSql((sql) =>
    sql.begin((tx) => Array.from({ length: 50 }, (_, i) => tx`SELECT ${i}::int AS i`)),
  ),
  'a pipeline with an error in it': withSql((sql) =>
    Promise.all(
      [1, 0, 2].map((n) =>
        sql`SELECT 10 / ${n}::int AS v`.then(
          (rows) => rows[0].v,
          ({ code }) => code,
        ),
      ),
    ),
  ),
  'a cursor': withSql(async (sql) => {
    const pages = [];
    for await (const rows of sql`SELECT generate_series(1, 95) AS i`.cursor(20)) pages.push(rows.length);
    return pages;
  }),
  'a cursor left early': withSql(async (sql) => {
    let seen = 0;
    for await (const rows of sql`SELECT generate_series(1, 95) AS i`.cursor(20)) {
      seen += rows.length;
      if (seen >= 40) break;
    }
    return [seen, await sql`SELECT 1 AS v`];
  }),
  'row by row': withSql(async (sql) => {
    let sum = 0;
    await sql`SELECT generate_series(1, 1000) AS i`.forEach(({ i }) => {
      sum += i;
    });
    return sum;
  }),
  'COPY to the client': withSql(async (sql) => {
    const hash = createHash('md5');
    const stream = await sql`COPY (SELECT i, repeat('x', 50) FROM generate_series(1, 20000) AS i) TO STDOUT`.readable();
    for await (const chunk of stream) hash.update(chunk);
    return hash.digest('hex');
  }),
  'COPY from the client': withSql(async (sql) => {
    await sql`CREATE TEMP TABLE c (a int, b text)`;
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i}\trow ${i}\n`);
    await pipeline(Readable.from(lines), await sql`COPY c FROM STDIN`.writable());
    return sql`SELECT count(*), sum(a) FROM c`;
  }),
  notifications: withSql(async (sql) => {
    let listened = async () => {};
    const seen = new Promise((resolve) => {
      listened = async () => {
        await sql.listen('news', resolve);
        await sql.notify('news', 'hello');
      };
    });
    await listened();
    return seen;
  }),
  cancel: withSql(async (sql) => {
    const query = sql`SELECT pg_sleep(20)`;
    setTimeout(() => query.cancel(), 300);
    return [await failure(query), await sql`SELECT 1 AS alive`];
  }),
  'a large result': withSql(async (sql) => {
    const rows = await sql`SELECT i, repeat('x', 100) AS t FROM generate_series(1, 50000) AS i`;
    return [rows.length, createHash('md5').update(JSON.stringify(rows)).digest('hex')];
  }),
  'a large parameter': withSql(async (sql) => {
    const bytes = Buffer.alloc(5_000_000, 'abc');
    const [row] = await sql`SELECT md5(${bytes}::bytea) AS md5, ${bytes}::bytea AS back`;
    return [row.md5, bytes.equals(row.back)];
  }),
  'ten connections': withSql(
    async (sql) => {
      const results = await Promise.all(Array.from({ length: 200 }, (_, i) => sql`SELECT ${i}::int AS i`));
      return results.map(([row]) => row.i);
    },
    { max: 10 },
  ),
  'a connection that the server ends': withSql((sql) => failure(sql`SELECT pg_terminate_backend(pg_backend_pid())`)),
  'log in with SCRAM': withSql((sql) => sql`SELECT current_user`, SCRAM),
  'a wrong password': withSql((sql) => failure(sql`SELECT 1`), { ...SCRAM, password: 'wrong' }),
  'TLS that the server does not have': withSql((sql) => failure(sql`SELECT 1`), { ssl: 'require' }),
};
