// `pgwitness status` and the API tell how a data directory is shipped, whatever happens.
// Invariant: a real ClickHouse; no credentials are in what is told. Not here: the metrics (test/metrics).

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shipAddress } from '../../observer/shipping/ship-address.js';
import { Shipping } from '../../observer/shipping/shipping.js';
import { type Clickhouse, SENDER, SHIPPER, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { retentionRounds } from '../../storage/clickhouse/schema/migrations.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { pgwitness } from '../cli/command.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { flushOf, MINUTE_MS, rollupOf, temporaryDirectory } from '../storage/flushes.js';
import { built } from './built.js';

const DAY_MIN = 1440;
const START = Math.floor(Date.now() / 86_400_000 - 2) * DAY_MIN;
const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

interface Told {
  to: string;
  failing_since: string | null;
  error: string | null;
  sent_at: string | null;
  waiting_since: string | null;
  waiting_rows: number;
  dropped_rows: number;
  expired_rows: number;
}

const textOf = async (dataDir: string) => {
  const { code, stdout } = await pgwitness(['status', '--data', dataDir]);
  expect(code).toBe(0);
  return stdout;
};
const toldBy = async (dataDir: string): Promise<Told[]> =>
  JSON.parse((await pgwitness(['status', '--data', dataDir, '--json'])).stdout).shipping;

/** Until it has told something that `isIt`. */
async function ship(
  dataDir: string,
  address: string,
  isIt: (failing: boolean, waits: boolean) => boolean,
  { from = env, warn }: { from?: NodeJS.ProcessEnv; warn?: (why: string) => void } = {},
) {
  let resolve = () => {};
  const told = new Promise<void>((done) => {
    resolve = done;
  });
  const shipping = new Shipping({
    dataDir,
    ...shipAddress({ ship: address, cluster: '' }, from),
    identity: { service: 'shop', environment: 'test', instance: 'told' },
    warn,
    report: ({ failingSinceMs, waitingSinceMs }) => {
      if (isIt(failingSinceMs !== undefined, waitingSinceMs !== undefined)) resolve();
    },
  });
  const running = shipping.run();
  await told;
  return () => shipping.end(running, 1);
}

await describeWithClickhouse('how it is shipped', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library });
  });
  afterAll(() => clickhouse?.stop());

  test('is told while the store is away, after rows were dropped, and when it is back', async () => {
    const dataDir = temporaryDirectory();
    const fill = openSqliteStore({ dataDir, retention: { minutesKeptHours: 24 * 30 } });
    for (let minute = START; minute < START + 3; minute++) {
      fill.flush(flushOf({ atMs: minute * MINUTE_MS, rollups: [rollupOf({ minute, fingerprint: 'f'.repeat(16) })] }));
    }
    fill.endMinutes();
    fill.close();
    expect(await toldBy(dataDir)).toEqual([]);
    expect(await textOf(dataDir)).not.toContain('Shipping');

    const away = `127.0.0.1:${await freePort()}/shipped`;
    const end = await ship(dataDir, `clickhouse://${away}`, (failing) => failing);
    const [told] = await toldBy(dataDir);
    expect(told).toMatchObject({ to: away, sent_at: null, dropped_rows: 0, expired_rows: 0 });
    expect(told.error).toContain('ECONNREFUSED');
    expect(Date.parse(told.failing_since!)).toBeLessThanOrEqual(Date.now());
    expect(told.waiting_rows).toBeGreaterThanOrEqual(3);
    expect(told.waiting_since).not.toBeNull();
    expect(await textOf(dataDir)).toMatch(
      /^Shipping +127\.0\.0\.1:\d+\/shipped not reached for .+ behind, \d+ rows wait, never sent, .*ECONNREFUSED/m,
    );
    await end();

    // The bound of the directory is reached meanwhile: said before anything could be sent.
    const dropping = openSqliteStore({ dataDir, retention: { minutesKeptHours: 1 } });
    dropping.flush(flushOf({ atMs: (START + 100) * MINUTE_MS, rollups: [rollupOf({ minute: START + 100 })] }));
    dropping.endMinutes();
    for (let slice = 0; slice < 100; slice++) dropping.maintain((START + DAY_MIN) * MINUTE_MS);
    dropping.close();
    const [dropped] = await toldBy(dataDir);
    expect(dropped.dropped_rows).toBeGreaterThanOrEqual(3);
    expect(await textOf(dataDir)).toContain(`, ${dropped.dropped_rows} dropped before they were sent`);

    const place = `127.0.0.1:${clickhouse.nodes[0].port}/shipped`;
    const endAgain = await ship(dataDir, `clickhouse://${place}`, (failing, waits) => !failing && !waits);
    const [back] = await toldBy(dataDir);
    expect(back).toMatchObject({ to: place, failing_since: null, error: null, waiting_since: null, waiting_rows: 0 });
    expect(back.dropped_rows).toBe(dropped.dropped_rows);
    expect(await textOf(dataDir)).toMatch(
      /^Shipping +to 127\.0\.0\.1:\d+\/shipped, nothing waits, sent .+ ago, \d+ dr/m,
    );

    await endAgain();
    const { Api } = await built<typeof import('../../dashboards/http/api.js')>('dashboards/http/api.js');
    const { openReader } = await built<typeof import('../../storage/sqlite/read/reader.js')>(
      'storage/sqlite/read/reader.js',
    );
    const reader = openReader(dataDir);
    const answer = await new Api({ reader, files: { ledger: '', code: '' } }).answer('/api/v1/status');
    expect(JSON.parse(String(answer.body)).shipping).toEqual((await toldBy(dataDir))[0]);
    reader.close();
    for (const file of readdirSync(dataDir).filter((name) => name.endsWith('.json'))) {
      expect(readFileSync(path.join(dataDir, file), 'utf8')).not.toContain(WRITER.password);
    }
  });

  test('goes on where its user may not end what another began, and is warned of that', async () => {
    const { database } = SHIPPER;
    const store = `127.0.0.1:${clickhouse.nodes[0].port}/${database}`;
    const retention = { minutes: 7, hours: 90, days: 400 };
    await prepareStore(parseStoreAddress(`clickhouse://${store}`, { where: '--ship', env }), { retention });
    const raised = { retention: { ...retention, minutes: 14 } };
    const [[note]] = retentionRounds(raised, { kept: retention, from: {}, version: Date.now() });
    await clickhouse.query(note, database);
    const dataDir = temporaryDirectory();
    const fill = openSqliteStore({ dataDir });
    fill.flush(flushOf({ atMs: START * MINUTE_MS, rollups: [rollupOf({ minute: START })] }));
    fill.endMinutes();
    fill.close();
    const warnings: string[] = [];
    const from = { PGWITNESS_STORE_USER: SENDER.user, PGWITNESS_STORE_PASSWORD: SENDER.password };
    const warn = (why: string) => void warnings.push(why);
    const end = await ship(dataDir, `clickhouse://${store}`, (failing, waits) => !failing && !waits, { from, warn });
    await end();
    expect(warnings).toEqual([expect.stringMatching(/cannot be changed by sender: GRANT ALTER TTL.* ON limited/)]);
    expect(await clickhouse.query('SELECT count() > 0 FROM rollup', database)).toBe('1');
  });
});
