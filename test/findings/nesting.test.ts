// Work on another pool inside of a transaction, where no tags join the two: fault and clean twin.
// Not here: with tags (rules.test.ts), real traffic (live.test.ts).

import { describe, expect, test } from 'vitest';
import { type Nested, Nesting } from '../../analyzer/findings/nesting.js';
import { chanceLn } from '../../analyzer/findings/views/chance.js';
import { UnitView } from '../../analyzer/findings/views/unit-view.js';
import { limits } from '../../config/limits.js';
import { seededPick } from '../../scripts/lib/shop/traffic.mjs';
import { end, inside, type Sent, unit } from './units.js';

const UNTAGGED = { found: 'heuristic', boundary: 'transaction', id: '', tagSet: '' } as const;

/** A transaction of 10 ms, silent from the 2nd to the 8th. */
function outer(atMs: number, how = 'COMMIT'): Sent[] {
  return [
    inside('INSERT order', { startMs: atMs }),
    { ...inside('UPDATE order'), startMs: atMs + 8 },
    { ...end(how), startMs: atMs + 9 },
  ];
}

function other(atMs: number, sql = 'SELECT stock', ms = 6): Sent {
  return { sql, session: 'two', pool: 'pool-b', source: 'sqlalchemy', startMs: atMs, endMs: atMs + ms };
}

/** Requests `everyMs` apart; what each does besides is up to `beside`. */
function foundIn(
  count: number,
  everyMs: number,
  beside: (atMs: number, request: number) => Sent[],
  how?: string,
): Nested[] {
  const nesting = new Nesting();
  for (let request = 0; request < count; request++) {
    const atMs = 1_000_000 + request * everyMs;
    for (const sent of beside(atMs, request)) nesting.take(new UnitView(unit([sent], UNTAGGED)), atMs);
    nesting.take(new UnitView(unit(outer(atMs, how), UNTAGGED)), atMs);
  }
  return nesting.found(Number.MAX_SAFE_INTEGER);
}
const kindsOf = (found: readonly Nested[]) => [...new Set(found.map(({ occurrence }) => occurrence.kind))];

describe('work inside of the pauses of a transaction', () => {
  test('is found once it cannot be chance', () => {
    const found = foundIn(8, 400, (atMs) => [other(atMs + 1.5)]);
    expect(found).toHaveLength(8);
    expect(found[0].occurrence).toMatchObject({
      kind: 'boundary-read',
      confidence: 'weak',
      pools: ['pool-a', 'pool-b'],
      statements: [
        { fingerprint: 'SELECT stock', role: 'beside' },
        { fingerprint: 'INSERT order', role: 'inside' },
      ],
    });
    expect(foundIn(4, 400, (atMs) => [other(atMs + 1.5)])).toEqual([]);
  });

  test('is a write that survives a rollback, or would', () => {
    const write = (atMs: number) => [other(atMs + 1.5, 'UPDATE stock')];
    expect(kindsOf(foundIn(8, 400, write))).toEqual(['boundary-write']);
    expect(kindsOf(foundIn(8, 400, write, 'ROLLBACK'))).toEqual(['boundary-lost-rollback']);
  });

  test.each<[string, number, (atMs: number, request: number) => Sent[]]>([
    ['before or after it', 400, (atMs) => [other(atMs - 50), other(atMs + 100)]],
    ['over its end', 400, (atMs) => [other(atMs + 4)]],
    ['over long before the transaction goes on', 400, (atMs) => [other(atMs + 1.2, 'SELECT stock', 0.2)]],
    ['of the same pool', 400, (atMs) => [{ ...other(atMs + 1.5), pool: 'pool-a' }]],
  ])('is not what is %s', (_, everyMs, beside) => {
    expect(foundIn(20, everyMs, beside)).toEqual([]);
  });
});

test('is not found among pauses and work that are there all the time, and have nothing to do with each other', () => {
  // The pauses take two thirds of the time, and the other pool is busy for half of it.
  const pick = seededPick(7);
  expect(foundIn(1_500, 10, (atMs) => [other(atMs + pick(1_000) / 100, 'SELECT stock', 5)])).toEqual([]);
});

test('the bound is above the probability, and falls with every hit', () => {
  // Of 5 coins all show heads: 1/32. Of 10, 9 or more do: 11/1024.
  expect(Math.exp(chanceLn({ times: 5, all: 5, share: 0.5 }))).toBeCloseTo(1 / 32, 6);
  const nine = Math.exp(chanceLn({ times: 9, all: 10, share: 0.5 }));
  expect(nine).toBeGreaterThan(11 / 1024);
  expect(nine).toBeLessThan(0.1);
  expect(chanceLn({ times: 5, all: 10, share: 0.5 })).toBe(0);
});

test('so much work, so many transactions and pairs are compared; the rest is counted', () => {
  const nesting = new Nesting();
  const bursts = limits.nestingBurstsMax + 3;
  for (let n = 0; n < bursts; n++) nesting.take(new UnitView(unit([other(1_000 + n / 1e3)], UNTAGGED)), 1_000);
  expect(nesting.droppedTotal).toBe(3);
  const waiting = new Nesting();
  for (let n = 0; n < limits.nestingTransactionsMax + 2; n++)
    waiting.take(new UnitView(unit(outer(1_000 + n), UNTAGGED)), 1_000);
  expect(waiting.droppedTotal).toBe(2);
  const pairs = new Nesting();
  for (let n = 0; n < limits.nestingPairsMax + 5; n++)
    pairs.take(new UnitView(unit([other(1_000 + n, `SELECT stock${n}`)], UNTAGGED)), 1_000);
  expect(pairs.droppedTotal).toBe(5);
});
