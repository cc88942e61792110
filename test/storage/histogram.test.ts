// Histograms: the error of percentiles, merging, and their bytes.

import { describe, expect, it } from 'vitest';
import { bucketOf, countFrom, GAMMA, LogHistogram } from '../../facts/histogram.js';
import { HistogramSum } from '../../storage/reading/histogram-sum.js';
import { mergeHistograms } from '../../storage/sqlite/file/histogram-sql-function.js';

/** The same on every run. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

function histogramOf(values: readonly number[]): LogHistogram {
  const histogram = new LogHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

function nearestRank(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1];
}

const random = randoms(7);
const DISTRIBUTIONS: Readonly<Record<string, number[]>> = {
  'a single value': [123_456_789],
  'a constant': Array.from({ length: 1000 }, () => 42_000),
  'two points far apart': Array.from({ length: 1000 }, (_, n) => (n % 100 === 0 ? 9_000_000_000 : 70)),
  'an exponential spread over nine decades': Array.from({ length: 20_000 }, () => Math.round(10 ** (random() * 9))),
  'an exponential distribution': Array.from({ length: 20_000 }, () => Math.round(-Math.log(random()) * 1e6) + 1),
  'powers of gamma and their neighbours': Array.from({ length: 1500 }, (_, n) => Math.round(GAMMA ** n)).flatMap(
    (ns) => [ns, ns + 1],
  ),
  'one nanosecond': Array.from({ length: 10 }, () => 1),
};

describe.each(Object.entries(DISTRIBUTIONS))('percentiles of %s', (_, values) => {
  it.each([0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1])('are within 1 %% of the nearest rank at %f', (q) => {
    const exact = nearestRank(values, q);
    const error = Math.abs(histogramOf(values).percentile(q) - exact) / exact;
    expect(error).toBeLessThanOrEqual(0.01);
  });
});

describe('LogHistogram', () => {
  it('counts durations from one on, with all of its bucket', () => {
    const histogram = histogramOf([1_000, 1_001, 5_000, 5_000, 9_000_000]);
    expect([0, 1_001, 1_100, 5_000, 5_200, 9_000_000, 1e10].map((ns) => countFrom(histogram.encode(), ns))).toEqual([
      5, 5, 3, 3, 1, 1, 0,
    ]);
  });

  it('gives every duration a bucket, a broken clock’s too', () => {
    expect([Number.NaN, -5, 0, 1].map(bucketOf)).toEqual([0, 0, 0, 0]);
    expect(Number.isSafeInteger(bucketOf(Number.POSITIVE_INFINITY))).toBe(true);
  });

  it('comes back from its encoded form unchanged', () => {
    const histogram = histogramOf(DISTRIBUTIONS['an exponential spread over nine decades']);
    const back = new LogHistogram();
    back.mergeEncoded(histogram.encode());
    expect([...back.buckets].sort()).toEqual([...histogram.buckets].sort());
    expect(back.count).toBe(histogram.count);
  });

  it('refuses bytes that end in the middle of a number', () => {
    const bytes = histogramOf([1_000_000]).encode();
    expect(() => new LogHistogram().mergeEncoded(bytes.subarray(0, bytes.length - 1))).toThrow(RangeError);
  });
});

describe('HistogramSum', () => {
  it('is what a histogram makes of the same bytes, in any order', () => {
    const encoded = Object.values(DISTRIBUTIONS).map((values) => histogramOf(values).encode());
    const whole = new LogHistogram();
    for (const bytes of encoded) whole.mergeEncoded(bytes);
    const sum = new HistogramSum();
    for (const bytes of [...encoded].reverse()) sum.add(bytes);
    const added = new LogHistogram();
    sum.addTo(added);
    expect(added.count).toBe(whole.count);
    expect(Buffer.from(added.encode())).toEqual(Buffer.from(whole.encode()));
  });

  it('takes the longest duration and very many of it', () => {
    const histogram = new LogHistogram();
    histogram.addBucket(bucketOf(Number.MAX_SAFE_INTEGER), 2 ** 40 + 1);
    const sum = new HistogramSum();
    sum.add(histogram.encode());
    const added = new LogHistogram();
    sum.addTo(added);
    expect([...added.buckets]).toEqual([...histogram.buckets]);
  });

  it.each([
    ['end in the middle of a number', [0x80]],
    ['end before a count', [7]],
    ['hold a number that is too long', [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['hold an index of no duration', [0xff, 0x7f, 1]],
  ])('refuses bytes that %s', (_, bytes) => {
    expect(() => new HistogramSum().add(Uint8Array.from(bytes))).toThrow(RangeError);
  });
});

describe('mergeHistograms', () => {
  const parts = [0, 1, 2].map((part) =>
    histogramOf(DISTRIBUTIONS['an exponential distribution'].filter((_, n) => n % 3 === part)).encode(),
  );

  it('gives the same bytes as counting everything in one histogram', () => {
    const whole = histogramOf(DISTRIBUTIONS['an exponential distribution']).encode();
    expect(Buffer.from(parts.reduce(mergeHistograms))).toEqual(Buffer.from(whole));
  });

  it('is associative and commutative', () => {
    const [a, b, c] = parts;
    const left = mergeHistograms(mergeHistograms(a, b), c);
    const right = mergeHistograms(c, mergeHistograms(b, a));
    expect(Buffer.from(left)).toEqual(Buffer.from(right));
  });

  it('takes an empty histogram as nothing', () => {
    expect(Buffer.from(mergeHistograms(new Uint8Array(), parts[0]))).toEqual(Buffer.from(parts[0]));
    expect(Buffer.from(mergeHistograms(parts[0], new Uint8Array()))).toEqual(Buffer.from(parts[0]));
  });
});
