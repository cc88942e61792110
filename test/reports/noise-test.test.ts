// The judgement "more than noise".
// Rarely wrong where there is no difference, and right where there is one.

import { expect, test } from 'vitest';
import { LogHistogram } from '../../facts/histogram.js';
import { mannWhitney, momentsOf, testNoise } from '../../reports/compare/noise/noise-test.js';

/** A small generator, so that a failure can be repeated. */
function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** Log-normal, as service times are. */
function durations(
  random: () => number,
  { count, medianNs = 5e6, tail = 0 }: { count: number; medianNs?: number; tail?: number },
): LogHistogram {
  const histogram = new LogHistogram();
  for (let n = 0; n < count; n++) {
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    const isTail = random() < tail;
    histogram.add(medianNs * Math.exp(0.5 * normal) * (isTail ? 40 : 1));
  }
  return histogram;
}

test('the same distribution twice is called different at most once in 100', () => {
  const random = randoms(7);
  let claimed = 0;
  for (let n = 0; n < 300; n++) {
    const { judgement } = testNoise(durations(random, { count: 200 }), durations(random, { count: 150 }));
    if (judgement !== 'no clear difference') claimed++;
  }
  expect(claimed).toBeLessThanOrEqual(3);
});

test('a shift of a fifth is found with some hundred executions', () => {
  const random = randoms(8);
  const before = durations(random, { count: 500 });
  const after = durations(random, { count: 500, medianNs: 6e6 });
  expect(testNoise(before, after)).toMatchObject({ judgement: 'slower', test: 'Mann–Whitney U' });
  expect(testNoise(after, before)).toMatchObject({ judgement: 'faster' });
});

test('a tail that grew while the median stayed is found by the means', () => {
  const random = randoms(9);
  const judged = testNoise(durations(random, { count: 3000 }), durations(random, { count: 3000, tail: 0.02 }));
  expect(judged).toMatchObject({ judgement: 'slower', test: "Welch's t on means" });
});

test('with few executions nothing is claimed, however far apart', () => {
  const random = randoms(10);
  const judged = testNoise(durations(random, { count: 19 }), durations(random, { count: 500, medianNs: 5e8 }));
  expect(judged).toMatchObject({ judgement: 'too few', p: 1 });
});

test('a shift too small to name is not named, however many executions', () => {
  const random = randoms(11);
  const judged = testNoise(
    durations(random, { count: 100_000 }),
    durations(random, { count: 100_000, medianNs: 5.1e6 }),
  );
  expect(judged.judgement).toBe('no clear difference');
});

test('superiority is the share of pairs, ties halved', () => {
  const before = new LogHistogram();
  const after = new LogHistogram();
  for (const ns of [1e6, 2e6, 3e6]) before.add(ns);
  for (const ns of [2e6, 4e6]) after.add(ns);
  // Pairs where after is longer: 2 beats 1; 4 beats 1, 2, 3; 2 ties 2. (4 + 0.5) of 6.
  expect(mannWhitney(before, after).superiority).toBeCloseTo(4.5 / 6, 10);
});

test('moments are within the width of a bucket', () => {
  const histogram = new LogHistogram();
  for (const ns of [1e6, 2e6, 3e6]) histogram.add(ns);
  const { mean, variance, count } = momentsOf(histogram);
  expect(count).toBe(3);
  expect(mean / 2e6).toBeCloseTo(1, 1);
  expect(variance / 1e12).toBeCloseTo(1, 1);
});
