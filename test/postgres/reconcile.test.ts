// `pgwitness reconcile` on real servers of several versions.
// What passed the proxy agrees, what went past it is told apart, and exit 1 is earned.

import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { POSTGRES_VERSIONS, type Postgres, usePostgres, usePostgresVersion } from '../kit/postgres.js';
import { resetServerCounts } from '../kit/server-counts.js';
import { pgwitness, useSidecar } from '../kit/sidecar.js';

interface Answer {
  sums: { equal: number; explained: number; bypass: number; unexplained: number };
  statements: Array<{
    query: string;
    seen_by: string;
    outcome: string;
    rule: string;
    server: { calls: number };
    proxy: { calls: number };
  }>;
}

async function connected(at: { host: string; port: number }): Promise<pg.Client> {
  const client = new pg.Client({ host: at.host, port: at.port, user: 'postgres', database: 'postgres' });
  await client.connect();
  return client;
}

/**
 * Plain and prepared statements, SQL-level PREPARE, cursors, errors, utility statements: once each way the server
 * counts by a rule of its own.
 */
async function workload(at: { host: string; port: number }): Promise<void> {
  const client = await connected(at);
  await client.query('CREATE TABLE IF NOT EXISTS item (id int PRIMARY KEY, name text, born timestamptz DEFAULT now())');
  await client.query("INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 50) n ON CONFLICT DO NOTHING");
  for (let id = 1; id <= 7; id++) await client.query('SELECT name FROM item WHERE id = $1', [id]);
  for (let id = 1; id <= 5; id++)
    await client.query(`SELECT id, name FROM item WHERE id IN (${id}, ${id + 1}) LIMIT ${id}`);
  await client.query("SELECT count(*) FROM item WHERE born > now() - INTERVAL '1 day' AND name LIKE E'it\\'s%'");
  await client.query('SELECT 1; SELECT 2, 3; SELECT name FROM item LIMIT 2');
  await client.query('PREPARE named AS SELECT count(*) FROM item WHERE id > $1');
  for (let id = 1; id <= 3; id++) await client.query(`EXECUTE named(${id})`);
  await client.query('DEALLOCATE named');
  for (let i = 0; i < 3; i++)
    await client.query({ name: 'begin', text: 'BEGIN' }).then(() => client.query({ name: 'commit', text: 'COMMIT' }));
  await client.query('BEGIN');
  await client.query('DECLARE c CURSOR FOR SELECT id FROM item ORDER BY id');
  await client.query('FETCH 10 FROM c');
  await client.query('MOVE 5 IN c');
  await client.query('FETCH 10 FROM c');
  await client.query('CLOSE c');
  await client.query('COMMIT');
  await client.query('SELECT 1 / (id - id) FROM item').catch(() => {});
  await client.query("UPDATE item SET name = 'new' WHERE id < 4 RETURNING id");
  await client.query('WITH gone AS (DELETE FROM item WHERE id > 45 RETURNING id) SELECT count(*) FROM gone');
  await client.query('EXPLAIN SELECT * FROM item');
  await client.query('SHOW work_mem');
  await client.query("SET work_mem = '5MB'");
  await client.query('COPY item TO STDOUT').catch(() => {});
  await client.query('CREATE TEMP TABLE copied AS SELECT * FROM item');
  await client.query('CREATE MATERIALIZED VIEW IF NOT EXISTS seen AS SELECT * FROM item');
  await client.query('REFRESH MATERIALIZED VIEW seen');
  await client.query('DO $$ BEGIN PERFORM 1; END $$');
  // Statements that name something: from PostgreSQL 17 on the server replaces the names.
  await client.query('BEGIN; SAVEPOINT a; SELECT 5; ROLLBACK TO a; RELEASE a; COMMIT');
  await client.query('PREPARE second AS SELECT 6');
  await client.query('DEALLOCATE second');
  await client.query("PREPARE TRANSACTION 'none'").catch(() => {});
  await client.query('VALUES (1, 2), (3, 4)');
  await client.query('TABLE copied');
  await client.end();
}

const dsnOf = ({ host, port }: Postgres) => `postgres://postgres@${host}:${port}/postgres`;

describe.each(POSTGRES_VERSIONS)('against PostgreSQL %s', (version) => {
  const postgres = usePostgresVersion(version);
  const startSidecar = useSidecar();

  test('everything that passed the proxy agrees; what went past it is told apart', async () => {
    const sidecar = await startSidecar(postgres());
    await resetServerCounts(postgres(), 'postgres');
    await workload(sidecar);
    const direct = await connected(postgres());
    await direct.query('SELECT inet_server_port()');
    await direct.end();

    const { code, stdout, stderr } = await pgwitness(
      'reconcile',
      '--dsn',
      dsnOf(postgres()),
      '--data',
      sidecar.data,
      '--json',
      '--all',
    );
    const answer: Answer = JSON.parse(stdout || `{"error": ${JSON.stringify(stderr)}}`);
    expect(answer.statements.filter(({ outcome }) => outcome === 'unexplained')).toEqual([]);
    expect(code).toBe(0);
    const bypassed = answer.statements.filter(({ outcome }) => outcome === 'bypass').map(({ query }) => query);
    expect(bypassed).toContainEqual(expect.stringContaining('inet_server_port'));
    expect(bypassed.filter((query) => /SAVEPOINT|ROLLBACK|RELEASE|DEALLOCATE|TRANSACTION/.test(query))).toEqual([]);
    expect(answer.statements).toContainEqual(
      expect.objectContaining({ query: 'BEGIN', rule: 'prepared-utility-once' }),
    );
    expect(answer.sums.equal).toBeGreaterThan(15);
  });
});

describe('past the proxy', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  test('a statement that also ran past the proxy is a difference it cannot explain: exit 1', async () => {
    const sidecar = await startSidecar(postgres());
    const client = await connected(sidecar);
    const direct = await connected(postgres());
    await client.query('SELECT 1 AS warm');
    const file = `${sidecar.data}.baseline`;
    const saved = await pgwitness('reconcile', '--dsn', dsnOf(postgres()), '--data', sidecar.data, '--save', file);
    expect(saved.stderr).toBe('');
    await client.query('SELECT version()');
    await direct.query('SELECT version()');
    await client.end();
    await direct.end();

    const { code, stdout } = await pgwitness(
      'reconcile',
      '--dsn',
      dsnOf(postgres()),
      '--data',
      sidecar.data,
      '--from',
      file,
      '--json',
    );
    const answer: Answer = JSON.parse(stdout);
    expect(answer.statements.filter(({ outcome }) => outcome === 'unexplained')).toMatchObject([
      { query: expect.stringContaining('version()'), server: { calls: 2 }, proxy: { calls: 1 } },
    ]);
    expect(code).toBe(1);
  });

  test('a text that is too long to be read whole agrees too', async () => {
    const server = postgres();
    const sidecar = await startSidecar(server);
    await resetServerCounts(server, 'postgres');
    const client = await connected(sidecar);
    await client.query(`SELECT count(*) /*${'x'.repeat(17 * 1024 * 1024)}*/ FROM pg_catalog.pg_class`);
    await client.end();
    const { stdout } = await pgwitness('reconcile', '--dsn', dsnOf(server), '--data', sidecar.data, '--json', '--all');
    const answer: Answer = JSON.parse(stdout);
    expect(answer.statements.filter(({ query }) => query.startsWith('SELECT count'))).toMatchObject([
      { outcome: 'equal', server: { calls: 1 }, proxy: { calls: 1 } },
    ]);
  });
});
