// A store without the columns that ClickHouse makes, and newer sidecars that connect to it.
// Invariant: it is brought up to date, however many connect, and rows that were there are ranked as others.
// Not here: what is in each column (shipping.test.ts).

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { reportStatements } from '../../reports/statements.js';
import { CLUSTER, type Clickhouse, SENDER, SHIPPER, startClickhouse } from '../../scripts/lib/clickhouse.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { FLEET_SCHEMA_VERSION } from '../../storage/clickhouse/schema/migrations.js';
import { columnsOf, createSql, type FleetTable } from '../../storage/clickhouse/schema/table.js';
import { TABLES } from '../../storage/clickhouse/schema/tables.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { built } from './built.js';

const { database } = SHIPPER;
const DAY_MIN = 1440;
const RETENTION = { minutes: 7, hours: 90, days: 400 };
const NOW_MIN = Math.floor(Date.now() / 60_000);
const STRETCH =
  'multiIf(span_s = 60, bucket_min - bucket_min % 60, span_s = 3600, bucket_min - bucket_min % 1440, bucket_min - bucket_min % 10080)';
/** Version 1 had no columns that ClickHouse makes, version 2 two of them; both were sorted by others. */
const asOf = (version: number, table: FleetTable): FleetTable => {
  if (table.made === undefined) return table;
  const names = table.columns.map(([name]) => name);
  const own = names.filter((name) => /^(source|construct|pool_id|sqlstate|tag_set)$/.test(name));
  const key = ['span_s', STRETCH, 'fingerprint', ...own, 'service', 'environment', 'instance', 'store', 'bucket_min'];
  const made = version === 1 ? [] : table.made.filter(({ name }) => /^(statement|executions)$/.test(name));
  return { ...table, key, made };
};
const [ROLLUP, STATE] = ['rollup', 'instance_state'].map((name) => TABLES.find((table) => table.name === name)!);

await describeWithClickhouse('a store', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library, shards: 2 });
  });
  afterAll(() => clickhouse?.stop());

  const addressOf = ({ user, password }: { user: string; password: string }) =>
    parseStoreAddress(`clickhouse://${clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${database}`, {
      where: '--ship',
      env: { PGWITNESS_STORE_USER: user, PGWITNESS_STORE_PASSWORD: password },
    });

  describe.each([
    ['of version 1 on one node', 1, undefined],
    ['of version 2 on one node', 2, undefined],
    ['of version 1 on two shards', 1, { name: CLUSTER, hasReplicas: false }],
    ['of version 2 on two shards', 2, { name: CLUSTER, hasReplicas: false }],
  ])('%s', (_name, version, cluster) => {
    const nodes = () => (cluster === undefined ? clickhouse.nodes.slice(0, 1) : clickhouse.nodes);
    const layout = { cluster, retention: RETENTION };

    beforeAll(async () => {
      for (const { query } of clickhouse.nodes) await query(`DROP DATABASE IF EXISTS ${database} SYNC`);
      for (const { query } of nodes()) {
        await query(`CREATE DATABASE ${database}`);
        for (const table of TABLES) {
          for (const sql of createSql(asOf(version, table), layout)) await query(sql, database);
        }
        await query(
          'CREATE TABLE store_fact (name String, value UInt64, version UInt64) ENGINE = ReplacingMergeTree(version) ORDER BY name',
          database,
        );
        await query(
          `INSERT INTO store_fact VALUES ('schema', ${version}, ${version}), ('minutes_kept_days', 7, 1), ('hours_kept_days', 90, 1), ('days_kept_days', 400, 1)`,
          database,
        );
      }
    });

    const opened = async () => {
      const file = 'storage/clickhouse/read/reader.js';
      const { openClickhouseReader } = await built<typeof import('../../storage/clickhouse/read/reader.js')>(file);
      const reader = openClickhouseReader(addressOf(SHIPPER));
      onTestFinished(() => reader.close());
      return reader;
    };
    /** Ten statements of two sources, whose times and executions differ; minutes of the last hour. */
    const ship = async (instance: string) => {
      const client = new FleetClient(addressOf(SENDER));
      const names = columnsOf(ROLLUP).map(([name]) => name);
      const rows = Array.from({ length: 20 }, (_, n) => {
        const known: Record<string, string | number> = {
          ...{ instance, store: 1, span_s: 60, bucket_min: NOW_MIN - 30 + n, fingerprint: `f${n % 10}` },
          ...{ source: n < 10 ? 'orm' : 'raw', construct: '', pool_id: 'p', service: 's', environment: 'e' },
          ...{ calls_strong: 3, calls_weak: n, errors: n % 3, service_total_ns: (n % 7) * 1e6, version: 1 },
        };
        return names.map((name) => known[name] ?? (name === 'histogram' ? {} : 0));
      });
      await client.insert('rollup', names, rows);
      const state: Record<string, string | number> = {
        ...{ service: 's', environment: 'e', instance, store: 1, pgwitness_version: '1' },
        ...{ first_min: NOW_MIN - DAY_MIN, last_min: NOW_MIN, version: Date.now() },
      };
      const columns = columnsOf(STATE).map(([name]) => name);
      await client.insert('instance_state', columns, [columns.map((name) => state[name] ?? 0)]);
      await client.close();
    };

    test('of which only tables were made, and nothing noted, gets its columns too', async () => {
      await clickhouse.query('DROP DATABASE IF EXISTS half SYNC');
      await clickhouse.query('CREATE DATABASE half');
      const alone = { retention: RETENTION };
      for (const sql of createSql(asOf(version, ROLLUP), alone)) await clickhouse.query(sql, 'half');
      await prepareStore({ ...addressOf({ user: 'default', password: '' }), database: 'half' }, alone);
      const made =
        "SELECT groupArray(name) FROM (SELECT name FROM system.columns WHERE database = 'half' AND table = 'rollup' AND default_kind = 'MATERIALIZED' ORDER BY name)";
      expect(await clickhouse.query(made)).toBe("['executions','series','statement','stretch']");
    });

    test('is not read, nor brought up to date by who may not alter it', async () => {
      await ship('before');
      await expect(opened()).rejects.toMatchObject({ code: 'older-schema' });
      await expect(prepareStore(addressOf(SENDER), layout)).rejects.toMatchObject({
        code: 'denied',
        message: expect.stringContaining('ADD COLUMN'),
      });
    });

    test('is brought up to date by many at once, and ranks old rows and new ones', async () => {
      await Promise.all([1, 2, 3].map(() => prepareStore(addressOf(SHIPPER), layout)));
      for (const { query } of nodes()) {
        expect(await query("SELECT argMax(value, version) FROM store_fact WHERE name = 'schema'", database)).toBe(
          String(FLEET_SCHEMA_VERSION),
        );
      }
      await ship('after');
      const all = reportStatements(await opened());
      expect(all.statements).toHaveLength(20);
      // Executions of both, each of 10 x 2 rows.
      expect([...all.sums.values()].map(({ executions }) => executions)).toEqual(
        [...all.sums.keys()].map((source) => 2 * sumOf(source)),
      );
      for (const sort of ['total', 'mean', 'calls', 'errors'] as const) {
        const [first, every] = await Promise.all(
          [{ sort, limit: 7 }, { sort }].map(async (question) => reportStatements(await opened(), question)),
        );
        expect(first.statements, sort).toEqual(every.statements.slice(0, 7));
        expect(first.sums, sort).toEqual(every.sums);
      }
      // Who connects next changes nothing, and needs no right for it.
      await prepareStore(addressOf(SENDER), layout);
    });
  });
});

/** Of one instance: see ship(). */
function sumOf(source: string): number {
  const rows = Array.from({ length: 20 }, (_, n) => n).filter((n) => (source === 'orm') === n < 10);
  return rows.reduce((sum, n) => sum + 3 + n + (n % 3), 0);
}
