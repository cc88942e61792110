// Everything that waits for a flush, before a store that fails or begins anew.
// Invariant: what was refused is given again whole; what was stored is not given again.

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { emptyFlush } from '../../facts/flush.js';
import type { StatementLost } from '../../proxy/stream/observation.js';
import { TEXT_READINGS, USUAL_READING } from '../../proxy/stream/text-reading.js';
import { PRODUCT, textOf } from '../tidy/sources.js';
import { type FlushedParts, type Observing, opened, RELAY, startObserving, statement, T0 } from './observing.js';

/** Holders that fill no part of a flush by themselves have no place in the product. */
test('every class that waits for a flush fills a part of it', async () => {
  const { observer } = await startObserving();
  const filling = new Set(Object.values(observer.parts.holders).map((holder) => holder.constructor.name));
  const declared = PRODUCT.flatMap((file) =>
    [...textOf(file).matchAll(/^(?:export )?class (\w+)[^{]*\bimplements\b[^{]*\bPending</gm)].map(([, name]) => name),
  );
  expect(declared.length).toBeGreaterThan(10);
  // Where no server was named, what it would tell is left out; here lists of the test stand in their place.
  expect(declared.filter((name) => !filling.has(name))).toEqual(['BypassSampler', 'PlanCollector']);
});

test('a flush has every part that a flush can have', async () => {
  const { observer } = await startObserving();
  expect(Object.keys(observer.parts.flushAt(T0)).sort()).toEqual(Object.keys(emptyFlush()).sort());
});

/** Puts something into every part. Returns the moment after it. */
function fillEveryPart({ observer, plans, bypass }: Observing): number {
  const observe = (observation: Parameters<typeof observer.observe>[1]) => observer.observe(RELAY, observation);
  for (const sessionId of [1, 2, 3]) for (const observation of opened(sessionId)) observe(observation);
  const at = { sessionId: 1, completedAtMs: T0 + 10 };
  for (let i = 0; i < limits.settlingStatementsMax + 6; i++) observe(statement(`SELECT ${i} FROM book`, at));
  observe(statement("SELECT * FROM shelf WHERE id = 7 /*route='%2Fshelves'*/", { ...at, serviceNs: 30_000_000 }));
  observe(statement('SELECT * FROM nowhere', { ...at, completions: [], sqlstate: '42P01' }));
  const ddl = [{ command: 'CREATE TABLE', rows: 0 }];
  observe(statement('CREATE TABLE shelf (id int)', { ...at, completions: ddl }));
  // A request that is over, and may go on by its id.
  observe(statement("SELECT 1 FROM book /*request_id='r1'*/", { sessionId: 2, completedAtMs: T0 - 1_500 }));
  observe({ kind: 'session-closed', sessionId: 2, closedAtMs: T0 + 20, by: 'client' });
  // A connection for one request: with it the request is over.
  // It repeats a read with other parameters each time, which is a finding.
  const repeated = { protocol: 'extended', parameterCount: 1 } as const;
  for (let parameterHash = 1; parameterHash <= 6; parameterHash++) {
    const of = { sessionId: 3, completedAtMs: T0 + 10, parameterHash };
    observe(statement('SELECT title FROM book WHERE id = $1', { ...repeated, ...of }));
  }
  observe({ kind: 'session-closed', sessionId: 3, closedAtMs: T0 + 20, by: 'client' });
  observe({ kind: 'loss', minute: Math.floor(T0 / 60_000), reason: 'queue_full', count: 3 });
  const lost = { minute: Math.floor(T0 / 60_000), reason: 'connection_closed' } as const;
  observe({ kind: 'loss', ...lost, count: 1 });
  observe({ ...textOfLost('SELECT COUNT(*) AS "__count" FROM "book"'), ...lost });
  observer.relayDied('another-relay', T0);
  plans.push({ fingerprint: 'f', atMs: T0, serverVersion: '17.0', plan: 'Seq Scan', problem: '' });
  bypass.push({ minute: Math.floor(T0 / 60_000), connections: 0, clients: [], reason: '' });
  observer.batchTaken(RELAY, 5);
  return T0 + 1_000;
}

function textOfLost(sql: string): Omit<StatementLost, 'minute' | 'reason'> {
  const reading = TEXT_READINGS[USUAL_READING];
  return { kind: 'statement-lost', sessionId: 1, text: Buffer.from(sql), textMissingBytes: 0, textId: 0, reading };
}

const last = <T>(list: readonly T[]): T => list[list.length - 1];
/** Parts whose rows are totals or whole states: a flush may give them again, and nothing changes by it. */
const REPEATABLE: ReadonlySet<string> = new Set(['counters', 'relays', 'pools', 'poolMinutes', 'fleetMinutes']);

describe('a store that fails once', () => {
  async function flushedTwice() {
    const observing = await startObserving();
    const nowMs = fillEveryPart(observing);
    observing.store.failures = 1;
    expect(observing.observer.flush(nowMs)).toBe(false);
    const acknowledgedBefore = [...observing.acknowledged];
    expect(observing.observer.flush(nowMs)).toBe(true);
    return { ...observing, nowMs, acknowledgedBefore };
  }

  test.each(Object.keys(emptyFlush()).filter((part) => part !== 'atMs'))('%s: the same again', async (part) => {
    const { store } = await flushedTwice();
    const [refused, taken] = store.given;
    expect(refused[part].length).toBeGreaterThan(0);
    expect(taken[part]).toEqual(refused[part]);
  });

  test('nothing is given a second time once it is stored', async () => {
    const { observer, store, nowMs } = await flushedTwice();
    observer.flush(nowMs);
    const again = Object.entries(last(store.taken)).filter(([part, rows]) => !REPEATABLE.has(part) && rows.length > 0);
    expect(again).toEqual([]);
    // Minutes of pools are given again only for their peaks: nothing more is counted.
    for (const minute of last(store.taken).poolMinutes as Array<Record<string, number>>)
      expect([minute.opened, minute.closed, minute.activeMs, minute.transactions]).toEqual([0, 0, 0, 0]);
  });

  test('a batch is acknowledged when it is stored, not before', async () => {
    const { acknowledged, acknowledgedBefore } = await flushedTwice();
    expect(acknowledgedBefore).toEqual([]);
    expect(acknowledged).toEqual([5]);
  });

  test('what comes between the two is in the second', async () => {
    const observing = await startObserving();
    const { observer, store } = observing;
    const nowMs = fillEveryPart(observing);
    store.failures = 1;
    observer.flush(nowMs);
    observer.observe(RELAY, statement('SELECT 1 FROM book', { sessionId: 1, completedAtMs: T0 + 50 }));
    observer.flush(nowMs);
    const [refused, taken] = store.given.map(executionsOf);
    expect(taken).toBe(refused + 1);
  });
});

function executionsOf(parts: FlushedParts): number {
  const rows = parts.rollups as Array<Record<string, number>>;
  return rows.reduce((sum, row) => {
    const calls = row.callsCertain + row.callsStrong + row.callsWeak + row.callsNone;
    return sum + calls + row.errors;
  }, 0);
}

describe('a store that began anew', () => {
  const AGAIN = ['catalogue', 'pools', 'sessionsOpen', 'losses'];

  test.each(['between two flushes', 'within a flush that it then refuses', 'within a flush that it takes'])(
    '%s: gets what it was given only once before',
    async (when) => {
      const observing = await startObserving();
      const { observer, store } = observing;
      const nowMs = fillEveryPart(observing);
      observer.flush(nowMs);
      const first = last(store.taken);
      observer.observe(RELAY, statement('SELECT 1 FROM book', { sessionId: 1, completedAtMs: T0 + 50 }));
      if (when === 'between two flushes') observer.storeBeganAnew();
      else {
        store.within = () => observer.storeBeganAnew();
        if (when.endsWith('refuses')) store.failures = 1;
        observer.flush(nowMs);
      }
      if (when.endsWith('takes'))
        observer.observe(RELAY, statement('SELECT 2 FROM book', { sessionId: 1, completedAtMs: T0 + 60 }));
      observer.flush(nowMs);
      const again = last(store.taken);
      for (const part of AGAIN) expect([part, again[part].length]).not.toEqual([part, 0]);
      expect(again.losses).toEqual(first.losses);
      expect((again.pools as Array<{ id: string }>).map(({ id }) => id)).toEqual(
        (first.pools as Array<{ id: string }>).map(({ id }) => id),
      );
      expect((again.sessionsOpen as Array<{ sessionId: number }>).map(({ sessionId }) => sessionId)).toEqual([1]);
      expectTexts(again);
    },
  );

  /** Each count has its text in the same flush, because an empty store has none. */
  function expectTexts({ rollups, catalogue }: FlushedParts): void {
    const texts = new Set((catalogue as Array<{ fingerprint: string }>).map(({ fingerprint }) => fingerprint));
    const counted = (rollups as Array<{ key: { fingerprint: string } }>).map(({ key }) => key.fingerprint);
    expect(counted.filter((fingerprint) => !texts.has(fingerprint))).toEqual([]);
    expect(counted.length).toBeGreaterThan(0);
  }
});
