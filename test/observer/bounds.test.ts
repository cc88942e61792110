// Bounds of the observer's memory that other tests do not reach: what goes beyond is counted.
// Not here: the list of all bounds (docs/LIMITS.md).

import { expect, test } from 'vitest';
import { Findings } from '../../analyzer/findings/findings.js';
import { limits } from '../../config/limits.js';
import { Playing } from '../work/playing.js';
import { opened, RELAY, startObserving, statement, T0 } from './observing.js';

const ddl = (n: number) => ({
  atMs: T0,
  fingerprint: `f${n}`,
  source: 'raw',
  summary: `CREATE TABLE t${n}`,
  query: '',
});

test('so many marks wait for a flush, and so many versions are told apart; the rest is counted', async () => {
  const { observer, pipeline, store } = await startObserving();
  observer.relayBegins(RELAY, T0);
  for (let n = 0; n < 1_003; n++) pipeline.marks.noteDdl('CREATE TABLE', ddl(n));
  observer.flush(T0);
  expect(store.taken.at(-1)?.marks).toHaveLength(1_000);
  for (let n = 0; n < 1_004; n++) pipeline.marks.noteTags([['app_version', `v${n}`]], T0);
  observer.flush(T0 + 1_000);
  expect(store.taken.at(-1)?.marks).toHaveLength(1_000);
  expect(store.taken.at(-1)?.counters).toContainEqual(['marksDroppedTotal', 7]);
});

test('too many executions wait for a verdict: the oldest session gets its own early, and each is stored', async () => {
  const { observer, store } = await startObserving();
  observer.relayBegins(RELAY, T0);
  const sessions = Math.ceil(limits.unsettledRowsMax / (limits.settlingStatementsMax - 1)) + 2;
  let sent = 0;
  for (let sessionId = 1; sessionId <= sessions; sessionId++) {
    for (const observation of opened(sessionId)) observer.observe(RELAY, observation);
    for (let n = 1; n < limits.settlingStatementsMax; n++, sent++)
      observer.observe(RELAY, statement('select a', { sessionId, completedAtMs: T0 }));
  }
  for (let sessionId = 1; sessionId <= sessions; sessionId++)
    observer.observe(RELAY, { kind: 'session-closed', sessionId, closedAtMs: T0 + 1_000, by: 'client' });
  observer.flush(T0 + 5_000);
  const counters = new Map(store.taken.at(-1)?.counters as Iterable<[string, number]>);
  expect(counters.get('settledEarlyTotal')).toBeGreaterThan(0);
  const executions = store.taken
    .flatMap(({ rollups }) => rollups as ReadonlyArray<Record<string, number>>)
    .reduce((sum, row) => sum + row.callsCertain + row.callsStrong + row.callsWeak + row.callsNone, 0);
  expect(executions).toBe(sent);
}, 60_000);

test('so many findings wait for a flush; further occurrences are counted', () => {
  const findings = new Findings();
  const playing = new Playing();
  const sent = limits.findingsMax + 4;
  for (let n = 0; n < sent; n++) {
    for (let at = 0; at < 20; at++)
      playing.send({ sql: `SELECT ${n}`, at: n * 40 + at, requestId: `r${n}`, tags: { route: `/${n}` } });
  }
  playing.pass(3_000);
  for (const unit of playing.ended) {
    const statements = unit.statements.map((each, n) => ({ ...each, parameterHash: n + 1, parameterCount: 1 }));
    findings.unitEnded({ ...unit, statements });
  }
  expect([...findings.pending()]).toHaveLength(limits.findingsMax);
  expect(findings.droppedTotal).toBe(4);
});
