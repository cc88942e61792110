// Writes what a pool is.
// Invariant: it runs inside the caller's transaction. Not here: what a pool's minutes count (flush-writer.ts).

import type { PoolRow } from '../../../facts/pool.js';
import type { Rows } from '../file/rows.js';
import { integer } from '../tables/rollup-tables.js';
import { evidenceText } from './evidence-text.js';
import { UPSERT_POOL } from './upserts.js';

export function writePool(rows: Rows, pool: PoolRow): void {
  const { identity } = pool;
  rows.run(
    UPSERT_POOL,
    pool.id,
    pool.name,
    identity.owner,
    identity.user,
    identity.database,
    identity.applicationName,
    identity.options,
    identity.clientNetwork,
    pool.clientAddress,
    pool.serverVersion,
    pool.driver,
    JSON.stringify(pool.habits),
    evidenceText(pool.evidence),
    integer(pool.firstSeenMs),
    integer(pool.lastSeenMs),
  );
}
