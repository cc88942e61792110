// Generic plans of statements that passed the proxy with literals in them.
// They come from a real server and hold none of those literals.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { plannableOf } from '../../analyzer/fingerprint/plannable.js';
import { parseDsn } from '../../own-queries/dsn.js';
import { COMMAND_LIMITS, connectServer } from '../../own-queries/own-connection.js';
import { genericPlan } from '../../own-queries/plans.js';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { majorOf, POSTGRES_VERSIONS, usePostgres, usePostgresVersion } from '../kit/postgres.js';
import { pgwitness, until, useSidecar } from '../kit/sidecar.js';

const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });

function plannable(sql: string) {
  const { key } = fingerprinter.identify(Buffer.from(sql), { backslashEscapes: false, missingBytes: 0 });
  return plannableOf(key);
}

describe('a statement with parameters in place of its literals', () => {
  test.each([
    ["SELECT name FROM item WHERE id = 7 AND name LIKE 'a%'", 'SELECT name FROM item WHERE id = $1 AND name LIKE $2'],
    ['SELECT 1 FROM item WHERE id IN (1, 2, 3)', 'SELECT $1 FROM item WHERE id IN ($2)'],
    ["SELECT now() - INTERVAL '1 day'", 'SELECT now() - CAST($1 AS INTERVAL)'],
    ['SELECT name FROM item WHERE id = $1', 'SELECT name FROM item WHERE id = $1'],
  ])('%s', (sql, expected) => {
    expect(plannable(sql)?.sql).toBe(expected);
  });

  test.each([
    ["SELECT 'unterminated"],
    ["CREATE INDEX i ON item (name) WHERE name <> 'x'"],
    ['EXPLAIN ANALYZE DELETE FROM item'],
    ['FETCH 10 FROM c'],
    ['SELECT 1; DELETE FROM item'],
  ])('%s is not planned', (sql) => {
    expect(plannable(sql)).toBeUndefined();
  });
});

describe.each(POSTGRES_VERSIONS)('PostgreSQL %s', (version) => {
  const postgres = usePostgresVersion(version);
  const dsn = () => `postgres://postgres@${postgres().host}:${postgres().port}/postgres`;

  test('plans, and executes nothing', async () => {
    await postgres().query('CREATE TABLE IF NOT EXISTS planned (id int PRIMARY KEY, name text)');
    const options = { ...COMMAND_LIMITS, statementTimeoutMs: 1_000, applicationName: 'test' };
    const connection = await connectServer(parseDsn(dsn(), { where: '', env: {} }), options);
    expect(connection.major).toBe(majorOf(version));
    const statement = { sql: 'DELETE FROM planned WHERE id = $1 AND name = $2', parameters: 2 };
    expect(await genericPlan(connection, statement)).toEqual({
      plan: expect.stringContaining('Index Scan using planned_pkey'),
      problem: '',
    });
    expect(await genericPlan(connection, { sql: 'SELECT * FROM nowhere WHERE id = $1', parameters: 1 })).toEqual({
      plan: '',
      problem: expect.stringContaining('42P01'),
    });
    expect(await genericPlan(connection, { sql: 'SELECT count(*) FROM planned', parameters: 0 })).toMatchObject({
      problem: '',
    });
    connection.close();
  });
});

describe('the rights that docs/DEPLOY.md names', () => {
  const postgres = usePostgres();
  const statements = [
    { sql: 'SELECT name FROM owned WHERE id = $1', parameters: 1 },
    { sql: 'SELECT name FROM owned WHERE id = $1 FOR UPDATE', parameters: 1 },
    { sql: 'UPDATE owned SET name = $1 WHERE id = $2', parameters: 2 },
  ];

  test('are enough, and those for reading are not enough for writing', async () => {
    const page = readFileSync(path.join(ROOT, 'docs', 'DEPLOY.md'), 'utf8');
    const chapter = page.split('\n## ').find((part) => part.startsWith('Plans, and the rights'))!;
    const [toRead, toWrite] = [...chapter.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql);
    await postgres().query('CREATE TABLE owned (id int PRIMARY KEY, name text)');
    const problems = async () => {
      const dsn = `postgres://witness_plans@${postgres().host}:${postgres().port}/postgres`;
      const options = { ...COMMAND_LIMITS, statementTimeoutMs: 1_000, applicationName: 'test' };
      const connection = await connectServer(parseDsn(dsn, { where: '', env: {} }), options);
      const all: boolean[] = [];
      for (const statement of statements)
        all.push((await genericPlan(connection, statement)).problem.endsWith('(42501)'));
      connection.close();
      return all;
    };
    await postgres().query(toRead);
    expect(await problems()).toEqual([false, true, true]);
    await postgres().query(toWrite);
    expect(await problems()).toEqual([false, false, false]);
  });
});

describe('a real server', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();
  const dsn = () => `postgres://postgres@${postgres().host}:${postgres().port}/postgres`;

  test('without --samples-dsn nobody is asked; with it both plans stand side by side, and no literal is stored', async () => {
    await postgres().query(
      "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT n, 'n' || n FROM generate_series(1, 3000) n",
    );
    const sidecar = await startSidecar(postgres(), ['--samples-dsn', dsn()]);
    const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user: 'postgres', database: 'postgres' });
    await client.connect();
    for (let n = 0; n < 25; n++) {
      await client.query(
        `WITH found AS (SELECT * FROM item WHERE name = 'secret-${n}') SELECT count(*), pg_sleep(0.003) FROM found`,
      );
      await client.query(`SELECT name, pg_sleep(0.003) FROM item WHERE id = ${n + 1}`);
    }
    const statements = async () =>
      JSON.parse((await pgwitness('top', '--json', '--limit', '0', '--data', sidecar.data)).stdout)
        .statements as Array<{ fingerprint: string; query: string }>;
    const idOf = async (part: string) =>
      (await statements()).find(({ query }) => query.includes(part))?.fingerprint ?? '';
    const planOf = async (part: string) => {
      const id = await idOf(part);
      if (id === '') return '';
      const { stdout } = await pgwitness('show', id, '--json', '--data', sidecar.data);
      return JSON.parse(stdout).plan?.text ?? '';
    };
    await until(
      'both plans are stored',
      async () => (await planOf('found')) !== '' && (await planOf('SELECT name,')) !== '',
    );
    await client.end();
    const ids = [await idOf('found'), await idOf('SELECT name,')];
    const { stdout } = await pgwitness('compare', '--old', ids[0], '--new', ids[1], '--data', sidecar.data);
    expect(stdout).toContain('Generic plans');
    expect(stdout).toMatch(/Seq Scan on item/);
    expect(stdout).toMatch(/Index Scan using item_pkey on item/);
    await sidecar.stop();
    for (const name of readdirSync(sidecar.data)) {
      expect(readFileSync(path.join(sidecar.data, name), 'latin1')).not.toContain('secret-');
    }
  });

  test('an address with a password is refused before anything starts, and not repeated', async () => {
    const { code, stderr } = await pgwitness('run', '--samples-dsn', 'postgres://app:hunter2@db/shop');
    expect(stderr).toContain('PGPASSWORD');
    expect(stderr).not.toContain('hunter2');
    expect(code).toBe(2);
  });
});
