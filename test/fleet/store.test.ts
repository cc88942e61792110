// A fleet's store on a real ClickHouse: made once, it keeps the newest version of a row.
// Invariant: the same on one node and on two shards; it refuses in words. Not here: what is shipped into it.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { shipAddress } from '../../observer/shipping/ship-address.js';
import { CLUSTER, type Clickhouse, READER, SHIPPER, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress, requireStoreAddress, shownStore } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { keptDays, prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { FLEET_SCHEMA_VERSION } from '../../storage/clickhouse/schema/migrations.js';
import { columnsOf, retentionSql } from '../../storage/clickhouse/schema/table.js';
import { TABLES } from '../../storage/clickhouse/schema/tables.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { built } from './built.js';

const RETENTION = { minutes: 7, hours: 90, days: 400 };
const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

describe('an address', () => {
  const parse = (text: string, from: NodeJS.ProcessEnv = {}) => parseStoreAddress(text, { where: '--ship', env: from });

  test('names nodes, user and database, and has defaults', () => {
    expect(parse('clickhouse://ch')).toMatchObject({
      nodes: ['http://ch:8123'],
      database: 'pgwitness',
      user: 'default',
    });
    const full = parse('clickhouses://me%40x@a:443,[::1]/stats?service=shop', { PGWITNESS_STORE_PASSWORD: 'p' });
    expect(full).toMatchObject({
      nodes: ['https://a:443', 'https://[::1]:8443'],
      database: 'stats',
      user: 'me@x',
      password: 'p',
    });
    expect(full.parameters.get('service')).toBe('shop');
    expect(shownStore(full)).toBe('a:443,[::1]:8443/stats');
  });

  test('takes the password from a file before the variable', () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-fleet-')), 'password');
    writeFileSync(file, 'from a file\n');
    const both = { PGWITNESS_STORE_PASSWORD: 'variable', PGWITNESS_STORE_PASSWORD_FILE: file };
    expect(parse('clickhouse://ch', both).password).toBe('from a file');
    expect(() => parse('clickhouse://ch', { PGWITNESS_STORE_PASSWORD_FILE: `${file}.gone` })).toThrow('cannot be read');
  });

  test.each([
    ['http://ch', 'not an address of ClickHouse'],
    ['clickhouse://', 'not an address of ClickHouse'],
    ['clickhouse://me:hunter2@ch/db', 'the address holds a password'],
    ['clickhouse://me:hunter2/x@ch', 'the address holds a password'],
    ['clickhouse://me:hunter2?x@ch/db', 'not a host with a port'],
    ['clickhouse://me:hunter2', 'not a host with a port'],
    ['clickhouse://ch/my-db', 'not a name of a database'],
    ['clickhouse://ch:99999/db', 'not a host with a port'],
  ])('%s is refused without repeating a password', (text, words) => {
    expect(() => requireStoreAddress(text, '--ship')).toThrow(words);
    expect(() => requireStoreAddress(text, '--ship')).not.toThrow('hunter2');
  });
});

describe('a retention', () => {
  const asked = (more: string) => shipAddress({ ship: `clickhouse://ch-1/pgwitness?${more}`, cluster: '' }, {});

  test('is days, and never none of them: 0 would drop all that is stored', () => {
    expect(asked('minutes=36h&days=800d').layout.retention).toEqual({ minutes: 2, days: 800 });
    for (const none of ['minutes=0s', 'days=0d']) expect(() => asked(none), none).toThrow('would keep nothing');
  });

  test('is no shorter than until a sidecar sends its texts again', () => {
    const table = TABLES.find(({ ageing }) => ageing.by === 'sending')!;
    const daysOf = (days: number) =>
      /toIntervalDay\((\d+)\)/.exec(retentionSql(table, { retention: { ...RETENTION, days } }))![1];
    expect([daysOf(3), daysOf(400)]).toEqual(['14', '400']);
  });
});

await describeWithClickhouse('a store', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    clickhouse = await startClickhouse({ library, shards: 2 });
  });
  afterAll(() => clickhouse?.stop());

  const hosts = () => clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const addressOf = (database: string, from = env) =>
    parseStoreAddress(`clickhouse://${hosts()}/${database}`, { where: '--ship', env: from });

  describe.each([
    ['on one node', undefined],
    ['on two shards', { name: CLUSTER, hasReplicas: false }],
  ])('%s', (_name, cluster) => {
    const database = cluster === undefined ? 'single' : 'sharded';

    test('has every table, made by many at once', async () => {
      const layout = { cluster, retention: RETENTION };
      await Promise.all([1, 2, 3].map(() => prepareStore(addressOf(database), layout)));
      await prepareStore(addressOf(database), layout);
      const tables = (await clickhouse.query('SHOW TABLES', database)).split('\n');
      expect(tables).toEqual(expect.arrayContaining(TABLES.map((table) => table.name)));
      expect(await clickhouse.query("SELECT max(value) FROM store_fact WHERE name = 'schema'", database)).toBe(
        String(FLEET_SCHEMA_VERSION),
      );
    });

    test('takes rows twice and keeps the newest version', async () => {
      const table = TABLES.find((each) => each.name === 'source_rollup')!;
      const minute = Math.floor(Date.now() / 60_000) - 5;
      const columns = columnsOf(table).map(([column]) => column);
      const row = (instance: string, calls: number, version: number) => [
        ...['shop', 'staging', instance, 1, 60, minute, 'orm'],
        ...[calls, 0, 2 ** 62, 3, version],
      ];
      const client = new FleetClient(addressOf(database));
      await client.insert('source_rollup', columns, [row('a', 10, 7), row('b', 1, 7)]);
      await client.insert('source_rollup', columns, [row('a', 12, 8), row('b', 1, 7)]);
      await client.insert('source_rollup', columns, [row('a', 10, 7)]);
      const sums = await client.rows('SELECT sum(calls) AS calls, max(rows) AS rows FROM source_rollup FINAL');
      expect(sums).toEqual([{ calls: 13, rows: 2 ** 62 }]);
      await client.close();
    });

    test('takes all that it keeps at once, however many partitions that are', async () => {
      const table = TABLES.find((each) => each.name === 'fleet_rollup')!;
      const today = Math.floor(Date.now() / 86_400_000) * 1440;
      const levels = Object.entries({ 60: 6, 3600: 89, 86400: 399 });
      const rows = levels.flatMap(([span, days]) =>
        Array.from({ length: days }, (_, day) => ['s', 'e', 'i', 1, Number(span), today - day * 1440, 1, 1, 1]),
      );
      const client = new FleetClient(addressOf(database));
      await client.insert(
        'fleet_rollup',
        columnsOf(table).map(([column]) => column),
        rows,
      );
      expect(await client.rows('SELECT count() AS rows FROM fleet_rollup')).toEqual([{ rows: 494 }]);
      await client.close();
    });
  });

  test('rows on two shards are on the shard of their statement', async () => {
    await prepareStore(addressOf('spread'), { cluster: { name: CLUSTER, hasReplicas: false }, retention: RETENTION });
    const client = new FleetClient(addressOf('spread'));
    const rows = Array.from({ length: 200 }, (_, n) => [`f${n}`, 'q', 's', 'SELECT', 'k', 'postgres', 0, Date.now()]);
    const columns = columnsOf(TABLES.find(({ name }) => name === 'statement')!).map(([column]) => column);
    await client.insert('statement', columns, rows);
    const counts = await Promise.all(
      clickhouse.nodes.map(({ query }) => query('SELECT count() FROM statement_local', 'spread').then(Number)),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(200);
    expect(Math.min(...counts)).toBeGreaterThan(50);
    await client.close();
  });

  test('what is older than its level is kept is not there', async () => {
    await prepareStore(addressOf('old'), { retention: RETENTION });
    const minute = Math.floor(Date.now() / 60_000);
    const table = 'INSERT INTO fleet_rollup (instance, span_s, bucket_min, connections_max, busy_max, version) VALUES';
    const rows = [60, 3600, 86_400].flatMap((span) =>
      [6, 8, 100, 500].map((days) => `('a', ${span}, ${minute - days * 1440}, 1, 1, 1)`),
    );
    await clickhouse.query(`${table} ${rows.join(', ')}`, 'old');
    await clickhouse.query('OPTIMIZE TABLE fleet_rollup FINAL', 'old');
    const kept = 'SELECT span_s, count() FROM fleet_rollup FINAL GROUP BY span_s ORDER BY span_s';
    expect(await clickhouse.query(kept, 'old')).toBe('60\t1\n3600\t2\n86400\t3');
  });

  describe.each([
    ['on one node', undefined],
    ['on two shards', { name: CLUSTER, hasReplicas: false }],
  ])('%s, by a user that may ship and no more', (_name, cluster) => {
    const shipping = { PGWITNESS_STORE_USER: SHIPPER.user, PGWITNESS_STORE_PASSWORD: SHIPPER.password };
    const address = () => addressOf(SHIPPER.database, shipping);
    const nodes = () => (cluster === undefined ? clickhouse.nodes.slice(0, 1) : clickhouse.nodes);
    /** Of each node: days of every TTL that the tables have. */
    const ttls = async () => {
      const sql = `SELECT DISTINCT extractAll(create_table_query, 'toIntervalDay\\((.*)\\)')[1] FROM system.tables
        WHERE database = '${SHIPPER.database}' AND engine LIKE '%MergeTree' AND name != 'store_fact' ORDER BY 1`;
      return Promise.all(nodes().map(async (node) => (await node.query(sql)).split('\n')));
    };

    test('a database that is not there is refused, one that is there is filled with tables', async () => {
      await Promise.all(clickhouse.nodes.map(({ query }) => query(`DROP DATABASE IF EXISTS ${SHIPPER.database} SYNC`)));
      await expect(prepareStore(address(), { cluster, retention: {} })).rejects.toMatchObject({ code: 'denied' });
      await Promise.all(nodes().map(({ query }) => query(`CREATE DATABASE ${SHIPPER.database}`)));
      await prepareStore(address(), { cluster, retention: {} });
      for (const each of await ttls()) expect(each).toEqual(['400', 'multiIf(span_s = 60, 7, span_s = 3600, 90, 400)']);
    });

    test('another retention is given to tables that are there, once, and what is too old goes', async () => {
      const minute = Math.floor(Date.now() / 60_000) - 5 * 1440;
      const row = `('a', 60, ${minute}, 1, 1, 1)`;
      const columns = 'instance, span_s, bucket_min, connections_max, busy_max, version';
      await clickhouse.query(`INSERT INTO fleet_rollup (${columns}) VALUES ${row}`, SHIPPER.database);
      await prepareStore(address(), { cluster, retention: { minutes: 3, days: 500 } });
      for (const each of await ttls()) expect(each).toEqual(['500', 'multiIf(span_s = 60, 3, span_s = 3600, 90, 500)']);
      const count = () => clickhouse.query('SELECT count() FROM fleet_rollup', SHIPPER.database);
      await expect.poll(count, { timeout: 30_000 }).toBe('0');
      const client = new FleetClient(address());
      expect(await keptDays(client)).toEqual({ minutes: 3, hours: 90, days: 500 });
      await client.close();
      const mutations = `SELECT count() FROM system.mutations WHERE database = '${SHIPPER.database}'`;
      const before = await clickhouse.query(mutations);
      // The same, and one that names no level, which leaves them.
      for (const retention of [{ minutes: 3, days: 500 }, {}]) await prepareStore(address(), { cluster, retention });
      expect(await clickhouse.query(mutations)).toBe(before);
      for (const each of await ttls()) expect(each).toEqual(['500', 'multiIf(span_s = 60, 3, span_s = 3600, 90, 500)']);
    });
  });

  test('refuses in words, and no word is a password', async () => {
    const wrong = addressOf('single', { ...env, PGWITNESS_STORE_PASSWORD: 'hunter2' });
    const refusal = await new FleetClient(wrong).rows('SELECT 1').catch((error: Error) => error);
    expect(refusal).toMatchObject({ code: 'denied', hint: expect.stringContaining('PGWITNESS_STORE_PASSWORD') });
    expect(JSON.stringify([refusal, String(refusal)])).not.toContain('hunter2');
    const reader = { PGWITNESS_STORE_USER: READER.user, PGWITNESS_STORE_PASSWORD: READER.password };
    const made = prepareStore(addressOf('nobody', reader), { retention: RETENTION });
    await expect(made).rejects.toMatchObject({ code: 'denied' });
    await expect(new FleetClient(addressOf('nowhere')).rows('SELECT 1')).rejects.toMatchObject({ code: 'missing' });
    const closed = parseStoreAddress('clickhouse://127.0.0.1:1/x', { where: '--ship', env });
    await expect(new FleetClient(closed).rows('SELECT 1')).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('an answer that comes late is not that of the next question', async () => {
    await build(() => {});
    const file = 'storage/clickhouse/read/answering.js';
    const { Answering } = await built<typeof import('../../storage/clickhouse/read/answering.js')>(file);
    const answering = new Answering(addressOf('default'), 60_000);
    onTestFinished(() => answering.close());
    expect(() => answering.ask(["SELECT 'late' AS text, sleep(1) AS slept"], 1)).toThrow('no answer within');
    for (const text of ['first', 'second']) expect(answering.ask([`SELECT '${text}' AS text`])).toEqual([[{ text }]]);
  });

  test('refuses a row without repeating it', async () => {
    await prepareStore(addressOf('rows'), { retention: RETENTION });
    const client = new FleetClient(addressOf('rows'));
    const columns = columnsOf(TABLES.find(({ name }) => name === 'statement')!).map(([column]) => column);
    for (const wrong of ['hunter2', { hunter2: 1 }]) {
      const row = ['f', 'SELECT hunter2', 's', 'SELECT', 'k', 'postgres', wrong, 1];
      const refusal = await client.insert('statement', columns, [row]).catch((error: Error) => error);
      expect(refusal).toMatchObject({ code: 'io', message: expect.stringContaining('code ') });
      expect(String(refusal)).not.toContain('hunter2');
    }
    await client.close();
  });

  test('of a later version is left alone', async () => {
    await prepareStore(addressOf('later'), { retention: RETENTION });
    await clickhouse.query("INSERT INTO store_fact VALUES ('schema', 99, 99)", 'later');
    await expect(prepareStore(addressOf('later'), { retention: RETENTION })).rejects.toMatchObject({
      code: 'newer-schema',
    });
  });
});
