// The queue of outstanding requests beside a plain array, under random pushes, shifts and removals.

import { describe, expect, test } from 'vitest';
import { Outstanding, RequestKind } from '../../proxy/session/outstanding.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';

describe('the queue of outstanding requests', () => {
  test.each([1, 2, 3])('is what a plain array would be, seed %i', (seed) => {
    const random = new Random(seed);
    const queue = new Outstanding();
    const array: number[] = [];
    let next = 0;
    for (let step = 0; step < 20_000; step++) {
      // Long waves, so that it grows over many capacities and empties again.
      const grows = (step >> 9) % 2 === 0;
      const draw = random.below(10);
      if (draw < (grows ? 7 : 3)) {
        const request = queue.push(RequestKind.close, next, 5);
        request.statementName = `s${next}`;
        array.push(next++);
      } else if (draw === 9 && array.length > 1) {
        queue.removeSecond();
        array.splice(1, 1);
      } else if (array.length > 0) {
        queue.shift();
        array.shift();
      }
      queue.invariants();
      expect(queue.size).toBe(array.length);
      if (array.length === 0) continue;
      const at = random.below(array.length);
      expect([queue.head.arrivedMs, queue.at(at).statementName]).toEqual([array[0], `s${array[at]}`]);
    }
    expect(next).toBeGreaterThan(5_000);
  });

  test('a slot that keeps what it held is found', () => {
    const queue = new Outstanding();
    const request = queue.push(RequestKind.describe, 0, 5);
    queue.shift();
    request.portalName = 'kept';
    queue.push(RequestKind.sync, 0, 5);
    queue.push(RequestKind.sync, 0, 5);
    expect(() => queue.shift()).not.toThrow();
    expect(() => queue.invariants()).not.toThrow();
    request.portalName = 'kept';
    expect(() => queue.invariants()).toThrow('keeps a request');
  });
});
