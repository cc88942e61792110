// 78: a store that does not store is seen, in metrics and in the note that outlives the process.
// Not here: the metrics' own lines (test/metrics), reports over such a store (test/storage/gaps.test.ts).

import { expect, test } from 'vitest';
import { opened, RELAY, startObserving, statement, T0 } from './observing.js';

async function failing() {
  const observing = await startObserving();
  const { observer, store } = observing;
  for (const observation of opened(1)) observer.observe(RELAY, observation);
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

test('78: an end with counts that are not stored leaves their number', async () => {
  const { observer, store } = await failing();
  expect(observer.lastFlush(T0 + 1_000, { linksWereClosed: false })).toBe(false);
  expect(store.noted).toEqual({ fromMs: T0, untilMs: T0 + 1_000, executions: 1 });
});
