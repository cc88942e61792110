// `pgwitness serve --store` over the store of a fleet on real shards: all of it, and parts.
// Invariant: parts add up to the whole. Not here: reports over both kinds of store compared, shipping.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Identity } from '../../facts/fleet/identity.js';
import { launchChromium } from '../../scripts/lib/chromium.mjs';
import { CLUSTER, type Clickhouse, READER, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { besideSql, rollupSql, seriesSql } from '../../scripts/lib/made-up-fleet.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { chromiumPath, openPage } from '../kit/browser.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const DATABASE = 'pgwitness';
const SHARDS = 2;
/** Two services of five sidecars. */
const BLOCK = { sidecarsFrom: 0, sidecarsTo: 10, series: 20 };
const DAYS = 2;

interface Grouped {
  groups: Array<{ value: string; calls: number; errors: number }>;
}

await describeWithClickhouse('a fleet that is served', (library) => {
  let clickhouse: Clickhouse;
  let store: string;
  let url: string;
  let child: ReturnType<typeof spawn>;

  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library, shards: SHARDS });
    const hosts = clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    store = `clickhouse://${hosts}/${DATABASE}`;
    const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };
    await prepareStore(parseStoreAddress(store, { where: '--store', env }), {
      cluster: { name: CLUSTER, hasReplicas: false },
      retention: { minutes: 7, hours: 90, days: 400 },
    });
    const levels = { days: DAYS, nowMin: Math.floor(Date.now() / 60_000) };
    for (const [n, node] of clickhouse.nodes.entries()) {
      for (const sql of [seriesSql(BLOCK, { n, shards: SHARDS }), ...rollupSql(levels)])
        await node.query(sql, DATABASE);
    }
    for (const sql of besideSql(BLOCK, levels)) await clickhouse.query(sql, DATABASE);
    child = serving({ PGWITNESS_STORE_USER: READER.user, PGWITNESS_STORE_PASSWORD: READER.password });
    for await (const line of createInterface({ input: child.stderr! })) {
      const { msg, http } = JSON.parse(line) as { msg: string; http?: string };
      if (msg !== 'serving') continue;
      url = `http://${http}`;
      break;
    }
    child.stderr!.resume();
  }, 300_000);
  afterAll(async () => {
    child?.kill('SIGTERM');
    await clickhouse?.stop();
  });

  const serving = (env: Record<string, string>) =>
    spawn(process.execPath, [MAIN, 'serve', '--store', store, '--http', '127.0.0.1:0'], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  const json = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`);
    const body = (await response.json()) as T;
    expect(response.status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const executionsOf = ({ groups }: Grouped) => groups.reduce((sum, one) => sum + one.calls + one.errors, 0);

  test('names everybody who observed, and says until when in the metrics', async () => {
    const { identities } = await json<{ identities: Identity[] }>('filters');
    expect(identities).toHaveLength(10);
    expect(new Set(identities.map(({ service }) => service))).toEqual(new Set(['service-00', 'service-01']));
    // The first time it may be refused, because on a busy machine reading takes longer than a scraper waits.
    const scraped = async () => (await fetch(`${url}/metrics`)).text();
    await expect.poll(scraped, { timeout: 60_000 }).toContain('pgwitness_store_readable 1\n');
    const metrics = await scraped();
    expect(metrics.match(/^pgwitness_store_last_minute_timestamp_seconds\{.+\} \d+$/gm)).toHaveLength(10);
  });

  test('parts add up to the whole, and what nobody is called is refused', async () => {
    const whole = executionsOf(await json<Grouped>('groups?group-by=source&limit=0'));
    expect(whole).toBeGreaterThan(1_000);
    for (const by of ['service', 'environment', 'instance']) {
      expect(executionsOf(await json<Grouped>(`groups?group-by=${by}&limit=0`))).toBe(whole);
    }
    const parts = await Promise.all(
      ['service-00', 'service-01'].map((name) => json<Grouped>(`groups?group-by=source&limit=0&service=${name}`)),
    );
    expect(parts.reduce((sum, part) => sum + executionsOf(part), 0)).toBe(whole);
    const refused = await fetch(`${url}/api/v1/statements?service=service-02`);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('seen: service-00, service-01');
  });

  test('says that marks and what goes on now are at the sidecars', async () => {
    expect((await fetch(`${url}/api/v1/activity`)).status).toBe(404);
    expect(await json('status')).toMatchObject({ observes: false });
  });

  test('a wrong password ends the start in words that do not repeat it', async () => {
    const refused = serving({ PGWITNESS_STORE_USER: READER.user, PGWITNESS_STORE_PASSWORD: 'hunter2' });
    let said = '';
    for await (const text of refused.stderr!) said += String(text);
    await expect.poll(() => refused.exitCode).toBe(3);
    expect(said).not.toContain('hunter2');
    expect(said).toContain('127.0.0.1');
  });

  describe.skipIf(chromiumPath() === '')('the page', () => {
    test('offers services and instances, and keeps the choice in the address', async () => {
      const browser = await launchChromium();
      try {
        const { page, complaints } = await openPage(browser, { width: 1440 });
        await page.goto(`${url}/#/statements`);
        await page.getByRole('combobox', { name: 'Service' }).selectOption('service-01');
        await page.waitForURL(/service=service-01/);
        const instances = page.getByRole('combobox', { name: 'Instance' }).getByRole('option');
        await expect.poll(() => instances.count()).toBe(6);
        await page.getByRole('link', { name: 'Overview' }).click();
        await page.waitForURL(/#\/overview\?.*service=service-01/);
        // The pool of a service is one at each of its five sidecars.
        await page.getByRole('link', { name: 'Pools', exact: true }).click();
        const rows = page.getByRole('table', { name: 'By instance' }).getByRole('row');
        await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(1 + 5);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  });
});
