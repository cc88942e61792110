// Pools against what they use, over days of a test's clock: the fault, and its clean twins.
// Not here: statements over time (over-time.test.ts), what is busy in a minute (../pools/pools.test.ts).

import { expect, test } from 'vitest';
import { Findings } from '../../analyzer/findings/findings.js';
import type { FindingDelta } from '../../facts/finding.js';
import { newPoolMinute } from '../../facts/pool-minute.js';
import { emptyStatement } from '../../proxy/stream/observation.js';
import { type Observing, opened, RELAY, startObserving, statement } from '../observer/observing.js';

const MINUTE_MS = 60_000;
const SLOT_MIN = 360;
const FIRST_MIN = Math.ceil(1_800_000_000_000 / MINUTE_MS / SLOT_MIN) * SLOT_MIN;

/** A pool over so many hours: what it holds and uses at most in each minute, told in two flushes. */
function foundOver(hours: number, of: (minute: number) => { held: number; busy: number } | undefined): FindingDelta[] {
  const findings = new Findings();
  for (let minute = 0; minute <= hours * 60; minute++) {
    const { held, busy } = of(minute) ?? { held: 0, busy: 0 };
    const row = newPoolMinute('pool-a', FIRST_MIN + minute);
    if (held > 0) findings.poolHistories.take({ ...row, connectionsMax: held, busyMax: 0 }, 0);
    if (held > 0) findings.poolHistories.take({ ...row, connectionsMax: held - 1, busyMax: busy }, 0);
    findings.tick((FIRST_MIN + minute) * MINUTE_MS);
  }
  return [...findings.pending()];
}

test('is of a pool that never uses a third of what it holds, and proven after a day', () => {
  const held = () => ({ held: 20, busy: 4 });
  expect(foundOver(6, held)).toMatchObject([
    { kind: 'pool-overheld', confidence: 'weak', pools: ['pool-a'], units: 1, times: 16, costNs: 0 },
  ]);
  expect(foundOver(18, held)).toMatchObject([{ confidence: 'weak', units: 3 }]);
  expect(foundOver(24, held)).toMatchObject([{ confidence: 'strong', units: 4 }]);
});

test.each<[string, number, (minute: number) => { held: number; busy: number } | undefined]>([
  ['was looked at for less than six hours', 5, () => ({ held: 20, busy: 4 })],
  ['uses more of it once', 6, (minute) => ({ held: 20, busy: minute === 77 ? 7 : 2 })],
  ['shrinks when it is idle', 6, (minute) => ({ held: minute % 60 < 30 ? 20 : 4, busy: 4 })],
  ['is small', 6, () => ({ held: 4, busy: 1 })],
  ['does nothing', 6, () => ({ held: 20, busy: 0 })],
  ['is there for half of the time', 6, (minute) => (minute % 2 === 0 ? { held: 20, busy: 4 } : undefined)],
])('is not of one that %s', (_, hours, of) => {
  expect(foundOver(hours, of)).toEqual([]);
});

test('is not proven by days that are no day in a row', () => {
  const busyOnce = (minute: number) => ({ held: 20, busy: minute === 500 ? 9 : 4 });
  expect(foundOver(30, busyOnce)).toMatchObject([{ confidence: 'weak', units: 4 }]);
});

test.each([1, 3])('counts a minute once, also where a part of it is told %i minutes later', (late) => {
  const findings = new Findings();
  for (let minute = 0; minute <= 8 * SLOT_MIN; minute++) {
    for (const told of [minute, minute - late])
      findings.poolHistories.take({ ...newPoolMinute('pool-a', FIRST_MIN + told), connectionsMax: 20, busyMax: 4 }, 0);
    findings.tick((FIRST_MIN + minute) * MINUTE_MS);
  }
  expect([...findings.pending()]).toMatchObject([{ confidence: 'strong', units: 8, times: 8 * 16 }]);
});

test.each([1, 3])('takes no half of a slot for a whole one, though parts are told %i minutes later', (late) => {
  const findings = new Findings();
  for (let minute = SLOT_MIN / 2; minute <= SLOT_MIN; minute++) {
    for (const told of [minute, minute - late])
      findings.poolHistories.take({ ...newPoolMinute('pool-a', FIRST_MIN + told), connectionsMax: 20, busyMax: 4 }, 0);
    findings.tick((FIRST_MIN + minute) * MINUTE_MS);
  }
  expect([...findings.pending()]).toEqual([]);
});

test('sees what late minutes say of its use', () => {
  const findings = new Findings();
  for (let minute = 0; minute <= SLOT_MIN; minute++) {
    findings.poolHistories.take({ ...newPoolMinute('pool-a', FIRST_MIN + minute), connectionsMax: 20, busyMax: 4 }, 0);
    const late = minute === 200 ? 12 : 4;
    findings.poolHistories.take(
      { ...newPoolMinute('pool-a', FIRST_MIN + minute - 1), connectionsMax: 20, busyMax: late },
      0,
    );
    findings.tick((FIRST_MIN + minute) * MINUTE_MS);
  }
  expect([...findings.pending()]).toEqual([]);
});

/** An observer over six hours: eight connections, of which one runs a short statement every minute. */
async function foundOf(others: (observing: Observing, atMs: number) => void): Promise<string[]> {
  const observing = await startObserving();
  const { observer, store } = observing;
  // In the slot before, as all of them are busy at first.
  const beginMs = (FIRST_MIN - 2) * MINUTE_MS;
  observer.relayBegins(RELAY, beginMs);
  for (let session = 1; session <= 8; session++) {
    for (const observation of opened(session, beginMs)) observer.observe(RELAY, observation);
    observer.observe(RELAY, statement('SELECT a FROM t', { sessionId: session, completedAtMs: beginMs + session }));
  }
  others(observing, beginMs + 100);
  for (let minute = 1; minute <= SLOT_MIN + 4; minute++) {
    const atMs = beginMs + minute * MINUTE_MS;
    observer.observe(RELAY, statement('SELECT a FROM t', { sessionId: 1, completedAtMs: atMs + 10 }));
    observer.flush(atMs + 1_000);
  }
  const found = store.taken.flatMap(({ findings }) => findings as readonly FindingDelta[]);
  return found.map(({ kind }) => kind).filter((kind) => kind === 'pool-overheld');
}

/** Six of its connections do so. */
const SIX = [3, 4, 5, 6, 7, 8];

test.each<[string, string[], (observing: Observing, atMs: number) => void]>([
  ['is of connections that do nothing', ['pool-overheld'], () => {}],
  [
    'is none of connections with a statement in flight all the time',
    [],
    ({ observer }, startedAtMs) => {
      const { reading } = emptyStatement();
      const running = { kind: 'statement-running', startedAtMs, textMissingBytes: 0, textId: 0, reading } as const;
      const text = Buffer.from('SELECT work()');
      for (const sessionId of SIX) observer.observe(RELAY, { ...running, text, sessionId });
    },
  ],
  [
    'is none of connections that hold a transaction all the time',
    [],
    ({ observer }, completedAtMs) => {
      const completions = [{ command: 'BEGIN', rows: 0 }];
      for (const sessionId of SIX)
        observer.observe(RELAY, statement('BEGIN', { completions, completedAtMs, transactionAfter: 'T', sessionId }));
    },
  ],
])('%s', async (_, found, others) => {
  expect(await foundOf(others)).toEqual(found);
});
