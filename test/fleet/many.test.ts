// Many sidecars in one store: compared by instance at once, and with a tag as long as they are few.
// Invariant: a real ClickHouse of two shards, with the made-up fleet that bench/fleet.mjs measures.
// Not here: that answers are those of SQLite (parity.test.ts).

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { answerGroups } from '../../reports/groups/identity-groups.js';
import { reportStatements } from '../../reports/statements.js';
import { CLUSTER, type Clickhouse, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { besideSql, rollupSql, seriesSql } from '../../scripts/lib/made-up-fleet.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { built } from './built.js';

const DATABASE = 'pgwitness';
const SIDECARS = 45;
const SERIES = 10;
const DAYS = 2;
const TAG = ['route', 'orders/'] as const;
const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

await describeWithClickhouse('many sidecars', (library) => {
  let clickhouse: Clickhouse;
  const store = () =>
    parseStoreAddress(`clickhouse://${clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${DATABASE}`, {
      where: '--store',
      env,
    });

  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library, shards: 2 });
    const retention = { minutes: 7, hours: 90, days: 400 };
    await prepareStore(store(), { cluster: { name: CLUSTER, hasReplicas: false }, retention });
    const block = { sidecarsFrom: 0, sidecarsTo: SIDECARS, series: SERIES };
    const levels = { days: DAYS, nowMin: Math.floor(Date.now() / 60_000) };
    for (const [n, node] of clickhouse.nodes.entries()) {
      await node.query(seriesSql(block, { n, shards: clickhouse.nodes.length }), DATABASE);
      for (const sql of rollupSql(levels)) await node.query(sql, DATABASE);
    }
    for (const sql of besideSql(block, levels)) await clickhouse.query(sql, DATABASE);
    await clickhouse.query(
      `INSERT INTO tag_rollup (service, environment, instance, store, span_s, bucket_min, fingerprint, source, tag_set,
         calls, errors, service_total_ns, service_max_ns, histogram, version)
       SELECT service, environment, instance, store, span_s, bucket_min, fingerprint, source, '{"route":"orders/"}',
         calls_strong, errors, service_total_ns, service_max_ns, histogram, version FROM rollup
       SETTINGS distributed_foreground_insert = 1`,
      DATABASE,
    );
  }, 240_000);
  afterAll(() => clickhouse?.stop());

  async function opened(service?: string) {
    const file = 'storage/clickhouse/read/reader.js';
    const { openClickhouseReader } = await built<typeof import('../../storage/clickhouse/read/reader.js')>(file);
    const reader = openClickhouseReader(store(), { scope: service === undefined ? {} : { service } });
    onTestFinished(() => reader.close());
    return reader;
  }
  const question = { by: 'instance', hidden: new Set<string>() };

  test('all are compared, and their executions are those of the fleet', async () => {
    const reader = await opened();
    const { groups } = answerGroups(reader, { ...question, filter: {} });
    expect(groups).toHaveLength(SIDECARS);
    const executions = groups.reduce((sum, { calls, errors }) => sum + calls + errors, 0);
    const { observed, sums, statements } = reportStatements(reader, { limit: 4 });
    expect(executions).toBe(observed.executions);
    expect([...sums.values()].reduce((sum, source) => sum + source.executions, 0)).toBe(executions);
    const all = reportStatements(reader);
    expect(statements).toHaveLength(4);
    expect(all.statements.slice(0, 4)).toEqual(statements);
    expect(all.statements.length).toBeGreaterThan(4);
    for (const { histogram, calls } of statements) expect(histogram.count).toBe(calls);
  });

  test('with a tag more than forty are refused, and those of a service are compared', async () => {
    const filter = { tags: [TAG] };
    const reader = await opened();
    expect(() => answerGroups(reader, { ...question, filter })).toThrow('45 are too many to be compared by a tag');
    const some = await opened('service-03');
    const byTag = answerGroups(some, { ...question, filter });
    expect(byTag.groups.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4].map((n) => `service-03-${n}`));
    const byInstance = answerGroups(some, { ...question, filter: {} });
    const callsOf = ({ groups }: typeof byTag) => groups.map(({ value, calls }) => [value, calls]);
    expect(callsOf(byTag)).toEqual(callsOf(byInstance));
  });
});
