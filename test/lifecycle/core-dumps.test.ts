// A crash leaves no statement on the disk: core files hold no memory.
// Real ones, of both processes, where the system writes them into the working directory.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { coreRisk } from '../../config/process/core-dumps.js';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { answers, type Service, startService } from '../../scripts/lib/service.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { usePostgres } from '../kit/postgres.js';
import { freeFlags, MAIN, observerPid, temporaryDirectory, until } from '../kit/sidecar.js';

const PATTERN_FILE = '/proc/sys/kernel/core_pattern';
const readOr = (file: string, otherwise: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return otherwise;
  }
};
const pattern = readOr(PATTERN_FILE, '|');
const hardLimit = /^Max core file size\s+\S+\s+(\S+)/m.exec(readOr('/proc/self/limits', ''))?.[1];
const intoWorkingDirectory = !/^[|/]/.test(pattern) && hardLimit === 'unlimited';

describe.skipIf(process.platform !== 'linux')('a crashed process', () => {
  const postgres = usePostgres();
  beforeAll(() => build(() => {}));
  let sidecar: Service | undefined;
  afterEach(() => sidecar?.stop());

  async function start(directory: string): Promise<{ pid: number; port: number }> {
    const port = await freePort(0);
    const flags = await freeFlags();
    const health = flags[flags.indexOf('--health') + 1];
    const http = flags[flags.indexOf('--http') + 1];
    const args = [MAIN, 'run', ...flags, '--listen', `127.0.0.1:${port}`, '--upstream', `127.0.0.1:${postgres().port}`];
    sidecar = await startService('pgwitness run', {
      program: 'sh',
      args: ['-c', 'cd "$1" && shift && ulimit -c unlimited && exec "$@"', 'sh', directory, process.execPath, ...args],
      ready: async () => (await answers(`http://${health}/readyz`)) && answers(`http://${http}/metrics`),
    });
    return { pid: sidecar.pid, port };
  }

  /** A statement that is still running, so that its text is in memory. */
  async function ask(port: number, canary: string): Promise<pg.Client> {
    const { host, user, database } = postgres();
    const client = new pg.Client({ host, port, user, database });
    client.on('error', () => {});
    await client.connect();
    for (let i = 0; i < 50; i++) await client.query(`SELECT '${canary}', ${i}`);
    client.query(`SELECT pg_sleep(60), '${canary}'`).catch(() => {});
    return client;
  }

  test('has dumps without memory, relay and observer alike', async () => {
    const { pid } = await start(temporaryDirectory('core'));
    for (const one of [pid, observerPid(pid)]) {
      expect(Number.parseInt(readFileSync(`/proc/${one}/coredump_filter`, 'latin1'), 16)).toBe(0);
    }
  });

  test.skipIf(!intoWorkingDirectory)('leaves no literal in its core file', async () => {
    const directory = temporaryDirectory('core');
    const { pid, port } = await start(directory);
    // Longer than all that registers hold, which are in every core file: a copy under way is in them.
    const canary = `canary-${process.pid}-of-core-files `.repeat(8);
    const client = await ask(port, canary);
    const cores = () => readdirSync(directory).filter((file) => file.startsWith('core'));
    const observer = observerPid(pid);
    process.kill(observer, 'SIGABRT');
    await until('core files', () => cores().length > 0);
    process.kill(pid, 'SIGABRT');
    await until('the end of the relay', () => readOr(`/proc/${pid}/comm`, '') === '');
    for (const file of cores()) expect(readFileSync(path.join(directory, file)).includes(canary), file).toBe(false);
    await client.end().catch(() => {});
  });
});

describe('the warning', () => {
  const limits = (soft: string) =>
    `Max core file size        ${soft}                    unlimited            bytes     \n`;

  test.each([
    ['nothing to say when dumps hold no memory', { filtered: true, limits: limits('unlimited'), pattern: 'core' }],
    ['nothing to say when the limit is 0', { filtered: false, limits: limits('0'), pattern: 'core' }],
    ['nothing to say where the system does not tell', { filtered: false, limits: '', pattern: '' }],
  ])('has %s', (_, settings) => expect(coreRisk(settings)).toBeUndefined());

  test.each([
    ['the limit', { filtered: false, limits: limits('unlimited'), pattern: 'core' }, 'unlimited'],
    ['a program that takes them', { filtered: false, limits: limits('0'), pattern: '|/lib/taker %P' }, 'a program'],
  ])('names %s', (_, settings, named) => expect(coreRisk(settings)).toContain(named));
});
