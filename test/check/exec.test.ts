// `pgwitness exec` around small commands: environment, exit codes, signals, baselines.
// Not here: suites of tests (suites.test.ts), what is judged how (judge.test.ts).

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { ordinaryUser } from '../../scripts/lib/setup/ordinary-user.mjs';
import { pgwitness, type Ran } from '../cli/command.js';
import { usePostgres } from '../kit/postgres.js';
import { tlsWorld } from '../kit/tls.js';
import { temporaryDirectory } from '../storage/flushes.js';

const world = await tlsWorld();
const sockets = mkdtempSync('/tmp/pgw-s-');
const user = await ordinaryUser();
if (user) (await import('node:fs')).chownSync(sockets, user.uid, user.gid);
const postgres = usePostgres({ settings: { ...world.postgresOptions.settings, unix_socket_directories: sockets } });
const CLIENT = path.join(ROOT, 'test', 'check', 'client.mjs');
const client = (...args: string[]) => ['--', process.execPath, CLIENT, ...args];

beforeAll(() => build(() => {}));

/** Runs in a temporary directory of its own, so that what it leaves there is seen. */
async function exec(args: readonly string[], env: Record<string, string> = {}): Promise<Ran & { left: string[] }> {
  const tmp = temporaryDirectory();
  const ran = await pgwitness(['exec', ...args], { env: { TMPDIR: tmp, ...env } });
  return { ...ran, left: readdirSync(tmp) };
}

const libpq = () => ({ PGHOST: postgres().host, PGPORT: String(postgres().port) });
const url = (query = '') => ({ DATABASE_URL: `postgres://postgres@127.0.0.1:${postgres().port}/postgres${query}` });

describe('the exit code', () => {
  test('is that of the command, and 0 where it sent something', async () => {
    const ran = await exec(client('send', 'select 1'), libpq());
    expect(ran.stderr).toMatch(/^pgwitness: \d+ executions, 0 not observed; /m);
    expect(ran.code).toBe(0);
    expect(ran.left).toEqual([]);
    expect((await exec(client('exit', '7'), libpq())).code).toBe(7);
  });

  test('is 1 where no statement came', async () => {
    const { code, stderr } = await exec(client('exit', '0'), libpq());
    expect(stderr).toMatch(/no statement came through: .*--env DB_HOST,DB_PORT/);
    expect(code).toBe(1);
    const report = path.join(temporaryDirectory(), 'check.json');
    writeFileSync(report, '{"outcome": "passed"}');
    const asked = ['--none', 'handwritten', '--report', report, '--save', path.join(temporaryDirectory(), 'b.txt')];
    const judged = await exec([...asked, ...client('exit', '0')], libpq());
    expect(judged.stderr).toContain('b.txt is not written, because the command failed, sent nothing');
    expect(judged.code).toBe(1);
    expect(JSON.parse(readFileSync(report, 'utf8')).outcome).toBe('not shown');
  });

  test('is 1 where a condition does not hold, and the command keeps its own', async () => {
    const asked = ['--none', 'table=pg_class'];
    const failing = await exec([...asked, ...client('send', 'select count(*) from pg_class')], libpq());
    expect(failing.stderr).toContain('FAILED     --none table=pg_class');
    expect(failing.code).toBe(1);
    const unseen = await exec([...asked, ...client('send', 'select 1')], libpq());
    expect(unseen.stderr).toContain('NOT SHOWN  --none table=pg_class');
    expect(unseen.code).toBe(1);
  });

  test('is 128 and the signal where one ended the command', async () => {
    const { code, left } = await exec(client('die', 'SIGKILL'), libpq());
    expect(code).toBe(128 + 9);
    expect(left).toEqual([]);
  });

  test('a command that is not there is a run-time error, and leaves nothing', async () => {
    const { code, stderr, left } = await exec(['--', '/nowhere/command'], libpq());
    expect(stderr).toMatch(/the command cannot be started \(ENOENT\): \/nowhere\/command/);
    expect(code).toBe(3);
    expect(left).toEqual([]);
  });

  test.each([
    [[], {}, /missing required argument 'command'/],
    [['--max', 'p95=1', ...client('send')], {}, /is not a duration/],
    [['--env', 'DB_HOST', ...client('send')], {}, /no variable for the port follows/],
    [client('send'), { PGSERVICE: 'shop' }, /PGSERVICE names the server in a file/],
    [client('send'), { PGHOST: 'a,b' }, /several hosts are named/],
    [client('send'), { DATABASE_URL: 'postgres://u:secret@h/d?sslcert=x' }, /sslcert: a certificate of the client/],
    [client('send'), { PGSSLMODE: 'sometimes' }, /"sometimes" is not an sslmode/],
  ])('%j is refused before anything starts', async (args, env, message) => {
    const { code, stderr } = await exec(args, env);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('secret');
    expect(code).toBe(2);
  });
});

test('signals reach the command, whose answer is the exit code', async () => {
  const tmp = temporaryDirectory();
  const args = [path.join(ROOT, 'dist/cli/main.js'), 'exec', ...client('wait', '5')];
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, TMPDIR: tmp, ...libpq() } });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  child.kill('SIGTERM');
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect(code).toBe(5);
  expect(readdirSync(tmp)).toEqual([]);
});

describe('the environment', () => {
  test('has the sidecar in the place of the server, and all else as it was', async () => {
    const env = { ...libpq(), ...url('?application_name=x&sslmode=require'), OTHER: 'kept', PGHOSTADDR: '127.0.0.1' };
    const { stdout, stderr, code } = await exec(client('environment'), env);
    expect(stderr).not.toContain('Error');
    const seen = JSON.parse(stdout);
    expect(seen).toMatchObject({
      OTHER: 'kept',
      PGHOST: '127.0.0.1',
      PGPORT: expect.not.stringMatching(`^${postgres().port}$`),
    });
    expect(seen.PGHOSTADDR).toBeUndefined();
    expect(seen.DATABASE_URL).toMatch(
      /^postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres\?application_name=x&sslmode=disable$/,
    );
    expect(seen.DATABASE_URL).not.toContain(`:${postgres().port}/`);
    expect(code).toBe(0);
  });

  test.each([
    [
      'other variables',
      ['--env', 'DB_HOST,DB_PORT'],
      () => ({ DB_HOST: '127.0.0.1', DB_PORT: String(postgres().port) }),
      true,
    ],
    ['an address', [], () => url(), true],
    ['an address that asks for TLS', [], () => url('?sslmode=require'), true],
    ['an address that verifies', [], () => url(`?sslmode=verify-full&sslrootcert=${world.caFile}`), true],
    ['TLS by the environment', [], () => ({ ...libpq(), PGSSLMODE: 'verify-ca', PGSSLROOTCERT: world.caFile }), true],
    ['a Unix socket', [], () => ({ PGHOST: sockets, PGPORT: String(postgres().port) }), false],
    [
      'a Unix socket in an address',
      [],
      () => ({ DATABASE_URL: `postgres://postgres@/postgres?host=${sockets}&port=${postgres().port}` }),
      false,
    ],
    [
      'its escaped form',
      [],
      () => ({ DATABASE_URL: `postgres://postgres@${encodeURIComponent(sockets)}:${postgres().port}/postgres` }),
      false,
    ],
  ])('names the server by %s', async (_, flags, env, encrypted) => {
    const text = `select 1 / (case when ssl = ${encrypted} then 1 else 0 end) from pg_stat_ssl where pid = pg_backend_pid()`;
    const { stderr, code } = await exec([...flags, ...client('send', text)], env());
    expect(stderr).toMatch(/\d+ executions, 0 not observed/);
    expect(stderr).not.toContain('division');
    expect(code).toBe(0);
  });

  test('a server that does not verify is an error of the command', async () => {
    const { code } = await exec(client('send', 'select 1'), url('?sslmode=verify-full'));
    expect(code).toBe(1);
  });

  test('the default ports may be taken', async () => {
    const servers = [6433, 6434, 6435].map((port) =>
      createServer()
        .on('error', () => {})
        .listen(port, '127.0.0.1'),
    );
    try {
      expect((await exec(client('send', 'select 1'), libpq())).code).toBe(0);
    } finally {
      for (const server of servers) server.close();
    }
  });
});

describe('baselines', () => {
  const sent = ['select count(*) from pg_class', 'select relname from pg_class where oid = 1'];

  test('two runs make the same file, and what is new is named', async () => {
    const directory = temporaryDirectory();
    const files = ['a.txt', 'b.txt'].map((name) => path.join(directory, name));
    for (const file of files) expect((await exec(['--save', file, ...client('send', ...sent)], libpq())).code).toBe(0);
    const [first, second] = files.map((file) => readFileSync(file, 'utf8'));
    expect(first).toBe(second);
    expect(first).toContain('SELECT count(*) FROM pg_class'.toLowerCase());
    const same = await exec(['--baseline', files[0], ...client('send', ...sent)], libpq());
    expect(same.stderr).toContain('Nothing is new against the baseline.');
    expect(same.code).toBe(0);
    const report = path.join(directory, 'check.xml');
    const more = await exec(
      ['--baseline', files[0], '--report', report, ...client('send', 'select 2 from pg_am')],
      libpq(),
    );
    expect(more.stderr).toMatch(/New against the baseline: 1\n/);
    expect(more.stderr).toContain('2 statements of the baseline did not run.');
    expect(readFileSync(report, 'utf8')).toContain('<testsuite name="pgwitness check"');
    expect(more.code).toBe(1);
  });

  test('a failed run saves nothing', async () => {
    const file = path.join(temporaryDirectory(), 'baseline.txt');
    const { code, stderr } = await exec(['--save', file, ...client('send', 'select nonsense')], libpq());
    expect(stderr).toContain('is not written, because the command failed');
    expect(existsSync(file)).toBe(false);
    expect(code).toBe(1);
  });

  test('--data keeps what was seen, and takes no directory that was used', async () => {
    const data = path.join(temporaryDirectory(), 'kept');
    expect((await exec(['--data', data, ...client('send', 'select 1')], libpq())).code).toBe(0);
    expect((await pgwitness(['top', '--data', data, '--all'])).stdout).toContain('executions observed');
    expect((await exec(['--data', data, ...client('send', 'select 1')], libpq())).code).toBe(2);
  });
});

test('rules of the config file hold, its listeners do not', async () => {
  const config = path.join(temporaryDirectory(), 'pgwitness.yaml');
  writeFileSync(
    config,
    'pairs: [{ listen: 127.0.0.1:1, upstream: 127.0.0.1:2 }]\ntlsCert: /nowhere.pem\ntlsKey: /nowhere.key\nrules: [{ match: { user: postgres }, set: { source: suite } }]\n',
  );
  const { stderr, code } = await exec(
    ['--config', config, '--none', 'source=suite', ...client('send', 'select 1')],
    libpq(),
  );
  expect(stderr).toContain('of suite');
  expect(code).toBe(1);
});
