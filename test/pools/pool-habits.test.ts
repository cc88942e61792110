// The habits that a pool's connections show: their length of life and their use.

import { describe, expect, test } from 'vitest';
import { PoolHabits } from '../../analyzer/pools/pool-habits.js';

function closedAfter(...lifetimesMs: number[]): string[] {
  const habits = new PoolHabits();
  for (const ms of lifetimesMs) habits.closed(ms);
  return habits.words();
}
const times = (count: number, ms: (index: number) => number) => Array.from({ length: count }, (_, index) => ms(index));

describe('how long connections live', () => {
  test('many short ones: one connection per request', () => {
    expect(closedAfter(...times(20, () => 12))).toEqual(['one connection per request (CONN_MAX_AGE=0, NullPool)']);
  });

  test('alike and long: replaced by age', () => {
    expect(closedAfter(...times(20, (index) => 60_000 + index * 500))).toEqual([
      'connections are replaced after about 65 s (CONN_MAX_AGE, pool_recycle)',
    ]);
  });

  test('few, or unlike ones, say nothing', () => {
    expect(closedAfter(...times(9, () => 12))).toEqual([]);
    expect(closedAfter(...times(20, (index) => 6_000 + index * 60_000))).toEqual([]);
  });
});

describe('what sessions show', () => {
  test('a habit of a quarter of them is the pool’s, of fewer it is not', () => {
    const habits = new PoolHabits();
    for (let i = 0; i < 3; i++) habits.shows([], undefined);
    habits.shows(['ROLLBACK on return'], undefined);
    expect(habits.words()).toEqual(['ROLLBACK on return']);
    habits.shows([], undefined);
    expect(habits.words()).toEqual([]);
  });

  test('a session counts with what it shows by now', () => {
    const habits = new PoolHabits();
    habits.shows(['every session begins with BEGIN'], undefined);
    expect(habits.words()).toEqual(['every session begins with BEGIN']);
    habits.shows(['statements outside transactions'], ['every session begins with BEGIN']);
    expect(habits.words()).toEqual(['statements outside transactions']);
  });
});
