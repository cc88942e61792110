// One more measure, declared in the table and given a column, and then followed.
// From the rollup row to SQLite, roll-up, report, merging and JSON.
// Invariant: nothing else is told of it, so this fails where a step lists values by hand.
// Not here: counting it (../rollup/measures.test.ts).

import { describe, expect, it, vi } from 'vitest';
import { mergePools, mergeStatements } from '../../reports/forms/merge.js';
import { poolsFromJson, poolsJson } from '../../reports/forms/pools-json.js';
import { decodeStatementsReport, encodeStatementsReport } from '../../reports/forms/statements-codec.js';
import { decodeTimeline, encodeTimeline, mergeTimelines } from '../../reports/forms/timeline-codec.js';
import { reportPools } from '../../reports/pools.js';
import { reportStatements } from '../../reports/statements.js';
import { reportTimeline } from '../../reports/timeline.js';
import type { SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import {
  DAY_START_MIN,
  FINGERPRINT,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  poolOf,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  transactionsOf,
  verdictOf,
} from './flushes.js';

vi.mock('../../facts/measures.js', async (original) => {
  const module = await original<typeof import('../../facts/measures.js')>();
  const everywhere = { byTag: true, bySource: false, overTime: true };
  return {
    ...module,
    STATEMENT_MEASURES: {
      ...module.STATEMENT_MEASURES,
      lockTotalNs: { unit: 'ns', merge: 'sum', ...everywhere },
      lockMinNs: { unit: 'ns', merge: 'min', byTag: false, bySource: false, overTime: false },
      lockMaxNs: { unit: 'ns', merge: 'max', ...everywhere },
    },
    POOL_MEASURES: {
      ...module.POOL_MEASURES,
      lockedMs: { unit: 'ms', merge: 'sum', acrossSidecars: 'sum' },
      waitingMax: { unit: 'count', merge: 'max', acrossSidecars: 'sum' },
    },
  };
});

vi.mock('../../storage/migrations/migrations.js', async (original) => {
  const { MIGRATIONS } = await original<typeof import('../../storage/migrations/migrations.js')>();
  const columns = `
    ALTER TABLE rollup ADD COLUMN lock_total_ns INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE rollup ADD COLUMN lock_min_ns INTEGER;
    ALTER TABLE rollup ADD COLUMN lock_max_ns INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE tag_rollup ADD COLUMN lock_total_ns INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE tag_rollup ADD COLUMN lock_max_ns INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE pool_rollup ADD COLUMN locked_ms INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE pool_rollup ADD COLUMN waiting_max INTEGER NOT NULL DEFAULT 0;`;
  return { MIGRATIONS: [...MIGRATIONS, columns] };
});

vi.mock('../../storage/sqlite/file/schema-version.js', async (original) => {
  const { SCHEMA_VERSION } = await original<typeof import('../../storage/sqlite/file/schema-version.js')>();
  return { SCHEMA_VERSION: SCHEMA_VERSION + 1 };
});

const locks = (lockTotalNs: number, lockMinNs: number, lockMaxNs: number) => ({ lockTotalNs, lockMinNs, lockMaxNs });

/** Minutes 0, 1 and 2: locks of 10 and 30, none at all, and 7. */
function write(store: SqliteStore): void {
  const values = [locks(40, 10, 30), locks(0, Number.POSITIVE_INFINITY, 0), locks(7, 7, 7)];
  values.forEach((value, n) => {
    const minute = DAY_START_MIN + n;
    store.flush(
      flushOf({
        rollups: [Object.assign(rollupOf({ minute, callsNs: [1_000] }), value)],
        tags: [Object.assign(tagsOf({ route: '/a' }, { minute }), value)],
        statements: [verdictOf()],
        pools: [poolOf('pool-a', 'django:app@shop')],
        poolMinutes: [Object.assign(poolMinuteOf(minute), { lockedMs: 10 + n, waitingMax: 5 - n })],
      }),
    );
  });
}

function poolMinuteOf(minute: number) {
  const connections = { opened: 1, closed: 0, lifetimeTotalMs: 0, connectionsMax: 1, busyMax: 1 };
  const times = { activeMs: 1, idleMs: 1, idleInTransactionMs: 1, ...transactionsOf([1]) };
  return { minute, pool: 'pool-a', ...connections, ...times };
}

function stored(): { dataDir: string; store: SqliteStore } {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  write(store);
  return { dataDir, store };
}

describe('a measure that was added to the table', () => {
  const SUM = locks(47, 7, 30);

  it('is stored, summed up over minutes, and reported', () => {
    const [facts] = reportStatements(openTestReader(stored().dataDir)).statements;
    expect(facts).toMatchObject(SUM);
  });

  it('is the same after minutes were rolled up into hours and days', () => {
    const { dataDir, store } = stored();
    const later = (DAY_START_MIN + 3 * 1440) * MINUTE_MS;
    for (let n = 0; n < 20; n++) store.maintain(later);
    const reader = openTestReader(dataDir);
    expect(reportStatements(reader).statements[0]).toMatchObject(SUM);
    const day = { sinceMs: DAY_START_MIN * MINUTE_MS, untilMs: (DAY_START_MIN + 1440) * MINUTE_MS };
    expect(reportStatements(reader, day).statements[0]).toMatchObject(SUM);
    const counts = reader.readRows((rows) =>
      rows.all<{ n: number }>('SELECT count(*) AS n FROM rollup WHERE span_s = 86400 AND lock_total_ns = 47'),
    );
    expect(counts).toEqual([{ n: 1 }]);
  });

  it('is kept by tag where the table says so', () => {
    const filter = { tags: [['route', '/a']] as const };
    const [facts] = reportStatements(openTestReader(stored().dataDir), { filter }).statements;
    expect(facts).toMatchObject({ lockTotalNs: 47, lockMaxNs: 30, lockMinNs: Number.POSITIVE_INFINITY });
  });

  it('is kept over time where the table says so, and merges', () => {
    const report = reportTimeline(openTestReader(stored().dataDir), { fingerprint: FINGERPRINT });
    const decoded = decodeTimeline(JSON.parse(JSON.stringify(encodeTimeline(report))));
    expect(decoded).toEqual(report);
    const doubled = mergeTimelines([report, decoded]).points;
    expect(doubled).toMatchObject([{ lockTotalNs: 80, lockMaxNs: 30 }, { lockTotalNs: 0 }, { lockTotalNs: 14 }]);
    expect(doubled[0]).not.toHaveProperty('lockMinNs');
  });

  it("travels as JSON and merges with another sidecar's", () => {
    const report = reportStatements(openTestReader(stored().dataDir));
    const travelled = decodeStatementsReport(JSON.parse(JSON.stringify(encodeStatementsReport(report))));
    expect(travelled).toEqual(report);
    expect(mergeStatements([report, travelled]).statements[0]).toMatchObject(locks(94, 7, 30));
  });

  it('of pools goes the same way, and a peak adds up between sidecars', () => {
    const report = reportPools(openTestReader(stored().dataDir));
    expect(report.pools[0]).toMatchObject({ lockedMs: 33, waitingMax: 5 });
    const json = JSON.parse(JSON.stringify(poolsJson(report)));
    expect(json.pools[0]).toMatchObject({ locked_ms: 33, waiting_max: 5 });
    expect(poolsFromJson(json)).toEqual(report);
    expect(mergePools([report, poolsFromJson(json)]).pools[0]).toMatchObject({ lockedMs: 66, waitingMax: 10 });
  });
});
