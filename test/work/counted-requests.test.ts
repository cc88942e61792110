// Requests that an earlier process counted: they go on in the next one and are no second request.
// Not here: a real observer that is killed (../sidecar/units-killed.test.ts).

import { expect, test } from 'vitest';
import type { CountedRequests } from '../../analyzer/work/counted-requests.js';
import { limits } from '../../config/limits.js';
import type { CountedSlot } from '../../facts/rollup-row.js';
import { KeyedHash } from '../../proxy/stream/parameters.js';
import { Playing } from './playing.js';

/** What a store keeps of the slots of a process, flush after flush. */
class Slots {
  readonly bySlot = new Map<number, CountedSlot>();

  flush(counted: CountedRequests): void {
    for (const row of counted.pending()) this.bySlot.set(row.slot, structuredClone(row));
    counted.stored();
  }

  next(): Playing {
    const playing = new Playing();
    playing.units.counted.know(this.bySlot.values());
    return playing;
  }
}

test('an id that was counted, open or ended, is no second request; another one is', () => {
  const slots = new Slots();
  const first = new Playing().send({ sql: 'a', at: 0, requestId: 'ended' }).pass(2_000);
  for (let at = 2_000; at <= 5_000; at += 500) first.send({ sql: 'a', at, requestId: 'long', session: 'two' });
  first.pass(0);
  expect(first.total).toEqual({ requests: 2, statements: 8 });
  slots.flush(first.units.counted);
  const next = slots
    .next()
    .send(
      { sql: 'a', at: 6_000, requestId: 'long', session: 'three' },
      { sql: 'b', at: 6_010, requestId: 'ended', session: 'four' },
      { sql: 'b', at: 6_020, requestId: 'new', session: 'three' },
    );
  expect(next.pass(3_000).total).toEqual({ requests: 1, statements: 3 });
  expect([...next.units.statements.pending()].map(({ fingerprint, requests }) => [fingerprint, requests])).toEqual([
    ['a', 0],
    ['b', 1],
  ]);
  // Of those that go on only the end is known.
  expect(next.requests.map(({ statementHistogram }) => statementHistogram.count)).toEqual([1]);
});

test('a request that was open and not counted yet counts in the next process', () => {
  const slots = new Slots();
  const first = new Playing().send({ sql: 'a', at: 0, requestId: 'short' });
  slots.flush(first.units.counted);
  expect(slots.next().send({ sql: 'b', at: 500, requestId: 'short' }).pass(3_000).total.requests).toBe(1);
});

test('a long transaction without tags goes on in its session, once', () => {
  const slots = new Slots();
  const first = new Playing().send({ sql: 'BEGIN', at: 0 });
  for (let at = 100; at <= 3_000; at += 100) first.send({ sql: 'a', at });
  first.pass(0);
  slots.flush(first.units.counted);
  // The relay tells of the session again: it was open before.
  const next = slots.next();
  next.knownBefore.add('one');
  next.send({ sql: 'a', at: 4_000 }, { sql: 'COMMIT', at: 4_010 }).pass(2_000);
  expect(next.total).toEqual({ requests: 0, statements: 1 });
  next.send({ sql: 'b', at: 9_000 }).pass(2_000);
  expect(next.total).toEqual({ requests: 1, statements: 2 });
});

test('a transaction without tags that was open at an orderly end goes on in its session', () => {
  const slots = new Slots();
  const first = new Playing().send({ sql: 'BEGIN', at: 0 });
  for (let at = 100; at <= 1_000; at += 100) first.send({ sql: 'a', at });
  first.units.endAll();
  slots.flush(first.units.counted);
  const next = slots.next();
  next.knownBefore.add('one');
  next.send({ sql: 'a', at: 4_000 }, { sql: 'COMMIT', at: 4_010 }).pass(2_000);
  expect(next.total.requests).toBe(0);
});

test('what earlier processes left gives way to what is open now, and is forgotten', () => {
  const slots = new Slots();
  const dead = Array.from({ length: limits.countedIdsMax }, (_, n) => `dead-${n}`);
  slots.bySlot.set(0, { slot: 0, ids: dead });
  const playing = slots.next();
  for (let at = 0; at <= 3_000; at += 500) playing.send({ sql: 'a', at, requestId: 'long' });
  playing.pass(0);
  slots.flush(playing.units.counted);
  expect(slots.bySlot.get(0)!.ids).toHaveLength(limits.countedIdsMax);
  expect(slots.next().send({ sql: 'a', at: 7_000, requestId: 'long' }).pass(3_000).total.requests).toBe(0);
  for (let flush = 0; flush < 3_600; flush++) slots.flush(playing.units.counted);
  expect(slots.bySlot.get(0)!.ids.filter((id) => id.startsWith('dead'))).toEqual([]);
});

test('a second kill before a request goes on forgets nothing', () => {
  const slots = new Slots();
  const first = new Playing();
  for (let at = 0; at <= 3_000; at += 500) first.send({ sql: 'a', at, requestId: 'long' });
  first.pass(0);
  slots.flush(first.units.counted);
  slots.flush(slots.next().units.counted);
  const resumed = slots.next().send({ sql: 'a', at: 6_000, requestId: 'long' });
  slots.flush(resumed.units.counted);
  expect(slots.next().send({ sql: 'a', at: 7_000, requestId: 'long' }).pass(3_000).total.requests).toBe(0);
});

test('so many ids are told of each flush and of the open ones; a flush without any writes nothing', () => {
  const playing = new Playing();
  const many = limits.countedIdsMax + 10;
  for (let n = 0; n < many; n++) playing.send({ sql: 'a', at: 0, requestId: `e${n}`, session: 'one' });
  playing.pass(2_000);
  for (let n = 0; n < many; n++)
    for (const at of [2_000, 5_000]) playing.send({ sql: 'a', at, requestId: `o${n}`, session: 'one' });
  playing.pass(0);
  const rows = [...playing.units.counted.pending()];
  expect(rows.map(({ slot, ids }) => [slot, ids.length])).toEqual([
    [0, limits.countedIdsMax],
    [1, limits.countedIdsMax],
  ]);
  playing.units.counted.stored();
  expect([...playing.units.counted.pending()]).toEqual([]);
});

test('what is stored of an id is its hash in base 36, as any version finds it', () => {
  const slots = new Slots();
  const playing = new Playing();
  const ids = Array.from({ length: 200 }, (_, n) => `request-${n}`);
  for (const [n, requestId] of ids.entries()) playing.send({ sql: 'a', at: n, requestId });
  slots.flush(playing.pass(3_000).units.counted);
  const hash = new KeyedHash();
  hash.use([0, 0]);
  const hashed = ids.map((id) => hash.of(Buffer.from(id), 0, id.length).toString(36));
  expect([...slots.bySlot.values()].flatMap((slot) => slot.ids).sort()).toEqual(hashed.sort());
});
