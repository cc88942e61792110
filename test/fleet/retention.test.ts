// A retention on a real ClickHouse, while it changes, stops halfway, or is not allowed.
// Invariant: readers are told no more than every table keeps. Not here: a change that goes well (store.test.ts).

import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLUSTER, type Clickhouse, SENDER, SHIPPER, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { keptDays, prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { retentionRounds } from '../../storage/clickhouse/schema/migrations.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';

const RETENTION = { minutes: 7, hours: 90, days: 400 };
const cluster = { name: CLUSTER, hasReplicas: false };
const envOf = ({ user, password }: { user: string; password: string }) => ({
  PGWITNESS_STORE_USER: user,
  PGWITNESS_STORE_PASSWORD: password,
});

await describeWithClickhouse('a retention', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    clickhouse = await startClickhouse({ library, shards: 2 });
  });
  afterAll(() => clickhouse?.stop());

  const addressOf = (database: string, who: { user: string; password: string } = WRITER) => {
    const hosts = clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return parseStoreAddress(`clickhouse://${hosts}/${database}`, { where: '--ship', env: envOf(who) });
  };
  /** Of each node: days of minutes that readers are told, and of every TTL that tables have. */
  const keptIn = (database: string) => {
    const told = `SELECT argMax(value, version) FROM store_fact WHERE name = 'minutes_kept_days'`;
    const ttls = `SELECT DISTINCT toUInt32(extract(create_table_query, 'span_s = 60, (\\d+)')) AS days FROM system.tables
      WHERE database = '${database}' AND create_table_query LIKE '%span_s = 60, %' AND engine LIKE '%MergeTree' ORDER BY days`;
    return Promise.all(
      clickhouse.nodes.map(async ({ query }) => ({
        told: Number(await query(told, database)),
        ttls: (await query(ttls)).split('\n').map(Number),
      })),
    );
  };
  const all = (days: number) => clickhouse.nodes.map(() => ({ told: days, ttls: [days] }));
  const change = (database: string, retention: Partial<typeof RETENTION>) =>
    prepareStore(addressOf(database), { cluster, retention });
  /** A table of the last node cannot be altered meanwhile: the first node has all of the change by then. */
  const halfway = async (database: string, retention: Partial<typeof RETENTION>) => {
    const [, last] = clickhouse.nodes;
    await last.query('RENAME TABLE tag_rollup_local TO away', database);
    await expect(change(database, retention)).rejects.toThrow();
    await last.query('RENAME TABLE away TO tag_rollup_local', database);
    return keptIn(database);
  };

  test('a level that is kept for longer begins where it began, for its rows were dropped', async () => {
    const begins = async (retention: Partial<typeof RETENTION>) => {
      await prepareStore(addressOf('longer'), { retention });
      const facts = `SELECT name, argMax(value, version) FROM store_fact WHERE name LIKE '%from_min' GROUP BY name ORDER BY name`;
      return (await clickhouse.query(facts, 'longer')).split('\n').map((line) => {
        const [name, minute] = line.split('\t');
        return `${name} ${Math.round((Date.now() / 60_000 - Number(minute)) / 1440)}`;
      });
    };
    await prepareStore(addressOf('longer'), { retention: RETENTION });
    expect(await begins({ minutes: 14 })).toEqual(['minutes_kept_from_min 7']);
    // Those of eight days ago are not there, however long minutes are kept since.
    expect(await begins({ minutes: 21, hours: 30 })).toEqual(['minutes_kept_from_min 7']);
    expect(await begins({ minutes: 3, hours: 90 })).toEqual(['hours_kept_from_min 30', 'minutes_kept_from_min 7']);
    expect(await begins({ minutes: 7 })).toEqual(['hours_kept_from_min 30', 'minutes_kept_from_min 3']);
  });

  test.each([
    ['lowered', 3, 3],
    ['raised', 14, 7],
  ])('that is %s and stops halfway is ended by a sidecar that names none', async (database, days, told) => {
    await change(database, RETENTION);
    const stopped = await halfway(database, { minutes: days });
    expect(stopped.map((node) => node.told)).toEqual([told, told]);
    expect(stopped.map(({ ttls }) => ttls)).toEqual([[days], expect.arrayContaining([7])]);
    await change(database, {});
    expect(await keptIn(database)).toEqual(all(days));
  });

  test('that stops within its first round is ended on every node', async () => {
    await change('first_round', RETENTION);
    const layout = { cluster, retention: { ...RETENTION, minutes: 3 } };
    const [[note]] = retentionRounds(layout, { kept: RETENTION, from: {}, version: Date.now() });
    await clickhouse.query(note, 'first_round');
    await change('first_round', {});
    expect(await keptIn('first_round')).toEqual(all(3));
  });

  test('of nodes that differ becomes one again, and readers are told the least until then', async () => {
    await change('differ', RETENTION);
    // One of them was changed as if it were alone.
    await prepareStore(
      { ...addressOf('differ'), nodes: [addressOf('differ').nodes[1]] },
      { cluster, retention: { minutes: 14 } },
    );
    expect((await keptIn('differ')).map(({ told }) => told)).toEqual([7, 14]);
    expect((await halfway('differ', {})).map(({ told }) => told)).toEqual([7, 7]);
    await change('differ', {});
    expect(await keptIn('differ')).toEqual(all(14));
  });

  test('that is raised while others connect who name none is raised in the end', async () => {
    await change('race', RETENTION);
    const raising = change('race', { minutes: 14 });
    const isNoted = () =>
      clickhouse.query("SELECT max(value) FROM store_fact WHERE name = 'retention_changes'", 'race');
    await expect.poll(isNoted, { interval: 1, timeout: 30_000 }).toBe('1');
    await Promise.all([raising, change('race', {}), change('race', {})]);
    expect(await keptIn('race')).toEqual(all(14));
  });

  test('cannot be changed without the right to, which is noted nowhere; who asks for nothing ships', async () => {
    const { database } = SHIPPER;
    const send = (retention: Partial<typeof RETENTION>) =>
      prepareStore(addressOf(database, SENDER), { cluster, retention });
    await Promise.all(clickhouse.nodes.map(({ query }) => query(`CREATE DATABASE ${database}`)));
    expect(await send({})).toBeUndefined();
    for (const days of [3, 14]) {
      await expect(send({ minutes: days })).rejects.toMatchObject({
        code: 'denied',
        hint: expect.stringContaining(`GRANT ALTER TTL, ALTER MATERIALIZE TTL ON ${database}.* TO sender`),
      });
    }
    expect(await send({})).toBeUndefined();
    expect(await keptIn(database)).toEqual(all(7));
    // What another began, it leaves to one that may.
    const stopped = await halfway(database, { minutes: 14 });
    for (const retention of [{}, { minutes: 7 }, { minutes: 14 }]) {
      expect(await send(retention)).toMatchObject({ code: 'denied', hint: expect.stringContaining('GRANT') });
    }
    expect(await keptIn(database)).toEqual(stopped);
    expect(await prepareStore(addressOf(database, SHIPPER), { cluster, retention: {} })).toBeUndefined();
    expect(await keptIn(database)).toEqual(all(14));
  });

  test('what was noted by a clock that is ahead does not outlast a later change', async () => {
    await prepareStore(addressOf('ahead'), { retention: RETENTION });
    const ahead = `INSERT INTO store_fact VALUES ('minutes_kept_days', 14, ${Date.now() + 3_600_000})`;
    await clickhouse.query(ahead, 'ahead');
    await prepareStore(addressOf('ahead'), { retention: { minutes: 3 } });
    const client = new FleetClient(addressOf('ahead'));
    expect(await keptDays(client)).toEqual({ minutes: 3, hours: 90, days: 400 });
    await client.close();
  });
});
