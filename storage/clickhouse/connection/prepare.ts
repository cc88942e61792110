// Brings a store of a fleet to the schema of today: database, tables, and how long rows are kept.
// Invariant: doing it twice, or by many at once, changes nothing; a store of a later version is left alone.
// Not here: the statements (../schema/).

import { StoreError } from '../../store-error.js';
import { FLEET_SCHEMA_VERSION, STORE_FACT, stepsFrom } from '../schema/migrations.js';
import { type Layout, onCluster } from '../schema/table.js';
import { type StoreAddress, shownStore } from './address.js';
import { FleetClient } from './client.js';

/**
 * A cluster with replicas carries statements to all of its nodes; without, `address` names every node. Throws
 * StoreError.
 */
export async function prepareStore(address: StoreAddress, layout: Layout, first = 0): Promise<void> {
  const each = layout.cluster !== undefined && !layout.cluster.hasReplicas;
  const nodes = each ? address.nodes.map((_, node) => node) : [first];
  for (const node of nodes) await prepareNode(address, { node, layout });
}

/** How many days a prepared store keeps each level. Throws StoreError. */
export async function keptDays(client: FleetClient): Promise<{ minutes: number; hours: number; days: number }> {
  const facts = await client.rows<{ name: string; value: number }>(`SELECT name, value FROM ${STORE_FACT} FINAL`);
  const daysOf = (name: string) => facts.find((fact) => fact.name === name)?.value ?? 0;
  return {
    minutes: daysOf('minutes_kept_days'),
    hours: daysOf('hours_kept_days'),
    days: daysOf('days_kept_days'),
  };
}

async function prepareNode(address: StoreAddress, { node, layout }: { node: number; layout: Layout }): Promise<void> {
  const version = await schemaOf(address, node);
  if (version > FLEET_SCHEMA_VERSION) {
    throw new StoreError(
      'newer-schema',
      `${shownStore(address)} has schema ${version}, this version knows ${FLEET_SCHEMA_VERSION}`,
      { hint: 'Use the version of pgwitness that made it, or another database.' },
    );
  }
  if (version === FLEET_SCHEMA_VERSION) return;
  if (version === 0) {
    await asked(new FleetClient(address, { node, database: '' }), (client) =>
      client.command(`CREATE DATABASE IF NOT EXISTS ${address.database}${onCluster(layout)}`),
    );
  }
  await asked(new FleetClient(address, { node }), async (client) => {
    for (const statement of stepsFrom(version, layout)) await client.command(statement);
  });
}

/** 0 = there is none. Throws StoreError. */
async function schemaOf(address: StoreAddress, node: number): Promise<number> {
  try {
    const [row] = await asked(new FleetClient(address, { node }), (client) =>
      client.rows<{ version: string | number }>(
        `SELECT max(value) AS version FROM ${STORE_FACT} WHERE name = 'schema'`,
      ),
    );
    return Number(row.version);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'missing') return 0;
    throw error;
  }
}

async function asked<T>(client: FleetClient, work: (client: FleetClient) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
