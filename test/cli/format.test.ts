// Numbers look the same in the terminal and on the page.
// Not here: times of day, which differ on purpose: UTC in the terminal, the reader's zone on the page.

import { describe, expect, test } from 'vitest';
import * as terminal from '../../cli/terminal/format.js';
import * as page from '../../dashboards/web/data/format.js';

describe.each([
  ['terminal', terminal],
  ['page', page],
])('%s', (_, { bytes, count, duration, share, windowLength }) => {
  test.each([
    [null, '–'],
    [0, '0 µs'],
    [0.000_2, '< 1 µs'],
    [0.005, '5 µs'],
    [0.9996, '1.00 ms'],
    [999.6, '1.00 s'],
    [1_500, '1.50 s'],
    [200_000, '3 min 20 s'],
    [90 * 60_000, '1 h 30 min'],
    [48 * 3_600_000, '2.00 d'],
  ])('%s ms', (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [0, '0'],
    [999.6, '1,000'],
    [12_345, '12,345'],
    [1_234_567, '1,234,567'],
  ])('a count of %s', (value, text) => expect(count(value)).toBe(text));

  test.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_023.6, '1.00 KiB'],
    [1_536, '1.50 KiB'],
    [2 ** 30, '1.00 GiB'],
    [5 * 2 ** 50, '5120 TiB'],
  ])('%s bytes', (value, text) => expect(bytes(value)).toBe(text));

  test.each([
    [0, 0, '0 %'],
    [0, 7, '0 %'],
    [1, 10_000, '< 0.1 %'],
    [1, 300, '0.3 %'],
    [42, 100, '42 %'],
  ])('%s of %s', (part, whole, text) => expect(share(part, whole)).toBe(text));

  test.each([
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [65 * 60_000, '1 h 05 min'],
    [24 * 3_600_000, '1 d'],
    [36 * 3_600_000, '36 h'],
    [30 * 86_400_000, '30 d'],
  ])('a window of %s ms', (ms, text) => expect(windowLength(ms)).toBe(text));
});
