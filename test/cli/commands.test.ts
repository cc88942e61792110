// The commands as a user runs them: output, exit codes and errors.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../config/log.js';
import { Api } from '../../dashboards/http/api.js';
import { startHttp } from '../../dashboards/http/server.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { setMark } from '../../storage/sqlite/write/mark-writer.js';
import { pgwitness } from './command.js';
import { ORM, RAW, RAW_TWIN, SINCE_MS, writeEmptyStore, writeSampleStore } from './sample-store.js';

const root = mkdtempSync(join(tmpdir(), 'pgwitness-cli-'));
const data = join(root, 'sample');
const empty = join(root, 'empty');

beforeAll(async () => {
  await build(() => {});
  writeSampleStore(data);
  writeEmptyStore(empty);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function fileOf(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

describe('exit codes and errors', () => {
  test.each([
    [['top', '--lisen'], /^pgwitness: unknown option '--lisen': top: .*see pgwitness top --help\n$/],
    [['top', '--sourc', 'raw'], /did you mean --source\?/],
    [['tpo'], /^pgwitness: unknown command 'tpo': did you mean top\?/],
    [['help', 'tpo'], /^pgwitness: unknown command 'tpo': see pgwitness --help\n$/],
    [['attribute'], /required option '--input <file>' not specified/],
    [['show'], /missing required argument 'fingerprint'/],
    [['show', 'nonsense!'], /^pgwitness: "nonsense!" is not a fingerprint: show: /],
    [['top', '--sort', 'slowest'], /^pgwitness: "slowest" is not known: --sort: use one of total, mean/],
    [['top', '--limit', '-1'], /--limit/],
    [['top', '--since', 'yesterday'], /^pgwitness: "yesterday" is not a moment: --since: write how long ago/],
    [['top', '--since', '1h', '--until', '2h'], /the window is empty/],
    [['top', '--tag', 'route'], /"route" is not a tag: --tag: write key=value/],
    [['top', '--watch', '--group-by', 'route'], /groups are not watched/],
    [['top', '--watch', '--json'], /two output formats/],
    [['export', '--json', '--format', 'csv'], /^pgwitness: two output formats: --json, --format: give one of them\n$/],
    [
      ['tail', '--route', 'reports/a', 'reports/b'],
      /^pgwitness: too many arguments: tail: quote what has spaces or a \*/,
    ],
    [['tail', '--min-ms', 'soon'], /"soon" is not a number of milliseconds: --min-ms/],
    [['tail', '--data', 'x'], /^pgwitness: a data directory has what was stored, .*: --data: give --url/],
    [['sql', '--url', 'http://x'], /^pgwitness: pgwitness takes no SQL over HTTP: --url: give --data/],
    [['sql', '--url=http://x', 'SELECT 1'], /^pgwitness: pgwitness takes no SQL over HTTP: --url: give --data/],
    [['top', '--url', 'ftp://x'], /is not an http address: --url/],
    [['check-config', '--listen', 'nowhere'], /^pgwitness: "nowhere" is not an address: --listen: write HOST:PORT/],
    [['check-config', '--config', '/nowhere.yaml'], /cannot be read \(ENOENT\)/],
  ])('%j is a usage error', async (args, message) => {
    // A sidecar of this machine must not be found.
    const { code, stdout, stderr } = await pgwitness(args, { env: { PGWITNESS_HTTP: '127.0.0.1:1' } });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    if (args[0] !== 'help') expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('no command prints the help and is a usage error', async () => {
    const { code, stdout } = await pgwitness([]);
    expect(stdout).toContain('Usage: pgwitness');
    expect(code).toBe(2);
  });

  test.each([['--help'], ['help'], ['top', '--help'], ['--version'], ['version']])('%s is fine', async (...args) => {
    const { code, stdout, stderr } = await pgwitness(args);
    expect(stdout).not.toBe('');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('a data directory that is not there is a run-time error with a hint', async () => {
    const { code, stderr } = await pgwitness(['top', '--data', join(root, 'nowhere')]);
    expect(stderr).toMatch(/^pgwitness: there is no data directory .*--data.*\n$/);
    expect(code).toBe(3);
  });

  test('a sidecar that does not answer is a run-time error', async () => {
    const { code, stderr } = await pgwitness(['pools', '--url', 'http://127.0.0.1:1']);
    expect(stderr).toMatch(/^pgwitness: no answer \(ECONNREFUSED\): http:\/\/127\.0\.0\.1:1/);
    expect(code).toBe(3);
  });
});

describe('top', () => {
  test('--json has the documented shape', async () => {
    const { stdout, code } = await pgwitness(['top', '--data', data, '--json', '--limit', '0']);
    const report = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(Object.keys(report)).toEqual(['window', 'observed', 'statements']);
    expect(report.observed).toEqual({ statements: 13, executions: 13, not_observed: 2, unknown: 0, exact: true });
    expect(Object.keys(report.statements[0]).sort()).toEqual(
      [
        ...['batched_calls', 'calls', 'confidence', 'construct', 'errors', 'fingerprint', 'first_seen', 'last_seen'],
        ...['max_ms', 'mean_ms', 'min_ms', 'p50_ms', 'p95_ms', 'p99_ms', 'pools', 'query', 'rows', 'source', 'summary'],
        ...['tags', 'total_ms', 'requests', 'calls_per_request'],
      ].sort(),
    );
    expect(report.statements).toHaveLength(5);
    expect(report.statements[0]).toMatchObject({ fingerprint: RAW, source: 'raw', calls: 3, errors: 1, max_ms: 60 });
  });

  test('filters narrow the rows, not what was observed', async () => {
    const { stdout } = await pgwitness(['top', '--data', data, '--json', '--handwritten', '--min-ms', '2']);
    const report = JSON.parse(stdout);
    expect(report.statements.map((row: { source: string }) => row.source)).toEqual(['raw', 'sqlalchemy']);
    expect(report.observed.statements).toBe(13);
  });

  test('two stores merge', async () => {
    const { stdout } = await pgwitness([
      'top',
      '--data',
      data,
      '--data',
      data,
      '--json',
      '--source',
      'raw',
      '--limit',
      '1',
    ]);
    expect(JSON.parse(stdout).statements).toMatchObject([{ fingerprint: RAW, calls: 6, errors: 2 }]);
  });

  test('the environment names the data directory', async () => {
    const { stdout } = await pgwitness(['top', '--json'], { env: { PGWITNESS_DATA: data } });
    expect(JSON.parse(stdout).observed.statements).toBe(13);
  });

  test('an empty store is told of helpfully', async () => {
    const { stdout, code } = await pgwitness(['top', '--data', empty]);
    expect(stdout).toMatch(/^Nothing observed yet in .*127\.0\.0\.1:6433/s);
    expect(code).toBe(0);
  });

  test('text has no escape sequence when it is not a terminal', async () => {
    const { stdout } = await pgwitness(['top', '--data', data]);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('\\u001b[31m');
  });
});

describe('show', () => {
  test('a unique prefix is enough', async () => {
    const { stdout, code } = await pgwitness(['show', 'bbbb', '--data', data, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).statements).toMatchObject([
      { fingerprint: ORM, by_confidence: { certain: 3 }, tags: { route: ['/books/'] }, batched_calls: 1 },
    ]);
  });

  test('a prefix of several names them', async () => {
    const { stderr, code } = await pgwitness(['show', 'aaaa', '--data', data]);
    expect(stderr).toContain(`2 statements begin with aaaa: show: give more of one: `);
    expect(stderr).toContain(RAW_TWIN);
    expect(code).toBe(2);
  });

  test('a fingerprint that is not there is a run-time error', async () => {
    const { stderr, code } = await pgwitness(['show', 'ffff000000000000', '--data', data]);
    expect(stderr).toContain('no statement ffff000000000000 in this window');
    expect(code).toBe(3);
  });

  test('text says who, why, how long and where it fails', async () => {
    const { stdout } = await pgwitness(['show', RAW, '--data', data]);
    expect(stdout).toContain('Sent by raw, as cursor');
    expect(stdout).toContain('text not in the form that the ORM writes (django-shape)');
    expect(stdout).toContain('57014 query_canceled 1');
    expect(stdout).toContain('max 60.0 ms');
    expect(stdout).toContain('django:app@shop');
  });
});

describe('history', () => {
  test('takes the filters of top', async () => {
    const points = async (...flags: string[]) => {
      const { stdout, stderr } = await pgwitness(['history', RAW, ...flags, '--json', '--data', data]);
      expect(stderr).toBe('');
      return JSON.parse(stdout).points.map(({ calls, errors }: Record<string, number>) => [calls, errors]);
    };
    expect(await points('--pool', 'django:app@shop', '--construct', 'cursor', '--table', 'shop_*')).toEqual([[3, 1]]);
    expect(await points('--handwritten', '--find', 'pg_sleep')).toEqual([[3, 1]]);
    expect(await points('--pool', 'sqlalchemy:app@shop')).toEqual([]);
    expect(await points('--source', 'django-orm')).toEqual([]);
  });

  test('says whose it is, what it was narrowed to, and what failed among the executions', async () => {
    const { stdout } = await pgwitness(['history', RAW, '--source', 'raw', '--data', data], { env: { COLUMNS: '80' } });
    expect(stdout).toContain(`${RAW}  SELECT from shop_order\nraw/cursor · django:app@shop\nonly --source raw\n`);
    expect(stdout).toMatch(/^at +executions +errors/m);
    expect(stdout).toMatch(/ UTC +4 +1 /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('a value that was never seen is a usage error; a known name that fits nothing is not', async () => {
    const wrong = await pgwitness(['history', RAW, '--pool', 'django:ap@shop', '--data', data]);
    expect(wrong.stderr).toMatch(/"django:ap@shop" was never seen: --pool: .*did you mean django:app@shop\?/);
    expect(wrong.code).toBe(2);
    const none = await pgwitness(['history', RAW, '--source', 'sqlalchemy', '--data', data]);
    expect(none).toMatchObject({ code: 0, stdout: `No execution of ${RAW} fits --source sqlalchemy.\n` });
  });
});

describe('compare', () => {
  test('a value that was never seen is a usage error with those that are there', async () => {
    const around = new Date(SINCE_MS).toISOString();
    const wrong = await pgwitness(['compare', '--around', around, '--tag', 'route=/nope/', '--data', data]);
    expect(wrong.stderr).toMatch(/"route=\/nope\/" was never seen: --tag: seen: \/books\//);
    expect(wrong.code).toBe(2);
    const none = await pgwitness(['compare', '--around', around, '--source', 'unknown', '--data', data]);
    expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining('No statement fits on either side.') });
  });
});

describe('pools', () => {
  test('--json is complete', async () => {
    const { stdout } = await pgwitness(['pools', '--data', data, '--json']);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ connections_max: 8, busy_max: 3 });
    expect(report.pools.map((pool: { name: string }) => pool.name).sort()).toEqual([
      'django:app@shop',
      'sqlalchemy:app@shop',
    ]);
    expect(report.pools[0]).toMatchObject({ opened: 5, closed: 2, lifetime_mean_ms: 1_500, connections_max: 4 });
  });

  test('text holds the peak held against the peak busy', async () => {
    const { stdout } = await pgwitness(['pools', '--data', data]);
    expect(stdout).toContain('Most connections held at once: 8; most busy within one second: 3.');
    expect(stdout).toContain('django:app@shop: one connection per request');
    expect(stdout).toMatch(/^now, most: connections held now, and at most; busy: /m);
  });

  test('an empty store is told of helpfully', async () => {
    expect((await pgwitness(['pools', '--data', empty])).stdout).toMatch(/^No pool observed yet/);
  });
});

describe('--url', () => {
  test('answers as --data does', async () => {
    const reader = openReader(data);
    const metrics = { contentType: 'text/plain', render: async () => '' };
    const log = createLog({ level: 'silent' });
    const api = new Api({ reader });
    const server = await startHttp({ address: { kind: 'tcp', host: '127.0.0.1', port: 0 }, metrics, api, log });
    const url = `http://127.0.0.1:${server.address.port}`;
    try {
      for (const args of [
        ['top', '--json'],
        ['show', RAW, '--json'],
        ['pools', '--json'],
        ['top', '--json', '--sort', 'p95', '--limit', '2', '--since', new Date(SINCE_MS).toISOString()],
      ]) {
        const [remote, local] = [await pgwitness([...args, '--url', url]), await pgwitness([...args, '--data', data])];
        expect(remote.stderr).toBe('');
        expect(JSON.parse(remote.stdout), args.join(' ')).toEqual(JSON.parse(local.stdout));
      }
      const merged = await pgwitness(['top', '--json', '--url', url, '--data', data, '--limit', '1']);
      expect(JSON.parse(merged.stdout).statements).toMatchObject([{ fingerprint: RAW, calls: 6 }]);
    } finally {
      await server.close();
      reader.close();
    }
  });
});

describe('mark --url', () => {
  test('sets the mark at a running pgwitness with its token', async () => {
    const token = '0123456789abcdef0123456789abcdef';
    const marked = join(root, 'marked');
    writeSampleStore(marked);
    const reader = openReader(marked);
    const api = new Api({ reader, setMark: (mark) => setMark(marked, mark) });
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    const log = createLog({ level: 'silent' });
    const server = await startHttp({ address, token, metrics: { render: async () => '' }, api, log });
    const url = `http://127.0.0.1:${server.address.port}`;
    try {
      const args = ['mark', 'deploy 42', '--url', url];
      const refused = await pgwitness(args);
      expect(refused.stderr).toBe(`pgwitness: a token is needed: ${url}: give --token-file\n`);
      expect(refused.code).toBe(3);
      const { stdout, stderr } = await pgwitness([...args, '--token-file', fileOf('right-token', `${token}\n`)]);
      expect(stderr).toBe('');
      expect(stdout).toContain(': deploy 42.');
      expect((await pgwitness(['mark', '--data', marked])).stdout).toMatch(/manual +deploy 42$/m);
    } finally {
      await server.close();
      reader.close();
    }
  });
});

describe('check-config', () => {
  test('prints what is in force and where it came from', async () => {
    const file = fileOf('good.yaml', 'topSeries: 5\n');
    const { stdout, code } = await pgwitness(
      ['check-config', '--config', file, '--json', '--listen', '127.0.0.1:7000'],
      {
        env: { PGWITNESS_FLUSH_INTERVAL: '2s' },
      },
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).options).toMatchObject({
      topSeries: { value: 5, from: `${file}:1:12` },
      listen: { value: '127.0.0.1:7000', from: '--listen' },
      flushInterval: { value: '2000 ms', from: 'PGWITNESS_FLUSH_INTERVAL' },
    });
  });

  test('a broken file is told by line and column', async () => {
    const file = fileOf('bad.yaml', 'listen: 127.0.0.1:6433\nupstraem: db:5432\n');
    const { stderr, code } = await pgwitness(['check-config', '--config', file]);
    expect(stderr).toBe(`pgwitness: unknown option "upstraem": ${file}:2:1: did you mean upstream?\n`);
    expect(code).toBe(2);
  });

  test('a token that could be guessed is refused and not printed', async () => {
    const token = fileOf('token', 'hunter2\n');
    const { stderr, code } = await pgwitness(['check-config', '--http-token-file', token]);
    expect(stderr).toContain('openssl rand -hex 32');
    expect(stderr).not.toContain('hunter2');
    expect(code).toBe(2);
  });
});

describe('attribute', () => {
  const startup = { user: 'app', database: 'shop', application_name: 'nightly-etl' };
  const lines = [
    { session: 1, startup, protocol: 'simple', sql: "SELECT name FROM stock WHERE id = 42 AND note = 'secret'" },
    { session: 2, protocol: 'simple', sql: "select 7 /*db_framework='sqlalchemy%3A2.0'*/", extra: [1] },
    { session: 1, startup, protocol: 'simple', sql: 'BEGIN' },
  ];
  const input = lines.map((line) => JSON.stringify(line)).join('\n');

  test('the lines come back in order with what was found', async () => {
    const { stdout, code } = await pgwitness(['attribute', '--input', fileOf('in.jsonl', `${input}\n`)]);
    const out = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(out).toHaveLength(3);
    for (const [index, line] of out.entries()) {
      expect(line).toMatchObject(lines[index]);
      expect(line.fingerprint).toMatch(/^[0-9a-f]{16}$/);
      expect(Array.isArray(line.evidence)).toBe(true);
    }
    expect(out[1]).toMatchObject({ source: 'sqlalchemy', confidence: 'certain' });
    expect(out[2]).toMatchObject({ source: 'housekeeping' });
  });

  test('standard input will do, and rules of the config file decide', async () => {
    const config = fileOf(
      'rules.yaml',
      'rules:\n  - match: { application_name: "nightly-*" }\n    set: { source: etl }\n',
    );
    const { stdout } = await pgwitness(['attribute', '--input', '-', '--config', config], { input });
    const first = JSON.parse(stdout.split('\n')[0]);
    expect(first).toMatchObject({ source: 'etl', confidence: 'certain' });
    expect(first.evidence[0].saw).toContain('rules[0]');
  });

  test('a bad line is told by its number and hurts no other', async () => {
    const file = fileOf('bad.jsonl', `${input}\n{"session": 1}\nnot JSON\n`);
    const { stdout, stderr, code } = await pgwitness(['attribute', '--input', file]);
    const out = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(out).toHaveLength(5);
    expect(out[3]).toMatchObject({ line: 4, error: expect.stringContaining('"sql"') });
    expect(stderr).toContain(`${file}:5`);
    expect(code).toBe(1);
  });

  test('a file that is not there is a run-time error', async () => {
    const { stderr, code } = await pgwitness(['attribute', '--input', join(root, 'nowhere.jsonl')]);
    expect(stderr).toMatch(/^pgwitness: the input cannot be read \(ENOENT\): .*: check --input\n$/);
    expect(code).toBe(3);
  });
});

describe('healthcheck', () => {
  test.each([
    [200, 0],
    [503, 1],
  ])('a relay that answers %i gives exit code %i', async (status, expected) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code } = await pgwitness(['healthcheck', '--health', `127.0.0.1:${port}`]);
    server.close();
    expect(asked).toEqual(['/readyz']);
    expect(code).toBe(expected);
  });

  test('no relay gives exit code 1', async () => {
    const { code, stdout } = await pgwitness(['healthcheck', '--health', '127.0.0.1:1']);
    expect(stdout).toMatch(/^not ready: 127\.0\.0\.1:1/);
    expect(code).toBe(1);
  });
});
