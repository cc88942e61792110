// A pool that several sidecars have: told apart in a fleet's store as in their directories.
// Invariant: a real ClickHouse; both kinds of store say the same. Not here: pools of one sidecar (parity.test.ts).

import { afterAll, beforeAll, expect, test } from 'vitest';
import { screenOf } from '../../cli/terminal/output.js';
import { poolsText } from '../../cli/views/pools.js';
import { mergePools } from '../../reports/forms/merge.js';
import { poolsFromJson, poolsJson } from '../../reports/forms/pools-json.js';
import { reportPools } from '../../reports/pools.js';
import { type Clickhouse, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { flushOf, MINUTE_MS, poolOf, rollupOf, temporaryDirectory, transactionsOf } from '../storage/flushes.js';
import { built } from './built.js';
import { shipDirectory } from './two-services.js';

const MINUTE = Math.floor(Date.now() / 3_600_000 - 5) * 60;
const NONE = {
  ...{ opened: 0, closed: 2, lifetimeTotalMs: 0, connectionsMax: 0, busyMax: 1 },
  ...{ activeMs: 10, idleMs: 20, idleInTransactionMs: 0, ...transactionsOf([]) },
};
const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

await describeWithClickhouse('pools of a fleet', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library });
  });
  afterAll(() => clickhouse?.stop());

  test('have a row for each instance, which add up', async () => {
    const store = `clickhouse://127.0.0.1:${clickhouse.nodes[0].port}/pools`;
    const address = parseStoreAddress(store, { where: '--ship', env });
    await prepareStore(address, { retention: {} });
    const readers = [];
    for (const [instance, connectionsMax, calls] of [
      ['shop-1', 5, 1],
      ['shop-2', 8, 3],
    ] as const) {
      const dataDir = temporaryDirectory();
      const identity = { service: 'shop', environment: 'test', instance };
      const sqlite = openSqliteStore({ dataDir });
      const callsNs = Array.from({ length: calls }, () => 1e6);
      sqlite.flush(
        flushOf({
          atMs: MINUTE * MINUTE_MS,
          rollups: [rollupOf({ minute: MINUTE, fingerprint: 'f'.repeat(16), callsNs, pool: 'pool-a' })],
          pools: [poolOf('pool-a', 'django:app@shop')],
          poolMinutes: [{ ...NONE, minute: MINUTE, pool: 'pool-a', opened: connectionsMax, connectionsMax }],
          settings: [['identity', JSON.stringify(identity)]],
        }),
      );
      sqlite.endMinutes();
      sqlite.close();
      await shipDirectory(dataDir, { identity, address, nowMs: Date.now() });
      readers.push(openReader(dataDir));
    }
    const { openClickhouseReader } = await built<typeof import('../../storage/clickhouse/read/reader.js')>(
      'storage/clickhouse/read/reader.js',
    );
    const fleet = openClickhouseReader(address);
    const bounds = { sinceMs: MINUTE * MINUTE_MS, untilMs: (MINUTE + 60) * MINUTE_MS };
    const report = reportPools(fleet, bounds);
    const [{ instances, ...pool }] = poolsJson(report).pools;
    const shop = { service: 'shop', environment: 'test' };
    expect(instances).toMatchObject([
      { ...shop, instance: 'shop-1', connections_max: 5, executions: 1 },
      { ...shop, instance: 'shop-2', connections_max: 8, executions: 3 },
    ]);
    expect(pool).toMatchObject({ connections_max: 13, executions: 4 });
    const travelled = readers.map((reader) => poolsFromJson(poolsJson(reportPools(reader, bounds))));
    expect(poolsJson(mergePools(travelled))).toEqual(poolsJson(report));
    expect(poolsJson(reportPools(fleet.within({ instance: 'shop-2' }), bounds))).toEqual(
      poolsJson(reportPools(readers[1], bounds)),
    );
    const screen = screenOf({ isTTY: false, columns: 120 } as never, {});
    const text = poolsText(report, { screen, read: 'here', findings: [] });
    expect(text).toMatch(/^django:app@shop +shop +test +shop-1 +\d+ +5 +\d+ +1$/m);
    expect(text).toMatch(/^django:app@shop +shop +test +shop-2 +\d+ +8 +\d+ +3$/m);
    expect(poolsText(travelled[0], { screen, read: 'here', findings: [] })).not.toContain('shop-1');
    for (const reader of [fleet, ...readers]) reader.close();
  });
});
