// Short programs with node-postgres, one per feature: each returns what it saw.
// Invariant: nothing that differs from run to run (process ids, times, ports) is returned.
// Not here: running them (node-drivers.mjs).

import { createHash } from 'node:crypto';
import pg from 'pg';
import { SCRAM } from './node-programs.mjs';

/** @typedef {import('./node-programs.mjs').Program} Program */

/** @param {(client: pg.Client) => Promise<unknown>} work @param {object} [options] @returns {Program} */
function withClient(work, options = {}) {
  return async (server) => {
    const client = new pg.Client({ ...server, application_name: 'compat', ...options });
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
}

/** What a driver says of an error. @param {any} error */
function facts(error) {
  const { code, severity, position, constraint, table, detail, message } = error;
  return { code, severity, position, constraint, table, detail, message };
}

/** @param {Promise<unknown>} promise */
const failure = (promise) =>
  promise.then(
    () => 'no error',
    (error) => facts(error),
  );

const TYPES = `SELECT $1::int8 AS big, $2::numeric AS number, $3::timestamptz AS time, $4::jsonb AS json, $5::bytea AS bytes,
  $6::text[] AS list, $7::text AS nothing, $8::bool AS truth, 'naïve ✓' AS text`;

/** @type {Record<string, Program>} */
export const NODE_PG = {
  'who is logged in': withClient(async (client) => {
    const sql = "SELECT current_user, current_database(), current_setting('application_name') AS application";
    return (await client.query(sql)).rows;
  }),
  'types and parameters': withClient(async (client) => {
    const time = new Date('2024-02-29T12:00:00Z');
    const values = ['9007199254740993', '0.10', time, { a: [1] }, Buffer.from([0, 255]), ['a', null, '"'], null, true];
    return (await client.query(TYPES, values)).rows;
  }),
  'rows as arrays': withClient(async (client) => {
    const { rows, fields } = await client.query({ text: 'SELECT 1 AS a, 2 AS a', rowMode: 'array' });
    return [rows, fields.map(({ name, dataTypeID }) => [name, dataTypeID])];
  }),
  'a named statement, three times': withClient(async (client) => {
    const values = [];
    for (const n of [1, 2, 3])
      values.push((await client.query({ name: 'twice', text: 'SELECT $1::int * 2 AS v', values: [n] })).rows);
    return values;
  }),
  'a named statement that fails, then works': withClient(async (client) => {
    const run = (/** @type {number} */ n) =>
      client.query({ name: 'divide', text: 'SELECT 10 / $1::int AS v', values: [n] });
    return [await failure(run(0)), (await run(5)).rows];
  }),
  'several statements in one query': withClient(async (client) => {
    const results = /** @type {any} */ (
      await client.query('CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT * FROM t')
    );
    return results.map((/** @type {pg.QueryResult} */ { command, rowCount, rows }) => [command, rowCount, rows]);
  }),
  'several statements, the second fails': withClient(async (client) => [
    await failure(client.query('SELECT 1; SELECT 1 / 0; SELECT 3')),
    (await client.query('SELECT 4 AS v')).rows,
  ]),
  'an empty query': withClient(async (client) => (await client.query('')).rowCount),
  'fields of an error': withClient(async (client) => {
    await client.query('CREATE TEMP TABLE u (a int PRIMARY KEY); INSERT INTO u VALUES (1)');
    return [
      await failure(client.query('INSERT INTO u VALUES ($1)', [1])),
      await failure(client.query('SELECT nonsense FROM u')),
    ];
  }),
  'a transaction with a savepoint': withClient(async (client) => {
    await client.query('CREATE TEMP TABLE s (a int)');
    for (const sql of ['BEGIN', 'INSERT INTO s VALUES (1)', 'SAVEPOINT p']) await client.query(sql);
    const failed = await failure(client.query('INSERT INTO s VALUES ($1)', ['x']));
    const blocked = await failure(client.query('SELECT 1'));
    for (const sql of ['ROLLBACK TO p', 'INSERT INTO s VALUES (2)', 'COMMIT']) await client.query(sql);
    return [failed, blocked, (await client.query('SELECT a FROM s ORDER BY a')).rows];
  }),
  notices: withClient(async (client) => {
    /** @type {unknown[]} */
    const seen = [];
    client.on('notice', ({ message, severity }) => seen.push([severity, message]));
    await client.query("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$");
    return seen;
  }),
  notifications: withClient(async (client) => {
    await client.query('LISTEN news');
    const seen = new Promise((resolve) =>
      client.on('notification', ({ channel, payload }) => resolve([channel, payload])),
    );
    await client.query("SELECT pg_notify('news', $1)", ['hello']);
    return seen;
  }),
  'a large result': withClient(async (client) => {
    const { rows } = await client.query("SELECT i, repeat('x', 100) AS t FROM generate_series(1, 50000) AS i");
    return [rows.length, createHash('md5').update(JSON.stringify(rows)).digest('hex')];
  }),
  'a large parameter': withClient(async (client) => {
    const bytes = Buffer.alloc(5_000_000, 'abc');
    const { rows } = await client.query('SELECT length($1::bytea) AS n, md5($1::bytea) AS md5, $1::bytea AS back', [
      bytes,
    ]);
    return [rows[0].n, rows[0].md5, rows[0].back.equals(bytes)];
  }),
  'many queries at once on one connection': withClient(async (client) => {
    const results = await Promise.all(Array.from({ length: 200 }, (_, i) => client.query('SELECT $1::int AS i', [i])));
    return results.map(({ rows }) => rows[0].i);
  }),
  'a portal read in pieces': withClient(async (client) => {
    const query = /** @type {any} */ ({ text: 'SELECT generate_series(1, 95) AS i', rows: 10 });
    return (await client.query(query)).rows.length;
  }),
  'a cursor': withClient(async (client) => {
    await client.query('BEGIN; DECLARE c CURSOR FOR SELECT generate_series(1, 5) AS i');
    const pages = [];
    for (let page = 0; page < 3; page++) pages.push((await client.query('FETCH 2 FROM c')).rows);
    await client.query('CLOSE c; COMMIT');
    return pages;
  }),
  cancel: async (server) => {
    const client = new pg.Client(server);
    await client.connect();
    const query = new pg.Query('SELECT pg_sleep(20)');
    const ended = new Promise((resolve) => query.on('error', (error) => resolve(facts(error))));
    client.query(query);
    setTimeout(() => /** @type {any} */ (new pg.Client(server)).cancel(client, query), 300);
    const failed = await ended;
    const { rows } = await client.query('SELECT 1 AS alive');
    await client.end();
    return [failed, rows];
  },
  'a pool of ten': async (server) => {
    const pool = new pg.Pool({ ...server, max: 10 });
    const results = await Promise.all(Array.from({ length: 200 }, (_, i) => pool.query('SELECT $1::int AS i', [i])));
    await pool.end();
    return results.map(({ rows }) => rows[0].i);
  },
  'a connection that the server ends': withClient(async (client) => {
    const ended = new Promise((resolve) => client.on('end', () => resolve('ended')));
    return [await failure(client.query('SELECT pg_terminate_backend(pg_backend_pid())')), await ended];
  }),
  'log in with SCRAM': withClient(async (client) => (await client.query('SELECT current_user')).rows, SCRAM),
  'a wrong password': (server) => failure(new pg.Client({ ...server, ...SCRAM, password: 'wrong' }).connect()),
  'a database that is not there': (server) => failure(new pg.Client({ ...server, database: 'nowhere' }).connect()),
  'TLS that the server does not have': (server) => failure(new pg.Client({ ...server, ssl: true }).connect()),
};
