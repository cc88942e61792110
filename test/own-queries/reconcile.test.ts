// `pgwitness reconcile` on real servers of several versions.
// What passed the proxy agrees, what went past it is told apart, and exit 1 is earned.

import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { POSTGRES_VERSIONS, type Postgres, usePostgres, usePostgresVersion } from '../kit/postgres.js';
import { resetServerCounts } from '../kit/server-counts.js';
import { pgwitness, useSidecar } from '../kit/sidecar.js';

interface Answer {
  leads_through_pgwitness: boolean;
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

describe('what the server and pgwitness send by themselves', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  test('deferred foreign keys and triggers, look-ups of tools and of pgwitness are explained, each by its own rule', async () => {
    const server = postgres();
    const sidecar = await startSidecar(server);
    const client = await connected(sidecar);
    await client.query('CREATE TABLE author (id int PRIMARY KEY); CREATE TABLE log (id int, what text)');
    await client.query(
      'CREATE TABLE book (id int PRIMARY KEY, author int REFERENCES author DEFERRABLE INITIALLY DEFERRED)',
    );
    await client.query(`CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE n int;
      BEGIN
        INSERT INTO log VALUES (NEW.id, 'a book; deferred');
        SELECT count(*) INTO STRICT n FROM log WHERE id = NEW.id;
        FOR n IN SELECT id FROM author WHERE id = NEW.author LOOP PERFORM count(*) FROM book; END LOOP;
        RETURN NULL;
      END $$`);
    await client.query(
      'CREATE CONSTRAINT TRIGGER later AFTER INSERT ON book DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION logged()',
    );
    await client.query('CREATE TRIGGER at_once AFTER INSERT ON book FOR EACH ROW EXECUTE FUNCTION logged()');
    await resetServerCounts(server, 'postgres');
    for (let id = 1; id <= 3; id++) {
      await client.query('BEGIN');
      await client.query('INSERT INTO author VALUES ($1)', [id]);
      await client.query('INSERT INTO book VALUES ($1, $1)', [id]);
      await client.query('COMMIT');
    }
    const direct = await connected(server);
    await direct.query('BEGIN');
    await direct.query("SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind = 'r'");
    await direct.query('COMMIT');
    await direct.end();
    await client.end();
    const answers: Answer[] = [];
    for (const _ of [1, 2]) {
      const { stdout } = await pgwitness('reconcile', '--dsn', dsnOf(server), '--data', sidecar.data, '--json');
      answers.push(JSON.parse(stdout));
    }
    const { statements, sums, leads_through_pgwitness } = answers[1];
    expect(sums.unexplained).toBe(0);
    expect(leads_through_pgwitness).toBe(false);
    expect(
      statements.filter(({ outcome }) => outcome === 'bypass').filter(({ query }) => !/EXTENSION|_reset/.test(query)),
    ).toEqual([]);
    const byRule = (name: string) =>
      statements.filter(({ rule }) => rule === name).map(({ query, server: { calls } }) => [query, calls]);
    expect(byRule('foreign-key-check')).toEqual([[expect.stringContaining('FOR KEY SHARE OF x'), 3]]);
    expect(byRule('function-body').sort()).toEqual([
      [expect.stringContaining('INSERT INTO log'), 3],
      [expect.stringMatching(/^SELECT count\(\*\) FROM book/), 3],
      [expect.stringMatching(/^SELECT count\(\*\) FROM log/), 3],
      [expect.stringMatching(/^SELECT id FROM author/), 3],
    ]);
    expect(byRule('catalogue-look-up')).toEqual([[expect.stringContaining('pg_class'), 1]]);
    expect(byRule('own-query')).toContainEqual([expect.stringContaining('s.toplevel'), expect.any(Number)]);
    expect(byRule('housekeeping-of-bypassing').sort()).toEqual([
      ['BEGIN', 4],
      ['COMMIT', 4],
    ]);
  });

  test('a DSN that leads through pgwitness is said, and its statements are of a tool', async () => {
    const server = postgres();
    const sidecar = await startSidecar(server);
    await resetServerCounts(server, 'postgres');
    const through = `postgres://postgres@${sidecar.host}:${sidecar.port}/postgres`;
    const { stdout, stderr } = await pgwitness('reconcile', '--dsn', through, '--data', sidecar.data);
    expect(stdout, stderr).toContain('The DSN leads through pgwitness');
    const pools = await pgwitness('pools', '--dsn', through, '--url', sidecar.httpUrl);
    expect(pools.stdout).toContain('The DSN leads through pgwitness');
    const top = await pgwitness('top', '--data', sidecar.data, '--json');
    const sources = JSON.parse(top.stdout).statements.map((row: { source: string }) => row.source);
    expect(new Set(sources)).toEqual(new Set(['tool']));
  });

  test('--limit cuts the list, in text to 20', async () => {
    const server = postgres();
    const sidecar = await startSidecar(server);
    await resetServerCounts(server, 'postgres');
    const direct = await connected(server);
    for (let n = 1; n <= 25; n++) await direct.query(`SELECT ${'lower('.repeat(n)}'A'${')'.repeat(n)}`);
    await direct.end();
    const run = (...args: string[]) =>
      pgwitness('reconcile', '--dsn', dsnOf(server), '--data', sidecar.data, '--settle', '1s', ...args);
    const { stdout } = await run();
    expect(stdout.match(/^bypass /gm)).toHaveLength(20);
    expect(stdout).toMatch(/^… \d+ more: --limit 0 lists all$/m);
    expect((await run('--limit', '0')).stdout.match(/^bypass /gm)?.length).toBeGreaterThanOrEqual(25);
    expect(JSON.parse((await run('--limit', '3', '--json')).stdout).statements).toHaveLength(3);
  });
});
