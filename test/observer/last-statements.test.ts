// Sessions whose statements come in turn: each has its own last one, and its own units.
// Once a session has settled, one object serves for all its executions.

import { expect, test } from 'vitest';
import { activityOf } from '../../analyzer/activity.js';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { Judge } from '../../analyzer/judge.js';
import { Tail } from '../../analyzer/notable/tail.js';
import { opened, RELAY, startObserving, statement, T0 } from './observing.js';

const STATEMENTS = 100;
const SESSIONS = [1, 2, 3];

test('settled sessions in transactions wait with their own last statement', async () => {
  const tail = new Tail();
  const { observer, pipeline } = await startObserving({ tail });
  tail.batchAfter(0, T0);
  for (const session of SESSIONS) for (const one of opened(session)) observer.observe(RELAY, one);
  let atMs = T0;
  for (let n = 0; n < STATEMENTS; n++) {
    for (const sessionId of SESSIONS) {
      atMs += 1;
      const route = `/*route='r${sessionId}',request_id='q${sessionId}'*/`;
      const inside = { transactionBefore: n === 0 ? 'I' : 'T', transactionAfter: 'T' } as const;
      const sql = `SELECT ${'x'.repeat(sessionId)} FROM book ${route}`;
      observer.observe(RELAY, statement(sql, { sessionId, completedAtMs: atMs, ...inside }));
    }
    observer.flush(atMs);
  }
  expect([...pipeline.sessions.all()].map(({ settled }) => settled)).toEqual([true, true, true]);
  const judge = new Judge({ rules: new UserRules([]), networkOf: () => '' });
  const { sessions } = activityOf(pipeline.sessions.all(), { judge, nowMs: atMs + 5_000 });
  expect(new Set(sessions.map(({ route }) => route))).toEqual(new Set(['r1', 'r2', 'r3']));
  expect(new Set(sessions.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  for (const { route, request } of sessions) expect(request).toBe(route.replace('r', 'q'));

  const { executions } = tail.batchAfter(1, atMs);
  const units = new Map<string, Set<string>>();
  for (const { request, unit } of executions) units.set(request, (units.get(request) ?? new Set()).add(unit));
  expect([...units.keys()].sort()).toEqual(['q1', 'q2', 'q3']);
  expect([...units.values()].map((names) => names.size)).toEqual([1, 1, 1]);
  expect(new Set([...units.values()].flatMap((names) => [...names])).size).toBe(3);
});
