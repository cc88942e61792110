// Ids and places, beside a map.

import { expect, test } from 'vitest';
import { IdIndex } from '../../analyzer/work/kept/id-index.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';

test('finds each id where it was put, while it grows and ids come and go', () => {
  const random = new Random(7);
  const below = (bound: number) => random.below(bound);
  const index = new IdIndex();
  const places = new Map<string, number>();
  const free: number[] = [];
  let used = 0;
  for (let step = 0; step < 40_000; step++) {
    const id = `id-${below(9_000)}`;
    const place = places.get(id);
    expect(index.find(id)).toBe(place ?? -1);
    if (place === undefined) {
      const into = free.pop() ?? used++;
      // Now and then another id was looked for in between.
      if (below(3) === 0) index.find('another');
      index.put(into, id);
      places.set(id, into);
    } else if (below(4) === 0) {
      index.remove(place);
      places.delete(id);
      free.push(place);
    }
  }
  expect(used).toBeGreaterThan(4_096);
  for (const [id, place] of places) expect(index.find(id)).toBe(place);
});

test('an id that is gone is not found either once the arrays grew', () => {
  const index = new IdIndex();
  index.put(0, 'gone');
  index.remove(0);
  for (let place = 1; place < 3_000; place++) index.put(place, `id-${place}`);
  expect(index.find('gone')).toBe(-1);
});
