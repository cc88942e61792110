// A kill, and secrets, and what they do to the data directory of a real sidecar.
// Faults of the file alone are in test/storage.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { observerPid, pgwitness, top, until, useSidecar } from '../kit/sidecar.js';

describe('durability', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();
  const connect = async (at: { host: string; port: number }) => {
    const client = new pg.Client({ host: at.host, port: at.port, user: 'postgres', database: 'postgres' });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const callsOf = async (data: string, part: string) =>
    (await top(data)).statements.filter(({ query }) => query.includes(part)).reduce((sum, row) => sum + row.calls, 0);

  test('kill -9 of the whole sidecar loses at most a flush interval, and says that it may have', async () => {
    const sidecar = await startSidecar(postgres(), ['--flush-interval', '500ms']);
    const client = await connect(sidecar);
    for (let n = 0; n < 50; n++) await client.query('SELECT lower(version())');
    await until('they are stored', async () => (await callsOf(sidecar.data, 'lower(version())')) === 50);
    const observer = observerPid(sidecar.pid);
    await client.query('SELECT upper(version())');
    process.kill(observer, 'SIGKILL');
    process.kill(sidecar.pid, 'SIGKILL');
    expect(await callsOf(sidecar.data, 'lower(version())')).toBe(50);

    const again = await startSidecar(postgres(), [], sidecar.data);
    const later = await connect(again);
    await later.query('SELECT 1');
    await later.end();
    await until('the kill is told', async () => (await top(sidecar.data)).observed.exact === false);
    expect(again.output()).toContain('the last run was killed');
    expect((await pgwitness('top', '--all', '--data', sidecar.data)).stdout).toContain('pgwitness was killed once');
    expect(await callsOf(sidecar.data, 'lower(version())')).toBe(50);
  });

  test('a stop that is asked for loses nothing and leaves an exact store', async () => {
    const sidecar = await startSidecar(postgres(), ['--flush-interval', '10s']);
    const client = await connect(sidecar);
    for (let n = 0; n < 50; n++) await client.query('SELECT lower(version())');
    await client.end();
    await sidecar.stop();
    expect(sidecar.ended()).toBe('ended with exit code 0');
    expect(await callsOf(sidecar.data, 'lower(version())')).toBe(50);
    expect((await top(sidecar.data)).observed).toMatchObject({ not_observed: 0, exact: true });
  });

  test('no secret is in the data directory, the log, the metrics or the API, whatever it stood in', async () => {
    const sidecar = await startSidecar(postgres(), ['--log-level', 'debug']);
    const secret = 'hunter2';
    const client = await connect(sidecar);
    const run = (sql: string, values?: unknown[]) => client.query(sql, values).catch(() => {});
    await run('CREATE TABLE account (id int PRIMARY KEY, token text UNIQUE)');
    await run(`INSERT INTO account VALUES (1, '${secret}-literal')`);
    await run(`INSERT INTO account VALUES (2, '${secret}-literal')`);
    await run('INSERT INTO account VALUES ($1, $2)', [3, `${secret}-bound`]);
    await run('INSERT INTO account VALUES ($1, $2)', [3, `${secret}-bound`]);
    await run(`SELECT pg_sleep(0.01), '${secret}-slow' /* note ${secret}-comment */`);
    await run(`SELECT pg_sleep(0.01) -- ${secret}-line`);
    await run(`CREATE ROLE keeper LOGIN PASSWORD '${secret}-role'`);
    await run(`ALTER ROLE keeper PASSWORD '${secret}-role'`);
    await run(`DO $body$ BEGIN RAISE EXCEPTION '${secret}-do'; END $body$`);
    await run(`CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ SELECT '${secret}-function' $f$`);
    await run(`CREATE INDEX account_token ON account (token) WHERE token <> '${secret}-index'`);
    await run(`SET application_name = '${secret}-name'`);
    await run(`SET SESSION my.key = '${secret}-setting'`);
    await run(`COMMENT ON TABLE account IS '${secret}-comment-on'`);
    await run(`PREPARE p AS SELECT '${secret}-prepared'`);
    await run('EXECUTE p');
    await run(`SELECT E'\\'${secret}-escaped', U&'${secret}-unicode', B'1', $tag$${secret}-dollar$tag$`);
    await run(`SELECT '${secret}-unterminated`);
    await run(`NOTIFY channel, '${secret}-payload'`);
    await run(`BEGIN; SELECT '${secret}-inside'; COMMIT`);
    await run(
      `CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 password=${secret}-conn' PUBLICATION p WITH (connect = false)`,
    );
    await until('the last one is stored', async () => (await callsOf(sidecar.data, 'CREATE SUBSCRIPTION')) > 0);
    const [metrics, statements, marks] = await Promise.all(
      ['/metrics', '/api/v1/statements?limit=0', '/api/v1/marks'].map(async (at) =>
        (await fetch(sidecar.httpUrl + at)).text(),
      ),
    );
    const filesNow = readAll(sidecar.data);
    await client.end();
    await sidecar.stop();
    expect(JSON.parse(statements).statements.length).toBeGreaterThan(15);
    expect(marks).toContain('CREATE INDEX');
    const everything = {
      metrics,
      statements,
      marks,
      log: sidecar.output(),
      filesNow,
      filesLater: readAll(sidecar.data),
    };
    // A pool is named by its application_name, which is no literal of a statement: it is left out by what it may hold.
    for (const [where, text] of Object.entries(everything)) {
      const found = [...text.matchAll(new RegExp(`${secret}-[a-z-]+`, 'g'))].map(([match]) => match);
      expect(
        found.filter((match) => match !== `${secret}-name`),
        where,
      ).toEqual([]);
    }
  });
});

/** Every file of a directory, as bytes in one text. */
function readAll(directory: string): string {
  return readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name), 'latin1'))
    .join('\n');
}
