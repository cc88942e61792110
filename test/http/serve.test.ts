// `pgwitness serve`, the real process: page, API and /metrics of a store, and what it cannot know.
// Not here: reports themselves, the guard's cases one by one (server.test.ts).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { pgwitness } from '../cli/command.js';
import { writeSampleStore } from '../cli/sample-store.js';
import { chromiumPath, openPage } from '../kit/browser.js';
import { flushOf, temporaryDirectory } from '../storage/flushes.js';
import { writeManyStatements } from '../web/kit.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const TOKEN = 'a-token-of-this-test-0123456789';
const executablePath = chromiumPath();

beforeAll(() => build(() => {}));

interface Serving {
  readonly url: string;
  stop(): Promise<number | null>;
}

async function serve(dataDir: string, flags: readonly string[] = []): Promise<Serving> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', dataDir, '--http', '127.0.0.1:0', ...flags], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) {
    const { msg, http } = JSON.parse(line) as { msg: string; http?: string };
    if (msg !== 'serving') continue;
    lines.close();
    child.stderr.resume();
    return {
      url: `http://${http}`,
      async stop() {
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        return ((await exit) as [number | null])[0];
      },
    };
  }
  throw new Error('serve ended before it served');
}

function nameShop(dataDir: string): void {
  const store = openSqliteStore({ dataDir });
  const identity = { service: 'shop', environment: 'staging', instance: 'shop-1' };
  store.flush(flushOf({ atMs: Date.now(), settings: [['identity', JSON.stringify(identity)]] }));
  store.close();
}

function tokenFile(): string {
  const file = path.join(temporaryDirectory(), 'token');
  writeFileSync(file, TOKEN);
  return file;
}

const bearer = { authorization: `Bearer ${TOKEN}` };
const json = async (url: string, init?: RequestInit) => (await fetch(url, init)).json() as Promise<never>;

describe('a store without an observer', () => {
  test('reports over HTTP are those of the directory, and the process ends at once', async () => {
    const dataDir = temporaryDirectory();
    writeSampleStore(dataDir);
    const { url, stop } = await serve(dataDir);
    const [here, there] = await Promise.all(
      [
        ['--data', dataDir],
        ['--url', url],
      ].map((place) => pgwitness(['top', ...place, '--json'])),
    );
    expect(there.code).toBe(0);
    expect(JSON.parse(there.stdout)).toEqual(JSON.parse(here.stdout));
    expect(await json(`${url}/api/v1/status`)).toMatchObject({ observes: false, data_directory: dataDir });
    expect(await stop()).toBe(0);
  });

  test('what goes on now is refused in words that say where it is known', async () => {
    const dataDir = temporaryDirectory();
    writeSampleStore(dataDir);
    const { url } = await serve(dataDir);
    for (const asked of ['activity', 'tail?after=0']) {
      const response = await fetch(`${url}/api/v1/${asked}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: 'a store is served here, without an observer' });
    }
    const tail = await pgwitness(['activity', '--url', url]);
    expect(tail.code).toBe(3);
    expect(tail.stderr).toContain('a store is served here, without an observer');
  });

  test('the token, the host name and the headers are judged as on a sidecar; a mark needs the token', async () => {
    const dataDir = temporaryDirectory();
    writeSampleStore(dataDir);
    const { url } = await serve(dataDir, ['--http-token-file', tokenFile()]);
    expect((await fetch(`${url}/api/v1/status`)).status).toBe(401);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
    const page = await fetch(`${url}/`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await foreignHost(url)).toBe(403);
    const mark = `${url}/api/v1/marks?name=release-7`;
    expect((await fetch(mark, { method: 'POST' })).status).toBe(401);
    expect((await fetch(mark, { method: 'POST', headers: bearer })).status).toBe(200);
    expect(JSON.stringify(await json(`${url}/api/v1/marks`, { headers: bearer }))).toContain('release-7');
  });

  test('metrics say who stored until when, and the traffic of the last hour', async () => {
    const dataDir = temporaryDirectory();
    writeManyStatements(dataDir, 10);
    nameShop(dataDir);
    const { url } = await serve(dataDir);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('pgwitness_store_readable 1\n');
    expect(text).toMatch(
      /^pgwitness_store_last_minute_timestamp_seconds\{service="shop",environment="staging",instance="shop-1"\} \d+$/m,
    );
    expect(text).toContain('pgwitness_store_hour_executions{source="raw"}');
    expect(text).toContain('pgwitness_cpu_seconds_total{process="serve"}');
    expect(text).not.toContain('pgwitness_relay');
    expect(text).not.toContain('pgwitness_statements_total');
  });

  test('a directory without a store and an address that is none are said, each with its exit code', async () => {
    const missing = await pgwitness([
      'serve',
      '--data',
      path.join(temporaryDirectory(), 'none'),
      '--http',
      '127.0.0.1:0',
    ]);
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('there is no data directory');
    const open = await pgwitness(['serve', '--data', '.', '--http', '0.0.0.0:x']);
    expect(open.code).toBe(2);
  });
});

/** fetch sets the header itself. */
function foreignHost(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${url}/api/v1/status`, { headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe.skipIf(executablePath === '')('the page of a store', () => {
  test('shows its statements, and says in words that nobody observes here', async () => {
    const dataDir = temporaryDirectory();
    writeManyStatements(dataDir, 50);
    nameShop(dataDir);
    const { url } = await serve(dataDir);
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const { page, complaints } = await openPage(browser);
    await page.goto(`${url}/#/statements?service=shop`);
    await page.getByText('table_7').first().waitFor();
    await page.getByText(/^\d+ statements listed/).waitFor();
    await page.goto(`${url}/#/live`);
    await page.getByText('A store is served here, without an observer.').waitFor();
    expect(await page.getByText('Statements as they end').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
