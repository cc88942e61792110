// Two services of a made-up fleet, each in the data directory of its sidecar, and shipping them.
// Invariant: the shipper itself ships, to its end. Not here: the rows of the shop (scripts/lib/made-up-shop.mjs).

import type { Identity } from '../../facts/fleet/identity.js';
import { Shipper } from '../../observer/shipping/shipper.js';
import { writeShop } from '../../scripts/lib/made-up-shop.mjs';
import type { StoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { keptDays } from '../../storage/clickhouse/connection/prepare.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { entryOf, flushOf, poolOf, rollupOf, tagsOf, verdictOf } from '../storage/flushes.js';

export const HOUR_MS = 3_600_000;
const SHOP = { service: 'shop', environment: 'staging', instance: 'shop-1' };
const BILLING = { service: 'billing', environment: 'staging', instance: 'billing-1' };

/** Two hours up to now, and two of three days before. */
export async function fillShop(dataDir: string, nowMs: number): Promise<void> {
  await writeShop(dataDir, { nowMs: nowMs - 72 * HOUR_MS });
  await writeShop(dataDir, { nowMs });
  end(dataDir, { identity: SHOP, nowMs });
}

/** Other statements, with errors and tags. */
export function fillBilling(dataDir: string, nowMs: number): void {
  const store = openSqliteStore({ dataDir });
  const minute = nowMs / 60_000 - 200;
  const statements = Array.from({ length: 30 }, (_, n) => n.toString(16).padStart(16, 'b'));
  for (let step = 0; step < 180; step += 20) {
    const rollups = statements.map((fingerprint, n) =>
      rollupOf({
        minute: minute + step,
        fingerprint,
        callsNs: [1e6 * (n + step + 1), 3e6],
        errors: n % 4 === 0 ? ['57014', '23505'] : [],
        rows: n,
        pool: 'pool-b',
      }),
    );
    store.flush(
      flushOf({
        atMs: (minute + step) * 60_000,
        rollups,
        catalogue: statements.map((fingerprint) => entryOf({ fingerprint, query: `SELECT ${fingerprint}` })),
        statements: statements.map((fingerprint) => verdictOf({ fingerprint, calls: 2, errors: 1 })),
        tags: statements.map((fingerprint, n) =>
          tagsOf({ route: `/r${n % 3}/` }, { minute: minute + step, fingerprint }),
        ),
        pools: [poolOf('pool-b', 'billing:web')],
      }),
    );
  }
  store.close();
  end(dataDir, { identity: BILLING, nowMs });
}

function end(dataDir: string, { identity, nowMs }: { identity: typeof SHOP; nowMs: number }): void {
  const store = openSqliteStore({ dataDir });
  store.flush(flushOf({ atMs: nowMs, settings: [['identity', JSON.stringify(identity)]] }));
  store.maintain(nowMs);
  store.endMinutes();
  store.close();
}

export async function shipBoth(
  { shop, billing }: { shop: string; billing: string },
  { address, nowMs }: { address: StoreAddress; nowMs: number },
): Promise<void> {
  await shipDirectory(shop, { identity: SHOP, address, nowMs });
  await shipDirectory(billing, { identity: BILLING, address, nowMs });
}

/** To its end. */
export async function shipDirectory(
  dataDir: string,
  { identity, address, nowMs }: { identity: Identity; address: StoreAddress; nowMs: number },
): Promise<void> {
  const client = new FleetClient(address);
  const reader = openReader(dataDir);
  const kept = await keptDays(client);
  const shipper = new Shipper({
    reader,
    sink: client,
    identity,
    target: address.database,
    kept,
    pgwitnessVersion: '1',
  });
  while ((await shipper.sendOthers(nowMs)).more);
  while ((await shipper.sendBuckets(nowMs, { isEnd: true })).more);
  reader.close();
  await client.close();
}
