// Shipping is exactly once, whatever fails, comes twice or comes in another order.
// Invariant: a real ClickHouse; compared row by row with SQLite. Not here: processes and threads (killed.test.ts).

import { rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Shipper, type Sink } from '../../observer/shipping/shipper.js';
import { CLUSTER, type Clickhouse, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetClient, type FleetValue } from '../../storage/clickhouse/connection/client.js';
import { keptDays, prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { PROGRESS_FILE, readProgress, writeProgress } from '../../storage/sqlite/file/shipped.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore, type SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { StoreError } from '../../storage/store-error.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import {
  entryOf,
  flushOf,
  MINUTE_MS,
  poolOf,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  transactionsOf,
  verdictOf,
} from '../storage/flushes.js';
import { expectTruth } from './truth.js';

const RETENTION = { minutes: 7, hours: 90, days: 400 };
const DAY_MIN = 1440;
/** Enough for what a test wrote. */
const SLICES = 100;
/** Two days ago, at midnight. */
const START = Math.floor(Date.now() / 86_400_000 - 2) * DAY_MIN;
const identity = { service: 'shop', environment: 'test', instance: 'one' };
const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

/** Everything that a flush can hold of one minute. */
function traffic(minute: number, seed: number) {
  const fingerprint = (seed % 7).toString(16).padStart(16, 'f');
  const atMs = minute * MINUTE_MS;
  return flushOf({
    atMs,
    catalogue: [entryOf({ fingerprint, query: `SELECT ${seed % 7}` })],
    statements: [verdictOf({ fingerprint, firstSeenMs: atMs, lastSeenMs: atMs + 5 })],
    rollups: [
      rollupOf({
        minute,
        fingerprint,
        callsNs: [1e6 * (seed + 1), 2e6],
        errors: seed % 3 === 0 ? ['57014'] : [],
        rows: seed,
      }),
      rollupOf({ minute, fingerprint, source: 'django-orm', construct: 'queryset', batchedNs: [5e5] }),
    ],
    tags: [tagsOf({ route: `/r${seed % 3}/` }, { minute, fingerprint })],
    pools: [poolOf('pool-a', 'web')],
    poolMinutes: [{ ...poolMinute(minute), ...transactionsOf([seed + 1]) }],
    fleetMinutes: [{ minute, connectionsMax: 3 + (seed % 5), busyMax: 1 }],
    losses: [{ counterId: 'c', minute, reason: 'queue_full', count: seed }],
    marks: seed % 5 === 0 ? [{ atMs, kind: 'manual', name: `m${seed}`, fingerprint: '', source: '' }] : [],
    counters: [['seen', seed]],
  });
}

function poolMinute(minute: number) {
  const none = { lifetimeTotalMs: 0, connectionsMax: 2, busyMax: 1, activeMs: 10, idleMs: 20, idleInTransactionMs: 0 };
  return { minute, pool: 'pool-a', opened: 1, closed: 0, ...none };
}

/** Ships until nothing waits. */
async function shipAll(shipper: Shipper, { isEnd = true } = {}): Promise<void> {
  while ((await shipper.sendOthers(Date.now())).more);
  while ((await shipper.sendBuckets(Date.now(), { isEnd })).more);
}

interface Place {
  client: FleetClient;
  kept: typeof RETENTION;
}

function shipperOf(dataDir: string, { client, kept }: Place, { sink = client as Sink, rowsMax = 250 } = {}): Shipper {
  return new Shipper({
    reader: openReader(dataDir),
    sink,
    identity,
    target: 'test',
    kept,
    pgwitnessVersion: '1',
    rowsMax,
  });
}

async function stateOf({ client }: Place, dataDir: string) {
  const store = readProgress(dataDir)!.store;
  const rows = await client.rows<Record<string, number>>(`SELECT * FROM instance_state FINAL WHERE store = ${store}`);
  return rows[0];
}

await describeWithClickhouse('shipping', (library) => {
  let clickhouse: Clickhouse;
  let place: Place;
  beforeAll(async () => {
    clickhouse = await startClickhouse({ library, shards: 2 });
    const hosts = clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    const address = parseStoreAddress(`clickhouse://${hosts}/fleet`, { where: '--ship', env });
    await prepareStore(address, { cluster: { name: CLUSTER, hasReplicas: false }, retention: RETENTION });
    const client = new FleetClient(address);
    place = { client, kept: await keptDays(client) };
  });
  afterAll(async () => {
    await place?.client.close();
    await clickhouse?.stop();
  });

  test('is whole after an orderly end, goes on after it, and never says an hour is whole before it is', async () => {
    const dataDir = temporaryDirectory();
    const store = openSqliteStore({ dataDir, retention: { minutesKeptHours: 24 * 30 } });
    for (let n = 0; n < 90; n++) store.flush(traffic(START + n * 20, n));
    // A call of upkeep is a slice of some milliseconds.
    for (let slice = 0; slice < SLICES; slice++) store.maintain((START + 90 * 20) * MINUTE_MS);
    const shipper = shipperOf(dataDir, place);
    await shipAll(shipper, { isEnd: false });
    expect(await stateOf(place, dataDir)).toMatchObject({
      service: 'shop',
      instance: 'one',
      minutes_folded_to_min: START + 29 * 60,
      hours_folded_to_min: START + DAY_MIN,
      first_min: START,
    });
    store.endMinutes();
    await shipAll(shipper);
    expect(await expectTruth(dataDir, place.client)).toBeGreaterThan(500);
    const ended = await stateOf(place, dataDir);
    expect(ended).toMatchObject({ minutes_folded_to_min: START + 89 * 20 + 1, last_min: START + 89 * 20 });
    // The next life fills the same hour: it is not whole until it is over.
    store.flush(traffic(START + 89 * 20 + 5, 91));
    const next = shipperOf(dataDir, place);
    await next.sendBuckets(Date.now());
    expect(await stateOf(place, dataDir)).toMatchObject({ minutes_folded_to_min: START + 29 * 60 });
    store.endMinutes();
    await shipAll(next);
    await expectTruth(dataDir, place.client);
    store.close();
  });

  test('a bucket larger than a slice goes in several, and an interrupted one again', async () => {
    const dataDir = temporaryDirectory();
    const store = openSqliteStore({ dataDir });
    const rollups = Array.from({ length: 300 }, (_, n) =>
      rollupOf({ minute: START, fingerprint: n.toString(16).padStart(16, '0'), callsNs: [1000 + n] }),
    );
    store.flush(flushOf({ rollups }));
    store.maintain((START + 5) * MINUTE_MS);
    const first = shipperOf(dataDir, place, { rowsMax: 70 });
    expect((await first.sendBuckets(Date.now())).more).toBe(true);
    store.flush(flushOf({ rollups: rollups.slice(0, 10) }));
    store.endMinutes();
    await shipAll(shipperOf(dataDir, place, { rowsMax: 70 }));
    await expectTruth(dataDir, place.client);
    store.close();
  });

  test('rows that the fleet keeps no more, and rows that were dropped before, are counted', async () => {
    const dataDir = temporaryDirectory();
    const store = openSqliteStore({ dataDir, retention: { minutesKeptHours: 24 * 30 } });
    const old = START - 10 * DAY_MIN;
    for (const minute of [old, START]) store.flush(traffic(minute, 1));
    store.endMinutes();
    await shipAll(shipperOf(dataDir, place));
    expect(readProgress(dataDir)!.expired).toEqual({ minutes: 7, hours: 0, days: 0 });
    await expectTruth(dataDir, place.client, { where: `AND NOT (span_s = 60 AND bucket_min < ${START})`, without: [] });
    store.close();

    const dropping = openSqliteStore({ dataDir, retention: { minutesKeptHours: 1 } });
    dropping.flush(traffic(START + 10, 2));
    dropping.endMinutes();
    for (let slice = 0; slice < SLICES; slice++) dropping.maintain((START + DAY_MIN) * MINUTE_MS);
    await shipAll(shipperOf(dataDir, place));
    expect(readProgress(dataDir)!.dropped.minutes).toBeGreaterThan(0);
    const { minutes_kept_from_min: keptFrom, rows_dropped: dropped } = await stateOf(place, dataDir);
    expect(keptFrom).toBe(START + DAY_MIN - 60);
    expect(dropped).toBe(readProgress(dataDir)!.dropped.minutes);
    dropping.close();
  });

  test('a retention that changes while it is shipped to counts from then on', async () => {
    const dataDir = temporaryDirectory();
    const store = openSqliteStore({ dataDir, retention: { minutesKeptHours: 24 * 30 } });
    const shipper = shipperOf(dataDir, place);
    store.flush(traffic(START, 1));
    store.endMinutes();
    await shipAll(shipper, { isEnd: false });
    expect(readProgress(dataDir)!.expired.minutes).toBe(0);
    shipper.keep({ ...place.kept, minutes: 1 });
    store.flush(traffic(START + 1, 1));
    store.endMinutes();
    await shipAll(shipper, { isEnd: false });
    expect(readProgress(dataDir)!.expired.minutes).toBe(7);
    store.close();
  });

  test('a new file of the same instance is added to the old one, never instead of it', async () => {
    const dataDir = temporaryDirectory();
    const fill = async () => {
      const store = openSqliteStore({ dataDir });
      store.flush(flushOf({ fleetMinutes: [{ minute: START, connectionsMax: 5, busyMax: 1 }] }));
      store.endMinutes();
      store.close();
      const shipper = new Shipper({ ...optionsOf(), identity: { ...identity, instance: 'again' } });
      await shipAll(shipper);
    };
    const optionsOf = () => ({
      reader: openReader(dataDir),
      sink: place.client,
      target: 'test',
      kept: place.kept,
      pgwitnessVersion: '1',
    });
    await fill();
    for (const file of ['witness.db', 'witness.db-wal', 'witness.db-shm'])
      rmSync(path.join(dataDir, file), { force: true });
    await fill();
    const sum = "SELECT count() AS rows FROM fleet_rollup FINAL WHERE instance = 'again' AND span_s = 60";
    expect(await place.client.rows(sum)).toEqual([{ rows: 2 }]);
  });

  type Fate = 'stored' | 'refused' | 'answer lost' | 'stored twice' | 'earlier ones again' | 'half';
  const fates = fc.constantFrom<Fate>(
    'stored',
    'stored',
    'refused',
    'answer lost',
    'stored twice',
    'earlier ones again',
    'half',
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), minute: fc.nat(400), seed: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('roll up' as const), minute: fc.nat(500) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ship' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), forgets: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const) }) },
  );

  test('any order of writing, failing, repeating and dying ends in the truth', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 25 }),
        fc.infiniteStream(fates),
        async (steps, fate) => {
          await oneLife(steps, fate, place);
        },
      ),
      { numRuns: process.env.CI ? 12 : 8, endOnFailure: true },
    );
  }, 300_000);

  async function oneLife(
    steps: Iterable<{ do: string; minute?: number; seed?: number; forgets?: boolean }>,
    fate: Iterator<Fate>,
    to: Place,
  ) {
    const dataDir = temporaryDirectory();
    // What is dropped is not compared here: the fleet's store keeps it.
    const store: SqliteStore = openSqliteStore({ dataDir, retention: { minutesKeptHours: 24 * 30 } });
    store.flush(traffic(START, 0));
    const sink = faulty(to.client, fate);
    let shipper = shipperOf(dataDir, to, { sink });
    for (const each of steps) {
      if (each.do === 'write') store.flush(traffic(START + each.minute! * 7, each.seed!));
      else if (each.do === 'roll up') store.maintain((START + each.minute! * 7) * MINUTE_MS);
      else if (each.do === 'end') store.endMinutes();
      else if (each.do === 'ship') await attempt(() => shipAll(shipper, { isEnd: false }));
      else {
        const before = readProgress(dataDir);
        if (each.forgets) rmSync(path.join(dataDir, PROGRESS_FILE), { force: true });
        else if (before !== undefined) writeProgress(dataDir, { ...before, changed: 0 });
        shipper = shipperOf(dataDir, to, { sink });
      }
    }
    store.endMinutes();
    await shipAll(shipperOf(dataDir, to));
    await expectTruth(dataDir, to.client);
    store.close();
  }

  /** Does with each insert what fate says. */
  function faulty(client: FleetClient, fate: Iterator<Fate>): Sink {
    const earlier: Parameters<Sink['insert']>[] = [];
    return {
      async insert(table, columns, rows) {
        const what = fate.next().value as Fate;
        const failure = new StoreError('unreachable', what, { hint: '' });
        if (what === 'refused') throw failure;
        if (what === 'half') {
          await client.insert(table, columns, rows.slice(0, Math.ceil(rows.length / 2)) as FleetValue[][]);
          throw failure;
        }
        await client.insert(table, columns, rows);
        earlier.push([table, columns, rows]);
        if (what === 'stored twice') await client.insert(table, columns, rows);
        if (what === 'earlier ones again') for (const one of earlier.slice(-4).reverse()) await client.insert(...one);
        if (what === 'answer lost') throw failure;
      },
    };
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    await work().catch((error) => {
      if (!(error instanceof StoreError)) throw error;
    });
  }
});
