// Files that `attribute` reads: SQL scripts, and logs that a real server wrote.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { usePostgres } from '../kit/postgres.js';
import { until } from '../kit/sidecar.js';
import { pgwitness } from './command.js';

const root = mkdtempSync(join(tmpdir(), 'pgwitness-files-'));
beforeAll(() => build(() => {}));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function fileOf(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

async function attributed(...args: string[]): Promise<Array<Record<string, unknown>>> {
  const { stdout, stderr } = await pgwitness(['attribute', ...args]);
  expect(stderr).toBe('');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('an SQL file', () => {
  test('each statement is a line, with its line number; commands and data of psql are left out', async () => {
    const file = fileOf(
      'reports.sql',
      `\\set x 1
-- first; of all
SELECT total
  FROM report WHERE day = '2026-01-01; no';

COPY report FROM stdin;
1\tselect nonsense; 'x
\\.
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$;
selec nope;
`,
    );
    const lines = await attributed('--input', file);
    expect(lines.map(({ line, sql }) => [line, String(sql).split('\n')[0]])).toEqual([
      [2, '-- first; of all'],
      [6, 'COPY report FROM stdin'],
      [9, 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$'],
      [10, 'selec nope'],
    ]);
    expect(lines[0]).toMatchObject({ source: 'raw', fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(lines.map(({ warning }) => warning !== undefined)).toEqual([false, false, false, true]);
  });

  test('on standard input it is told by --as; an unknown kind is an error', async () => {
    const { stdout } = await pgwitness(['attribute', '--input', '-', '--as', 'sql'], { input: 'SELECT 1; BEGIN' });
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    const wrong = await pgwitness(['attribute', '--input', '-', '--as', 'xml'], { input: '' });
    expect(wrong.stderr).toBe('pgwitness: "xml" is not known: --as: use one of lines, sql, csvlog, jsonlog, log\n');
    expect(wrong.code).toBe(2);
  });
});

describe('a log of Postgres', () => {
  const postgres = usePostgres({
    settings: {
      logging_collector: 'on',
      log_destination: 'stderr,csvlog,jsonlog',
      log_directory: 'log',
      log_filename: 'all.log',
      log_statement: 'all',
      log_line_prefix: '%m [%p] %u@%d app=%a ',
    },
  });

  test.each(['all.csv', 'all.json', 'all.log'])('%s has every statement with who sent it', async (name) => {
    const { host, port, dataDirectory } = postgres();
    const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres', application_name: 'nightly' });
    await client.connect();
    const text = `SELECT 'a "quoted", ; text'\n\t, relname FROM pg_class -- of ${name}`;
    await client.query(text);
    await client.query({ name: 'by_oid', text: 'SELECT relname FROM pg_class WHERE oid = $1', values: [1] });
    await client.end();
    const file = join(dataDirectory, 'log', name);
    await until('the log is written', async () => readFileSync(file, 'utf8').includes(`-- of ${name}`));
    await until('the log is written', async () => /execute by_oid/.test(readFileSync(file, 'utf8')));

    const lines = (await attributed('--input', file)).filter(({ sql }) => String(sql).includes('pg_class'));
    const [simple, prepared] = lines.slice(-2);
    expect(simple).toMatchObject({
      sql: text,
      protocol: 'simple',
      startup: { user: 'postgres', database: 'postgres', application_name: 'nightly' },
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(prepared).toMatchObject({ protocol: 'extended', statement_name: 'by_oid', session: simple.session });
    expect(prepared.sql).toBe('SELECT relname FROM pg_class WHERE oid = $1');
  });
});
