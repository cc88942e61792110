// The words for a pair of versions whose mean and whose most requests do not agree.
// Not here: the judgement (../reports/noise-test.test.ts), pairs as a whole (../reports/migration-marks.test.ts).

import { expect, test } from 'vitest';
import { pairLines } from '../../cli/views/progress-pairs.js';

const cost = { uses: 40, statements: 1, timeNs: 3e6, rows: 1, idle: null };
const alike = { factor: 1, low: 1, high: 1, judgement: 'no clear difference', test: '', p: 1 };

function said(time: object): string {
  const pair = { id: 'a', by: 'ledger', reason: null, per: 'request', oldBefore: false, timeWithIdle: null };
  const compared = { ...pair, old: cost, new: cost, statements: alike, rows: alike, time };
  const facts = { pairs: [compared], places: [{ entry: { id: 'a', at: 'views.py:4' } }] };
  return pairLines(facts as never, { screen: { width: 200, colours: false } } as never).join('\n');
}

test.each([
  [{ factor: 2, low: 1.5, high: 3 }, '2.00× slower, 1.50 to 3.00× with 95 % (p = 0.003)'],
  // The interval of the mean has "no change" in it.
  [{ factor: 1.05, low: 0.58, high: 1.91 }, 'slower mostly, mean 1.05× slower, 0.58 to 1.91× with 95 % (p = 0.003)'],
  [{ factor: 0.8, low: 0.5, high: 0.9 }, 'slower mostly, mean 1.25× faster, 1.11 to 2.00× with 95 % (p = 0.003)'],
])('%j', (change, words) => {
  expect(said({ ...change, judgement: 'slower', test: 'Mann–Whitney U', p: 0.003 })).toContain(words);
});
