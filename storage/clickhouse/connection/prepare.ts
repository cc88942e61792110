// Brings a store of a fleet to the schema of today: database, tables, and how long rows are kept.
// Invariant: doing it twice, or by many at once, changes nothing; a store of a later version is left alone.
// Not here: what a change of the retention takes (retention.ts), the statements (../schema/).

import { StoreError } from '../../store-error.js';
import {
  addingSql,
  alterRights,
  FLEET_SCHEMA_VERSION,
  MADE_COLUMNS_SQL,
  makingSql,
  notingSql,
} from '../schema/migrations.js';
import { type Layout, onCluster, type RetentionDays } from '../schema/table.js';
import { type StoreAddress, shownStore } from './address.js';
import { FleetClient } from './client.js';
import { engineCode } from './failures.js';
import { asksForChange, keptOf, type Noted, notedBy, retentionOf, roundsTo } from './retention.js';

/** Levels that are not named are kept as the store keeps them; a new one keeps them as DEFAULT_DAYS says. */
export type WantedLayout = Omit<Layout, 'retention'> & { readonly retention: Partial<RetentionDays> };

const DEFAULT_DAYS: RetentionDays = { minutes: 7, hours: 90, days: 400 };

/**
 * A cluster with replicas carries statements to all of its nodes; without, `address` names every node. Returns why a
 * change of the retention that somebody else began cannot be ended: rows can be sent all the same. Throws StoreError,
 * for a change that is asked for here too.
 */
export async function prepareStore(
  address: StoreAddress,
  layout: WantedLayout,
  first = 0,
): Promise<StoreError | undefined> {
  const each = layout.cluster !== undefined && !layout.cluster.hasReplicas;
  const nodes: Found[] = [];
  for (const node of each ? address.nodes.keys() : [first]) nodes.push(await found(address, node));
  const retention = retentionOf(nodes);
  // A node that is new is made as the others are, and then changed with them.
  const made = { ...layout, retention: retention?.told ?? { ...DEFAULT_DAYS, ...layout.retention } };
  const old = nodes.filter((node) => isOld(address, node));
  for (const node of old) await makeNode(address, { node, layout: made });
  // Who reads on a node that is noted asks all of them.
  for (const { node } of old) await command(address, node, [notingSql(made, retention?.from)]);
  if (retention === undefined) return undefined;
  const wanted = { ...layout, retention: { ...retention.target, ...layout.retention } };
  try {
    const rounds = roundsTo(wanted, retention);
    // Nothing is noted of a change that cannot be made.
    if (rounds.length > 0) for (const { node } of nodes) await requireAlter(address, { node, layout: wanted });
    for (const round of rounds) for (const { node } of nodes) await command(address, node, round);
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'denied') throw error;
    if (asksForChange(layout.retention, retention)) throw error;
    return error;
  }
}

/** How many days a prepared store keeps each level. Throws StoreError. */
export async function keptDays(client: FleetClient): Promise<RetentionDays> {
  return keptOf((await notedBy(client)).facts);
}

/** Throws StoreError for one that is of a later version. */
function isOld(address: StoreAddress, { facts }: Found): boolean {
  const version = facts.get('schema') ?? 0;
  if (version <= FLEET_SCHEMA_VERSION) return version < FLEET_SCHEMA_VERSION;
  throw new StoreError(
    'newer-schema',
    `${shownStore(address)} has schema ${version}, this version knows ${FLEET_SCHEMA_VERSION}`,
    { hint: 'Use the version of pgwitness that made it, or another database.' },
  );
}

/** Makes what is missing. Throws StoreError. */
async function makeNode(
  address: StoreAddress,
  { node: { node, hasDatabase }, layout }: { node: Found; layout: Layout },
): Promise<void> {
  // Who may not make databases can use one that is there.
  if (!hasDatabase) {
    await asked(new FleetClient(address, { node, database: '' }), (client) =>
      client.command(`CREATE DATABASE IF NOT EXISTS ${address.database}${onCluster(layout)}`),
    );
  }
  await command(address, node, makingSql(layout));
  const made = await asked(new FleetClient(address, { node }), (client) =>
    client.rows<{ made: string }>(MADE_COLUMNS_SQL),
  );
  await command(address, node, addingSql(layout, new Set(made.map((column) => column.made))));
}

/** Throws StoreError. */
async function requireAlter(address: StoreAddress, { node, layout }: { node: number; layout: Layout }): Promise<void> {
  const rights = alterRights(address.database, layout);
  if (await asked(new FleetClient(address, { node }), (client) => client.may(rights))) return;
  throw new StoreError('denied', `the retention of ${shownStore(address)} cannot be changed by ${address.user}`, {
    hint: `GRANT ${rights} TO ${address.user}, or have a sidecar connect whose user may (docs/FLEET.md).`,
  });
}

/** In order. Throws StoreError. */
async function command(address: StoreAddress, node: number, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return;
  await asked(new FleetClient(address, { node }), async (client) => {
    for (const statement of statements) await client.command(statement);
  });
}

interface Found extends Noted {
  readonly node: number;
  readonly hasDatabase: boolean;
}

/** Throws StoreError. */
async function found(address: StoreAddress, node: number): Promise<Found> {
  try {
    return { node, hasDatabase: true, ...(await asked(new FleetClient(address, { node }), notedBy)) };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'missing') throw error;
    return { node, hasDatabase: engineCode(error) !== UNKNOWN_DATABASE, facts: new Map(), newest: 0 };
  }
}

const UNKNOWN_DATABASE = '81';

async function asked<T>(client: FleetClient, work: (client: FleetClient) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
