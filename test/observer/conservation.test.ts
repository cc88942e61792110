// Conservation, whatever fails when: each execution is counted once or waits.
// Each session is open or closed, in the store as here.
// Invariant: the same seed gives the same run.

import { expect, test } from 'vitest';
import type { FlushedParts } from './observing.js';
import { opened, RELAY, startObserving, statement, T0 } from './observing.js';

/** Numbers from 0 up to `below`, the same for the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Stored {
  executions: number;
  statements: number;
  opened: number;
  closed: number;
  open: Set<number>;
  texts: Set<string>;
}

interface Rows {
  rollups: Array<
    Record<'callsCertain' | 'callsStrong' | 'callsWeak' | 'callsNone' | 'errors', number> & {
      key: { fingerprint: string };
    }
  >;
  statements: Array<{ calls: number; errors: number }>;
  poolMinutes: Array<{ opened: number; closed: number }>;
  sessionsOpen: Array<{ sessionId: number }>;
  sessionsClosed: Array<{ sessionId: number }>;
  catalogue: Array<{ fingerprint: string }>;
}

function store(stored: Stored, parts: FlushedParts): void {
  const { rollups, statements, poolMinutes, sessionsOpen, sessionsClosed, catalogue } = parts as unknown as Rows;
  for (const { fingerprint } of catalogue) stored.texts.add(fingerprint);
  for (const row of rollups) {
    stored.executions += row.callsCertain + row.callsStrong + row.callsWeak + row.callsNone + row.errors;
    expect(stored.texts).toContain(row.key.fingerprint);
  }
  for (const delta of statements) stored.statements += delta.calls + delta.errors;
  for (const minute of poolMinutes) {
    stored.opened += minute.opened;
    stored.closed += minute.closed;
  }
  for (const { sessionId } of sessionsOpen) stored.open.add(sessionId);
  for (const { sessionId } of sessionsClosed) stored.open.delete(sessionId);
}

test.each(Array.from({ length: 20 }, (_, i) => i + 1))('seed %i', async (seed) => {
  const roll = dice(seed);
  const { observer, pipeline, store: failing } = await startObserving();
  const stored: Stored = { executions: 0, statements: 0, opened: 0, closed: 0, open: new Set(), texts: new Set() };
  const open = new Set<number>();
  let nowMs = T0;
  let sessions = 0;
  let executions = 0;
  let failures = 0;
  const flush = () => {
    if (roll(3) === 0) failing.failures = 1;
    if (observer.flush(nowMs)) store(stored, failing.taken[failing.taken.length - 1]);
    else failures++;
    let waiting = 0;
    for (const session of pipeline.sessions.all()) waiting += session.waiting.length;
    const rows = pipeline.counting.rollups.pending();
    const unstored = rows.reduce((sum, row) => sum + row.calls + row.errors, 0);
    expect(stored.executions + unstored + waiting).toBe(executions);
    expect(stored.statements).toBe(stored.executions);
  };
  for (let step = 0; step < 300; step++) {
    nowMs += roll(500);
    const event = roll(20);
    if (event === 0 || open.size === 0) {
      sessions++;
      open.add(sessions);
      for (const observation of opened(sessions, nowMs)) observer.observe(RELAY, observation);
    } else if (event === 1) {
      const [sessionId] = open;
      open.delete(sessionId);
      observer.observe(RELAY, { kind: 'session-closed', sessionId, closedAtMs: nowMs, by: 'client' });
    } else if (event === 2) flush();
    else {
      const sessionId = [...open][roll(open.size)];
      const failed = roll(5) === 0 ? { completions: [], sqlstate: '23505' } : {};
      observer.observe(RELAY, statement(`SELECT * FROM t${roll(9)}`, { sessionId, completedAtMs: nowMs, ...failed }));
      executions++;
    }
  }
  for (const sessionId of open)
    observer.observe(RELAY, { kind: 'session-closed', sessionId, closedAtMs: nowMs, by: 'client' });
  failing.failures = 0;
  while (!observer.flush(nowMs)) failures++;
  store(stored, failing.taken[failing.taken.length - 1]);
  expect(stored).toMatchObject({ executions, statements: executions, opened: sessions, closed: sessions });
  expect(stored.open).toEqual(new Set());
  expect(failures).toBeGreaterThan(0);
});
