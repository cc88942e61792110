// 78: a store that does not store is seen, in metrics and in the note that outlives the process.
// Not here: the metrics' own lines (test/metrics), reports over such a store (test/storage/gaps.test.ts).

import { describe, expect, test } from 'vitest';
import { opened, RELAY, startObserving, statement, T0 } from './observing.js';

async function failing() {
  const observing = await startObserving();
  const { observer, store } = observing;
  for (const observation of opened(1)) observer.observe(RELAY, observation);
  observer.batchTaken(RELAY, 1);
  observer.flush(T0);
  observer.observe(RELAY, statement('SELECT 1 FROM book', { sessionId: 1, completedAtMs: T0 + 10 }));
  observer.observe(RELAY, { kind: 'session-closed', sessionId: 1, closedAtMs: T0 + 20, by: 'client' });
  store.failures = 2;
  return observing;
}

test('78: each refused flush is counted by its code, and what waits is said', async () => {
  const { observer, store } = await failing();
  expect(store.health).toMatchObject({ failing: false, storedMs: T0, unstoredExecutions: 0 });
  observer.flush(T0 + 1_000);
  observer.flush(T0 + 2_000);
  expect(store.health).toMatchObject({ failing: true, storedMs: T0, unstoredExecutions: 1 });
  expect(Object.fromEntries(store.health!.failures)).toMatchObject({ full: 2, io: 0 });
});

test('78: a note says since when, and is taken back when storing works again', async () => {
  const { observer, store } = await failing();
  observer.flush(T0 + 1_000);
  expect(store.noted).toEqual({ fromMs: T0 });
  observer.flush(T0 + 2_000);
  expect(observer.flush(T0 + 3_000)).toBe(true);
  expect(store.noted).toBeUndefined();
  expect(store.health).toMatchObject({ failing: false, storedMs: T0 + 3_000, unstoredExecutions: 0 });
});

test('78: the note of the start stands until a relay told what it lost before', async () => {
  const { observer, store } = await startObserving();
  observer.flush(T0);
  expect(store.noted).toBeDefined();
  observer.batchTaken(RELAY, 1);
  observer.flush(T0 + 1_000);
  expect(store.noted).toBeUndefined();
  const { observer: unheard, store: another } = await startObserving();
  expect(unheard.lastFlush(T0, { linksWereClosed: false })).toBe(true);
  expect(another.noted).toBeUndefined();
});

test('78: an end with counts that are not stored leaves their number', async () => {
  const { observer, store } = await failing();
  expect(observer.lastFlush(T0 + 1_000, { linksWereClosed: false })).toBe(false);
  expect(store.noted).toEqual({ fromMs: T0, untilMs: T0 + 1_000, executions: 1 });
});

test('82: rows that the database refused are counted, and what is stored beside them is acknowledged', async () => {
  const { observer, store, acknowledged } = await failing();
  store.failures = 0;
  store.refused = { rows: 2, executions: 5, reason: 'no such column' };
  observer.batchTaken(RELAY, 3);
  expect(observer.flush(T0 + 1_000)).toBe(true);
  expect(acknowledged.at(-1)).toBe(3);
  expect(store.health).toMatchObject({ failing: false, unstoredExecutions: 0 });
  expect(Object.fromEntries(store.health!.failures)).toMatchObject({ refused: 1, full: 0 });
  expect(store.notObserved).toEqual({ store_refused: 5 });
});

test('82: upkeep that fails is counted by its code, and flushes go on', async () => {
  const { observer, store } = await failing();
  store.failures = 0;
  observer.flush(T0 + 1_000);
  store.upkeepFailures = 1;
  expect(observer.flush(T0 + 7_000)).toBe(true);
  observer.turn(T0 + 7_000);
  expect(observer.flush(T0 + 14_000)).toBe(true);
  expect(Object.fromEntries(store.health!.upkeepFailures)).toMatchObject({ io: 1, refused: 0 });
  expect(store.health).toMatchObject({ failing: false, storedMs: T0 + 14_000 });
});

test('the journal is written out also where flushes are as frequent as turns', async () => {
  const { observer, store } = await startObserving();
  for (let turn = 0; turn < 8; turn++) {
    observer.flush(T0 + 50 * turn);
    observer.turn(T0 + 50 * turn);
  }
  expect(store.turnsOfJournal).toBe(4);
});

test('upkeep that is behind goes on before the next flush, and the journal has every second turn', async () => {
  const { observer, store } = await startObserving();
  observer.flush(T0);
  const turnsOf = () => {
    const [upkeep, journal] = [store.turnsOfUpkeep, store.turnsOfJournal];
    for (let turn = 0; turn < 8; turn++) observer.turn(T0 + 125 * turn);
    return [store.turnsOfUpkeep - upkeep, store.turnsOfJournal - journal];
  };
  store.isBehind = true;
  expect(turnsOf()).toEqual([4, 4]);
  store.isBehind = false;
  expect(turnsOf()[0]).toBe(1);
  expect(turnsOf()[0]).toBe(0);
});

test.each([1, 5, 60])('upkeep that is behind has every second turn where a flush comes each %i s', async (seconds) => {
  const { observer, store } = await startObserving();
  const flushesAndTurns = (fromS: number) => {
    const before = store.turnsOfUpkeep;
    for (let turn = 0; turn < 8 * 120; turn++) {
      const nowMs = T0 + fromS * 1_000 + 125 * turn;
      if (turn % (8 * seconds) === 0) observer.flush(nowMs);
      observer.turn(nowMs);
    }
    return store.turnsOfUpkeep - before;
  };
  store.isBehind = true;
  expect(flushesAndTurns(0)).toBe(4 * 120);
  store.isBehind = false;
  // One finds that nothing is left.
  expect(flushesAndTurns(120)).toBeLessThanOrEqual(120 / seconds + 1);
});

describe('when many rows wait', () => {
  async function many(count: number) {
    const observing = await startObserving();
    const { observer } = observing;
    for (const observation of opened(1)) observer.observe(RELAY, observation);
    observer.batchTaken(RELAY, 1);
    observer.flush(T0);
    send(observing, count);
    return observing;
  }

  function send({ observer }: Awaited<ReturnType<typeof startObserving>>, count: number): void {
    // A session is settled once it is closed.
    for (let n = 0; n < count; n++)
      observer.observe(RELAY, statement(`SELECT 1 FROM ${letters(n)}`, { sessionId: 1, completedAtMs: T0 + 10 }));
    observer.observe(RELAY, { kind: 'session-closed', sessionId: 1, closedAtMs: T0 + 20, by: 'client' });
    observer.batchTaken(RELAY, 2);
  }

  test('a turn stores and acknowledges them, before the flush', async () => {
    const { observer, store, acknowledged } = await many(3_000);
    observer.turn(T0 + 125);
    expect(store.taken.at(-1)!.rollups).toHaveLength(3_000);
    expect(acknowledged.at(-1)).toBe(2);
  });

  test('fewer wait for the flush', async () => {
    const { observer, store } = await many(100);
    observer.turn(T0 + 125);
    expect(store.taken).toHaveLength(1);
  });

  test('what the store refused waits for the flush', async () => {
    const { observer, store } = await many(3_000);
    store.failures = 1;
    observer.turn(T0 + 125);
    observer.turn(T0 + 250);
    expect(store.given).toHaveLength(2);
    observer.flush(T0 + 1_000);
    expect(store.taken.at(-1)!.rollups).toHaveLength(3_000);
  });
});

/** A name that no literal is folded in. */
function letters(number: number): string {
  return [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
}
