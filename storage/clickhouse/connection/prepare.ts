// Brings a store of a fleet to the schema of today: database, tables, and how long rows are kept.
// Invariant: doing it twice, or by many at once, changes nothing; a store of a later version is left alone.
// Not here: the statements (../schema/).

import { MINUTE_MS } from '../../../config/values/minute.js';
import { DAY_MIN } from '../../reading/levels.js';
import { StoreError } from '../../store-error.js';
import {
  FLEET_SCHEMA_VERSION,
  type KeptFrom,
  RETENTION_CHANGES,
  retentionRounds,
  STORE_FACT,
  stepsFrom,
} from '../schema/migrations.js';
import { type Layout, onCluster, type RetentionDays } from '../schema/table.js';
import { type StoreAddress, shownStore } from './address.js';
import { FleetClient } from './client.js';
import { engineCode } from './failures.js';

/** Levels that are not named are kept as the store keeps them; a new one keeps them as DEFAULT_DAYS says. */
export type WantedLayout = Omit<Layout, 'retention'> & { readonly retention: Partial<RetentionDays> };

const DEFAULT_DAYS: RetentionDays = { minutes: 7, hours: 90, days: 400 };

/**
 * A cluster with replicas carries statements to all of its nodes; without, `address` names every node. Throws
 * StoreError.
 */
export async function prepareStore(address: StoreAddress, layout: WantedLayout, first = 0): Promise<void> {
  const each = layout.cluster !== undefined && !layout.cluster.hasReplicas;
  const nodes = each ? address.nodes.map((_, node) => node) : [first];
  const changes: Array<{ node: number; rounds: string[][] }> = [];
  for (const node of nodes) changes.push({ node, rounds: await prepareNode(address, { node, layout }) });
  const roundsMax = Math.max(...changes.map(({ rounds }) => rounds.length));
  for (let round = 0; round < roundsMax; round++) {
    for (const { node, rounds } of changes) await command(address, node, rounds[round] ?? []);
  }
}

/** How many days a prepared store keeps each level. Throws StoreError. */
export async function keptDays(client: FleetClient): Promise<RetentionDays> {
  return keptOf((await factsOf(client)).facts);
}

/** Makes what is missing. What it answers changes the retention; see retentionRounds. */
async function prepareNode(
  address: StoreAddress,
  { node, layout }: { node: number; layout: WantedLayout },
): Promise<string[][]> {
  const { hasDatabase, facts, newest } = await found(address, node);
  const version = facts.get('schema') ?? 0;
  if (version > FLEET_SCHEMA_VERSION) {
    throw new StoreError(
      'newer-schema',
      `${shownStore(address)} has schema ${version}, this version knows ${FLEET_SCHEMA_VERSION}`,
      { hint: 'Use the version of pgwitness that made it, or another database.' },
    );
  }
  const kept = version === 0 ? DEFAULT_DAYS : keptOf(facts);
  const wanted: Layout = { ...layout, retention: { ...kept, ...layout.retention } };
  // Who may not make databases can use one that is there.
  if (!hasDatabase) {
    await asked(new FleetClient(address, { node, database: '' }), (client) =>
      client.command(`CREATE DATABASE IF NOT EXISTS ${address.database}${onCluster(wanted)}`),
    );
  }
  await command(address, node, version === FLEET_SCHEMA_VERSION ? [] : stepsFrom(version, wanted));
  const isKept = LEVELS.every((level) => kept[level] === wanted.retention[level]) && !facts.get(RETENTION_CHANGES);
  if (version === 0 || isKept) return [];
  // Not older than what a sidecar with another clock noted: the tables would be kept as nobody is told.
  return retentionRounds(wanted, { kept, from: keptFrom(facts, wanted), version: Math.max(Date.now(), newest + 1) });
}

/** In order. Throws StoreError. */
async function command(address: StoreAddress, node: number, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return;
  await asked(new FleetClient(address, { node }), async (client) => {
    for (const statement of statements) await client.command(statement);
  });
}

/** Throws StoreError. */
async function found(address: StoreAddress, node: number): Promise<{ hasDatabase: boolean } & Facts> {
  try {
    return { hasDatabase: true, ...(await asked(new FleetClient(address, { node }), factsOf)) };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'missing') throw error;
    return { hasDatabase: engineCode(error) !== UNKNOWN_DATABASE, facts: new Map(), newest: 0 };
  }
}

const UNKNOWN_DATABASE = '81';

interface Facts {
  readonly facts: ReadonlyMap<string, number>;
  /** The highest version of one. */
  readonly newest: number;
}

async function factsOf(client: FleetClient): Promise<Facts> {
  const rows = await client.rows<{ name: string; value: number; newest: number }>(
    `SELECT name, argMax(value, version) AS value, max(version) AS newest FROM ${STORE_FACT} GROUP BY name`,
  );
  return {
    facts: new Map(rows.map(({ name, value }) => [name, Number(value)])),
    newest: Math.max(0, ...rows.map(({ newest }) => Number(newest))),
  };
}

const LEVELS = ['minutes', 'hours', 'days'] as const;

function keptOf(facts: ReadonlyMap<string, number>): RetentionDays {
  const [minutes, hours, days] = LEVELS.map((level) => facts.get(`${level}_kept_days`) ?? 0);
  return { minutes, hours, days };
}

/** What was dropped does not come back where a level is kept for longer: until then it begins where it began. */
function keptFrom(facts: ReadonlyMap<string, number>, { retention }: Layout): KeptFrom {
  const kept = keptOf(facts);
  const nowMin = Math.floor(Date.now() / MINUTE_MS);
  const raised = LEVELS.filter((level) => retention[level] > kept[level]);
  return Object.fromEntries(
    raised.map((level) => [level, Math.max(facts.get(`${level}_kept_from_min`) ?? 0, nowMin - kept[level] * DAY_MIN)]),
  );
}

async function asked<T>(client: FleetClient, work: (client: FleetClient) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
