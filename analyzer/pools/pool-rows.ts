// The pools that a flush stores: those that changed, and those in use, whose last moment moves on.
// Invariant: a row holds the whole pool, so storing it twice changes nothing. Not here: counts (pool-minutes.ts).

import type { Pending } from '../../facts/pending.js';
import type { PoolRow } from '../../facts/pool.js';
import type { Pool } from './pool.js';

export class PoolRows implements Pending<PoolRow> {
  readonly #pools: ReadonlyMap<string, Pool>;

  constructor(pools: ReadonlyMap<string, Pool>) {
    this.#pools = pools;
  }

  *pending(): Iterable<PoolRow> {
    for (const pool of this.#pools.values()) if (pool.changed || pool.members.size > 0) yield rowOf(pool);
  }

  stored(): void {
    for (const pool of this.#pools.values()) pool.changed = false;
  }

  storeAgain(): void {
    for (const pool of this.#pools.values()) pool.changed = true;
  }
}

function rowOf(pool: Pool): PoolRow {
  return {
    id: pool.id,
    name: pool.name,
    identity: pool.identity,
    firstSeenMs: pool.firstSeenMs,
    lastSeenMs: pool.lastSeenMs,
    clientAddress: pool.clientAddress,
    serverVersion: pool.serverVersion,
    driver: pool.driver,
    habits: pool.habits.words(),
    evidence: pool.evidence,
  };
}
