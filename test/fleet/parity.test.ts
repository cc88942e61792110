// Reports say the same of a fleet's store as of the data directories that were shipped into it.
// Invariant: a real ClickHouse, one node and two shards, filled by the shipper; answers are equal as JSON.
// Not here: what is shipped, row by row (shipping.test.ts).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CLUSTER, type Clickhouse, READER, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { writeShopCode } from '../../scripts/lib/made-up-code.mjs';
import { DEPLOY, shopFingerprint, WORSE } from '../../scripts/lib/made-up-shop.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { pgwitness } from '../cli/command.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { built } from './built.js';
import { fillBilling, fillShop, HOUR_MS, shipBoth } from './two-services.js';

const RETENTION = { minutes: 7, hours: 90, days: 400 };
const NOW_MS = Math.floor(Date.now() / 60_000) * 60_000;
const WRITING = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };
const READING = { PGWITNESS_STORE_USER: READER.user, PGWITNESS_STORE_PASSWORD: READER.password };
const folder = mkdtempSync(path.join(tmpdir(), 'pgwitness-parity-'));
const [shop, billing] = ['shop', 'billing'].map((name) => path.join(folder, name));

const at = (hoursAgo: number): string => new Date(NOW_MS - hoursAgo * HOUR_MS).toISOString();
const lines = shopFingerprint('lines');
const report = shopFingerprint('report');
const WINDOWS = {
  'the last hour': `since=${at(1)}`,
  'a part of an hour': `since=${at(1.3)}&until=${at(0.4)}`,
  'hours of another day': `since=${at(74)}&until=${at(72.5)}`,
  days: `since=${at(80)}&until=${at(1)}`,
};
const STATEMENTS = [
  ...['total', 'p95', 'p99', 'mean', 'max', 'calls', 'errors', 'rows'].map((sort) => `sort=${sort}`),
  'sort=p95&limit=3',
  'source=raw',
  'handwritten=true',
  'construct=core',
  'find=order',
  'find=orders.py',
  'limit=3&offset=2',
  'table=shop_order*',
  `tag=route%3D${encodeURIComponent(WORSE.route)}`,
  'tag=route%3Dorders*&source=django-orm',
  'pool=django:shop@shop',
  'min-ms=3',
];
const OTHERS = [
  ...['source', 'construct', 'pool', 'route', 'caller', 'table', 'instance'].map(
    (by) => `groups?group-by=${by}&limit=0`,
  ),
  'pools',
  'pools/history',
  'sources',
  `trends?of=${lines}:django-orm,${report}:raw`,
  'routes',
  `routes?route=${encodeURIComponent(WORSE.route)}`,
  'requests',
  'requests?tag=route%3Dorders*',
  'findings?all=true',
  'findings?id=f1',
  'watched',
  'marks',
  'progress',
  'audit',
  `statements/${lines}`,
  `statements/${lines}/history`,
  `statements/${report}/history?source=raw`,
  `statements/${lines}/history?tag=route%3Dorders*`,
  `statements/${report}`,
];
/** In other windows, and on one node. */
const SOME = [
  'statements?sort=p95&handwritten=true',
  'statements?sort=errors&tag=route%3Dorders*',
  'groups?group-by=pool&limit=0',
  'groups?group-by=route&limit=0',
  'pools',
  'sources',
  'routes',
  'requests',
  'watched',
  `statements/${lines}/history`,
];
/** With windows of their own, or none. */
const WHOLE = [
  'filters',
  `statements/${lines}/samples`,
  `statements/${report}/samples`,
  `compare?around=${encodeURIComponent(DEPLOY)}&all=true`,
  `compare?around=${encodeURIComponent(DEPLOY)}&span=20m&group-by=tag:route`,
  'compare?before=90m..1h&after=30m..0m&source=django-orm',
  `compare?tag=route%3Dorders%2F%2Csearch%2F&since=${at(1)}`,
  `compare?old=${shopFingerprint('linesOfAll')}&new=${lines}&since=${at(2)}`,
];

/**
 * Sums of squares are added in another order: their last digits are not compared, nor those of bounds and probabilities
 * that come from them.
 */
function json(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown) =>
    typeof value === 'number' && !Number.isSafeInteger(value) ? Number(value.toPrecision(9)) : value,
  );
}

await describeWithClickhouse('parity', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    await build(() => {});
    await fillShop(shop, NOW_MS);
    fillBilling(billing, NOW_MS);
    clickhouse = await startClickhouse({ library, shards: 2 });
  }, 240_000);
  afterAll(async () => {
    await clickhouse?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each([
    ['one node', 'single', undefined],
    ['two shards', 'sharded', { name: CLUSTER, hasReplicas: false }],
  ])('on %s', (_name, database, cluster) => {
    let store: string;
    const files = { ledger: '', code: '' };
    const apis: Array<{ answer(url: string): Promise<{ status: number; body: string | Uint8Array }> }> = [];
    const open: StoreReader[] = [];

    beforeAll(async () => {
      const nodes = cluster === undefined ? clickhouse.nodes.slice(0, 1) : clickhouse.nodes;
      store = `clickhouse://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${database}`;
      const address = parseStoreAddress(store, { where: '--ship', env: WRITING });
      await prepareStore(address, { cluster, retention: RETENTION });
      await shipBoth({ shop, billing }, { address, nowMs: NOW_MS });
      Object.assign(files, writeShopCode(folder));
      const { Api } = await built<typeof import('../../dashboards/http/api.js')>('dashboards/http/api.js');
      const sqlite = await built<typeof import('../../storage/sqlite/read/reader.js')>('storage/sqlite/read/reader.js');
      const { openClickhouseReader } = await built<typeof import('../../storage/clickhouse/read/reader.js')>(
        'storage/clickhouse/read/reader.js',
      );
      const reading = parseStoreAddress(store, { where: '--store', env: READING });
      open.push(sqlite.openReader(shop), openClickhouseReader(reading, { scope: { service: 'shop' } }));
      for (const reader of open) apis.push(new Api({ reader, files }));
      // Both are asked at one moment.
      vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS + 30_000 });
    }, 240_000);
    afterAll(() => {
      vi.useRealTimers();
      for (const reader of open) reader.close();
    });

    async function expectSame(question: string, window = ''): Promise<void> {
      const url = `/api/v1/${question}${question.includes('?') ? '&' : '?'}${window}`;
      const [mine, fleet] = await Promise.all(apis.map((api) => api.answer(url)));
      // Parts of the shop did not run in every window.
      expect(window === '' ? mine.status : 200, String(mine.body)).toBe(200);
      expect(fleet.status).toBe(mine.status);
      expect(json(String(fleet.body))).toEqual(json(String(mine.body)));
    }

    if (cluster === undefined) {
      test.each(SOME)('days: %s', (question) => expectSame(question, WINDOWS.days));
      return;
    }

    test.each([...STATEMENTS.map((query) => `statements?${query}`), ...OTHERS])('%s', (question) =>
      expectSame(question),
    );
    describe.each(Object.entries(WINDOWS))('%s', (_window, window) => {
      test.each(SOME)('%s', (question) => expectSame(question, window));
    });
    test.each(WHOLE)('%s', (question) => expectSame(question));

    test('the fleet is the sum of its directories, and the terminal says so too', async () => {
      const ran = async (args: readonly string[], place: readonly string[]) => {
        const { code, stdout, stderr } = await pgwitness([...args, ...place, '--json'], { env: READING });
        return { code, stderr, json: json(stdout) };
      };
      const until = ['--until', at(0)];
      for (const args of [
        ['export', ...until],
        ['top', '--group-by', 'service', ...until],
      ]) {
        const mine = await ran(args, ['--data', shop, '--data', billing]);
        expect(mine.stderr).toBe('');
        expect(await ran(args, ['--store', store]), args.join(' ')).toEqual(mine);
      }
      const check = [
        'check',
        '--max',
        'p95=100ms',
        '--max',
        'errors=1%',
        '--no-new',
        'findings',
        '--since',
        DEPLOY,
        ...until,
      ];
      expect(await ran(check, ['--store', store, '--service', 'shop'])).toEqual(await ran(check, ['--data', shop]));
    });

    test('an address that keeps to a part is narrowed further, never widened', async () => {
      const part = `${store}?service=shop`;
      const ran = async (...args: string[]) =>
        pgwitness(['top', '--until', at(0), '--json', ...args], { env: READING });
      const alone = JSON.parse((await ran('--data', shop)).stdout);
      expect(JSON.parse((await ran('--store', part, '--environment', 'staging')).stdout)).toEqual(alone);
      const other = await ran('--store', part, '--service', 'billing');
      expect(other).toMatchObject({ code: 2, stdout: '' });
      expect(other.stderr).toContain('"billing" was never seen: --service');
    });
  });
});
