// The first minutes: what is read without a flag, what a terminal is told, what is tried.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../config/log.js';
import { Api } from '../../dashboards/http/api.js';
import { startHttp } from '../../dashboards/http/server.js';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { usePostgres } from '../kit/postgres.js';
import { MAIN } from '../kit/sidecar.js';
import { pgwitness } from './command.js';
import { writeSampleStore } from './sample-store.js';

const root = mkdtempSync(join(tmpdir(), 'pgwitness-first-'));
const data = join(root, 'here', 'pgwitness-data');
const elsewhere = join(root, 'elsewhere');

beforeAll(async () => {
  await build(() => {});
  mkdirSync(join(root, 'here'));
  mkdirSync(elsewhere);
  writeSampleStore(data);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('what is read where no flag says it', () => {
  test('the data directory of this place', async () => {
    const { stdout, stderr } = await pgwitness(['top', '--json'], { cwd: join(root, 'here') });
    expect(JSON.parse(stdout).observed.executions).toBe(13);
    expect(stderr).toBe('');
  });

  test('else the sidecar that runs, and it is said', async () => {
    const reader = openReader(data);
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    const log = createLog({ level: 'silent' });
    const server = await startHttp({ address, metrics: { render: async () => '' }, api: new Api({ reader }), log });
    const http = `127.0.0.1:${server.address.port}`;
    try {
      const run = await pgwitness(['top', '--json'], { cwd: elsewhere, env: { PGWITNESS_HTTP: http } });
      expect(JSON.parse(run.stdout || '{}').observed?.executions, run.stderr).toBe(13);
      const said = `pgwitness: reading pgwitness at http://${http}, because there is no data directory ./pgwitness-data here\n`;
      expect(run.stderr).toBe(said);
      const statement = 'SELECT count(*) AS statements FROM statement';
      const sql = await pgwitness(['sql', '--json', statement], { cwd: elsewhere, env: { PGWITNESS_HTTP: http } });
      expect(JSON.parse(sql.stdout || '[]'), sql.stderr).toEqual([{ statements: 5 }]);
      expect(sql.stderr).toBe(`${said}pgwitness: reading its data directory ${data}\n`);
    } finally {
      await server.close();
      reader.close();
    }
  });

  test('else an error names both', async () => {
    const env = { PGWITNESS_HTTP: `127.0.0.1:${await freePort(0)}` };
    const { stderr, code } = await pgwitness(['pools'], { cwd: elsewhere, env });
    expect(stderr).toBe(
      `pgwitness: there is no data directory ./pgwitness-data, and no pgwitness answers at http://${env.PGWITNESS_HTTP}: --data, --url: name one of them; pgwitness run makes both\n`,
    );
    expect(code).toBe(3);
    const tail = await pgwitness(['tail'], { cwd: elsewhere, env });
    expect(tail.stderr).toMatch(/^pgwitness: no pgwitness answers at http:\S+: --url: give the address/);
    expect(tail.code).toBe(3);
  });
});

describe('run', () => {
  test('tells a terminal three lines, and a pipe JSON', async () => {
    const [listen, http] = [await freePort(0), await freePort(0)];
    const at = (port: number) => `127.0.0.1:${port}`;
    const args = ['run', '--listen', at(listen), '--upstream', '127.0.0.1:5432', '--http', at(http)];
    args.push('--health', at(await freePort(0)), '--data', join(root, 'run'));
    const command = [process.execPath, MAIN, ...args].join(' ');
    const terminal = await printedUntil('Ctrl-C ends', 'script', ['-qec', command, '/dev/null']);
    const lines = terminal.stdout.split('\r\n').filter((line) => /^[A-Z]/.test(line));
    expect(lines.slice(0, 3)).toEqual([
      `Connect   point the application's HOST and PORT at ${at(listen)} (to 127.0.0.1:5432)`,
      `Page      http://${at(http)}/`,
      `Data      ${join(root, 'run')}   pgwitness status says what is in it; Ctrl-C ends pgwitness`,
    ]);
    expect(terminal.stdout).not.toContain('"msg"');
    // Places of its own: `script` may end before the one that it ran has let go of its ports.
    const apart = [
      '--listen',
      at(await freePort(0)),
      '--http',
      at(await freePort(0)),
      '--health',
      at(await freePort(0)),
    ];
    const ran = [MAIN, ...args, ...apart, '--data', join(root, 'piped')];
    const pipe = await printedUntil('"msg":"relaying"', process.execPath, ran);
    expect(pipe.stdout).toBe('');
    expect(pipe.stderr).toContain('"msg":"relaying"');
  });
});

/** What a program printed before its end; it is interrupted once `text` came, so a slow start fails nothing. */
function printedUntil(text: string, program: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  let interrupted = false;
  const onPrinted = (stream: 'stdout' | 'stderr', chunk: Buffer): void => {
    printed[stream] += chunk;
    if (interrupted || !printed[stream].includes(text)) return;
    interrupted = true;
    process.kill(-(child.pid as number), 'SIGINT');
  };
  child.stdout.on('data', (chunk) => onPrinted('stdout', chunk));
  child.stderr.on('data', (chunk) => onPrinted('stderr', chunk));
  return new Promise((done, failed) => child.on('error', failed).on('close', () => done(printed)));
}

describe('check-config', () => {
  const postgres = usePostgres();

  test('prints the lists that are in force', async () => {
    const { stdout } = await pgwitness(['check-config']);
    for (const name of ['pairs[0]', 'dimensionKeys', 'contextKeys', 'retention', 'rules', 'pools'])
      expect(stdout, name).toContain(`\n${name} `);
  });

  test('--dsn tries the server and the disk, and makes nothing', async () => {
    const { host, port, user, database } = postgres();
    const dsn = `postgres://${user}@${host}:${port}/${database}`;
    const args = ['check-config', '--upstream', `${host}:${port}`, '--data', join(root, 'new', 'data')];
    const { stdout, stderr, code } = await pgwitness([...args, '--dsn', dsn]);
    expect(stderr).toBe('');
    for (const name of ['upstream', 'login', 'tls', 'client address', 'connections', 'disk'])
      expect(stdout, name).toMatch(new RegExp(`^(?:ok|warning:) ${name}: `, 'm'));
    expect(code).toBe(0);
    expect((await pgwitness(['pools', '--data', join(root, 'new', 'data')])).code).toBe(3);

    const tls = await pgwitness([...args, '--dsn', dsn, '--upstream-tls', 'require', '--json']);
    const { trials } = JSON.parse(tls.stdout);
    expect(trials.find(({ name }: { name: string }) => name === 'tls')).toMatchObject({
      outcome: 'failed',
      says: expect.stringContaining('--upstream-tls require'),
    });
    expect(tls.code).toBe(1);
  });

  test('--dsn that nobody answers at fails, and the disk is tried all the same', async () => {
    const dsn = `postgres://app@127.0.0.1:${await freePort(0)}/shop`;
    const { stdout, code } = await pgwitness(['check-config', '--dsn', dsn]);
    expect(stdout).toMatch(/^failed: login: .*is Postgres running there\?$/m);
    expect(stdout).toMatch(/^warning: upstream: --dsn leads to/m);
    expect(stdout).toMatch(/^(?:ok|warning:) disk: /m);
    expect(code).toBe(1);
  });
});
