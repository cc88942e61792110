// A small store as an application would have left it.
// Slow raw SQL, ORM and Core queries, housekeeping, two pools, a loss.

import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import {
  DAY_START_MIN,
  entryOf,
  flushOf,
  MINUTE_MS,
  poolOf,
  rollupOf,
  tagsOf,
  transactionsOf,
  verdictOf,
} from '../storage/flushes.js';

export const RAW = 'aaaa000000000001';
export const RAW_TWIN = 'aaaa000000000002';
export const ORM = 'bbbb000000000001';
export const TEXT = 'cccc000000000001';
export const BEGIN = 'dddd000000000001';
export const SINCE_MS = DAY_START_MIN * MINUTE_MS;

const MS = 1_000_000;

const STATEMENTS = [
  {
    fingerprint: RAW,
    source: 'raw',
    construct: 'cursor',
    query: 'SELECT pg_sleep($1)\n  FROM shop_order',
    summary: 'SELECT shop_order',
    command: 'SELECT',
  },
  {
    fingerprint: RAW_TWIN,
    source: 'raw',
    construct: 'cursor',
    query: 'DELETE FROM cart \u001b[31m',
    summary: 'DELETE cart',
    command: 'DELETE',
  },
  {
    fingerprint: ORM,
    source: 'django-orm',
    construct: 'queryset',
    query: 'SELECT "shop_book"."id" FROM "shop_book"',
    summary: 'SELECT shop_book',
    command: 'SELECT',
  },
  {
    fingerprint: TEXT,
    source: 'sqlalchemy',
    construct: 'text',
    query: 'SELECT 1 FROM stock',
    summary: 'SELECT stock',
    command: 'SELECT',
  },
  { fingerprint: BEGIN, source: 'housekeeping', construct: '', query: 'BEGIN', summary: 'BEGIN', command: 'BEGIN' },
] as const;

/** Writes the sample into `dataDir`, all in the minute that starts at SINCE_MS. */
export function writeSampleStore(dataDir: string): void {
  const store = openSqliteStore({ dataDir });
  store.flush(
    flushOf({
      atMs: SINCE_MS + 30_000,
      relays: [{ relayId: 'relay-1', lastSequence: 7, ended: false }],
      rollups: [
        rollupOf({ fingerprint: RAW, callsNs: [40 * MS, 50 * MS, 60 * MS], errors: ['57014'], rows: 6 }),
        rollupOf({ fingerprint: RAW_TWIN, callsNs: [1 * MS] }),
        rollupOf({
          fingerprint: ORM,
          source: 'django-orm',
          construct: 'queryset',
          callsNs: [2 * MS, 2 * MS],
          batchedNs: [MS],
          confidence: 'certain',
        }),
        rollupOf({ fingerprint: TEXT, source: 'sqlalchemy', construct: 'text', callsNs: [3 * MS], pool: 'pool-b' }),
        rollupOf({ fingerprint: BEGIN, source: 'housekeeping', construct: '', callsNs: [1_000, 1_000, 1_000, 1_000] }),
      ],
      catalogue: STATEMENTS.map((statement) => entryOf({ ...statement, keyHash: statement.fingerprint })),
      statements: STATEMENTS.map(({ fingerprint, source, construct }) =>
        verdictOf({ fingerprint, source, construct, confidence: source === 'django-orm' ? 'certain' : 'strong' }),
      ),
      tags: [tagsOf({ route: '/books/' }, { fingerprint: ORM, source: 'django-orm' })],
      pools: [poolOf('pool-a', 'django:app@shop'), poolOf('pool-b', 'sqlalchemy:app@shop')],
      poolMinutes: ['pool-a', 'pool-b'].map((pool) => ({
        minute: DAY_START_MIN,
        pool,
        opened: 5,
        closed: 2,
        lifetimeTotalMs: 3_000,
        connectionsMax: 4,
        busyMax: 2,
        activeMs: 1_000,
        idleMs: 8_000,
        idleInTransactionMs: 1_000,
        ...transactionsOf([100, 100, 100]),
      })),
      fleetMinutes: [{ minute: DAY_START_MIN, connectionsMax: 8, busyMax: 3 }],
      losses: [{ counterId: 'relay-1', minute: DAY_START_MIN, reason: 'queue_full', count: 2 }],
    }),
  );
  store.close();
}

/** A store into which nothing was ever flushed. */
export function writeEmptyStore(dataDir: string): void {
  openSqliteStore({ dataDir }).close();
}
