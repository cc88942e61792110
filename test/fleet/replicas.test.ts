// Tables with replicas, made and altered on a keeper, as far as the engine of the tests can.
// Invariant: what a cluster is told but for ON CLUSTER, which this engine refuses; it says so itself.
// Not here: replicas that copy from one another, which no engine here can (docs/FLEET.md says why).

import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLUSTER, type Clickhouse, startClickhouse } from '../../scripts/lib/clickhouse.mjs';
import { makingSql, retentionRounds } from '../../storage/clickhouse/schema/migrations.js';
import { TABLES } from '../../storage/clickhouse/schema/tables.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';

const DATABASE = 'replicated';
const layoutOf = (minutes: number) => ({
  cluster: { name: CLUSTER, hasReplicas: true },
  retention: { minutes, hours: 90, days: 400 },
});
/** A keeper in memory is of one process, so nobody carries a statement to others. */
const hereAlone = (sql: string): string => sql.replace(` ON CLUSTER '${CLUSTER}'`, '');

await describeWithClickhouse('tables with replicas', (library) => {
  let clickhouse: Clickhouse;
  beforeAll(async () => {
    clickhouse = await startClickhouse({ library, hasKeeper: true });
    await clickhouse.query(`CREATE DATABASE ${DATABASE}`);
  });
  afterAll(() => clickhouse?.stop());

  test('are made twice without harm, each at a place of its own in the keeper', async () => {
    const creating = makingSql(layoutOf(7));
    for (const sql of creating) expect(sql).toContain(` ON CLUSTER '${CLUSTER}'`);
    for (const sql of [...creating, ...creating]) await clickhouse.query(hereAlone(sql), DATABASE);
    const replicas = `SELECT count(), uniqExact(zookeeper_path), any(replica_name) FROM system.replicas
      WHERE database = '${DATABASE}' AND table != 'store_fact'`;
    expect(await clickhouse.query(replicas)).toBe(`${TABLES.length}\t${TABLES.length}\tone`);
    const fact = `SELECT replica_name, zookeeper_path FROM system.replicas WHERE table = 'store_fact'`;
    // Whole on every node: its place has no shard, and each node is a replica of it.
    expect(await clickhouse.query(fact)).toBe(`1 one\t/clickhouse/tables/${DATABASE}/store_fact`);
    const over = `SELECT count() FROM system.tables WHERE database = '${DATABASE}' AND engine = 'Distributed'`;
    expect(await clickhouse.query(over)).toBe(String(TABLES.length));
  });

  test('and altered; what only a server can do, this engine refuses', async () => {
    const kept = layoutOf(7).retention;
    const [, altering] = retentionRounds(layoutOf(3), { kept, from: {}, version: Date.now() });
    expect(altering).toHaveLength(TABLES.length);
    // No replica is active, so the keeper is not told: the statement is understood, and refused for that alone.
    for (const sql of altering) {
      await expect(clickhouse.query(hereAlone(sql), DATABASE)).rejects.toThrow('TABLE_IS_READ_ONLY');
    }
    await expect(clickhouse.query(altering[0], DATABASE)).rejects.toThrow('Replicated DDL queries are disabled');
  });
});
