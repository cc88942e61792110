// Sessions that an earlier observer stored: their time goes on from where that one stopped.

import { expect, test } from 'vitest';
import { MINUTE_MS } from '../../config/values/minute.js';
import type { OpenSessionState } from '../../facts/flush.js';
import { type FailingStore, opened, RELAY, startObserving, statement, T0 } from './observing.js';

const idleMs = ({ taken }: FailingStore): number =>
  taken.flatMap(({ poolMinutes }) => poolMinutes as Array<{ idleMs: number }>).reduce((sum, m) => sum + m.idleMs, 0);

test('idle time of a session is counted once, by one observer or by the next', async () => {
  const first = await startObserving();
  for (const observation of opened(1)) first.observer.observe(RELAY, observation);
  first.observer.observe(RELAY, statement('SELECT 1 FROM book', { sessionId: 1, completedAtMs: T0 + 10 }));
  let stored: OpenSessionState | undefined;
  for (let minute = 0; minute <= 60; minute++) {
    first.observer.flush(T0 + minute * MINUTE_MS);
    for (const state of first.store.taken.at(-1)!.sessionsOpen as OpenSessionState[]) stored = state;
  }
  const stoppedMs = T0 + 60 * MINUTE_MS;
  expect(idleMs(first.store)).toBeCloseTo(stoppedMs - T0, -2);

  const second = await startObserving();
  second.store.sessions = [{ ...stored!, storedMs: stoppedMs }];
  second.observer.relayBegins(RELAY, stoppedMs + 2_000);
  second.observer.flush(stoppedMs + 3_000);
  expect(idleMs(second.store)).toBe(3_000);
});
