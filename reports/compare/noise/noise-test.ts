// Tests whether two histograms of durations differ by more than noise.
// Invariant: with fewer than LEAST durations on a side nothing is claimed. Buckets are 2 % wide, so smaller differences
// are ties. Not here: which durations are compared (../compare.ts).
//
// There are two tests because slowness has two shapes. Mann–Whitney's U asks whether durations of one side are mostly
// longer than those of the other: it sees a shift of everything and is not misled by a few outliers. Welch's t on the
// means sees what U does not: a tail that grew while the median stayed. Each must pass half of the allowed error
// (Bonferroni), and the difference must be big enough to be named. Executions in one window are not independent of each
// other, so the bar is high.
// Sources: Mann and Whitney 1947, with the tie correction of Lehmann, Nonparametrics (1975); Welch 1947.

import type { LogHistogram } from '../../../facts/histogram.js';
import { GAMMA } from '../../../facts/histogram.js';

export type Judgement = 'slower' | 'faster' | 'no clear difference' | 'too few';

export interface NoiseTest {
  readonly judgement: Judgement;
  /** The test that decided: "Mann–Whitney U", "Welch's t on means", or '' where nothing was claimed. */
  readonly test: string;
  /** Two-sided; 1 where nothing was tested. */
  readonly p: number;
  /** Chance that a duration after is longer than one before, ties halved; 0.5 = no difference. */
  readonly superiority: number;
}

export const LEAST = 20;
const ALPHA = 0.01 / 2;
/** U finds a shift of 1 % with enough executions; one that moves fewer than this is not worth a name. */
const SUPERIORITY_LEAST = 0.06;
const MEAN_CHANGE_LEAST = 0.05;

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Of one duration. */
  readonly variance: number;
}

export function testNoise(before: LogHistogram, after: LogHistogram): NoiseTest {
  if (before.count < LEAST || after.count < LEAST) return { judgement: 'too few', test: '', p: 1, superiority: 0.5 };
  const u = mannWhitney(before, after);
  if (u.p < ALPHA && Math.abs(u.superiority - 0.5) >= SUPERIORITY_LEAST) {
    return { judgement: u.superiority > 0.5 ? 'slower' : 'faster', test: 'Mann–Whitney U', ...u };
  }
  const welch = testMeans(momentsOf(before), momentsOf(after));
  return { ...welch, superiority: u.superiority };
}

/** Welch's t with the normal distribution for it: both sides have LEAST durations or more. */
export function testMeans(before: Moments, after: Moments): NoiseTest {
  if (before.count < LEAST || after.count < LEAST) return { judgement: 'too few', test: '', p: 1, superiority: 0.5 };
  const error = Math.sqrt(before.variance / before.count + after.variance / after.count);
  const difference = after.mean - before.mean;
  const p = error === 0 ? (difference === 0 ? 1 : 0) : twoSided(difference / error);
  const isLarge = Math.abs(difference) >= MEAN_CHANGE_LEAST * before.mean;
  if (p >= ALPHA || !isLarge) return { judgement: 'no clear difference', test: '', p, superiority: 0.5 };
  return { judgement: difference > 0 ? 'slower' : 'faster', test: "Welch's t on means", p, superiority: 0.5 };
}

/** Within a bucket's width of the exact ones; durations in ns. */
export function momentsOf(histogram: LogHistogram): Moments {
  let sum = 0;
  for (const [index, count] of histogram.buckets) sum += count * middleOf(index);
  const mean = histogram.count === 0 ? 0 : sum / histogram.count;
  let squares = 0;
  for (const [index, count] of histogram.buckets) squares += count * (middleOf(index) - mean) ** 2;
  return { count: histogram.count, mean, variance: histogram.count < 2 ? 0 : squares / (histogram.count - 1) };
}

export function mannWhitney(before: LogHistogram, after: LogHistogram): { p: number; superiority: number } {
  const [n, m] = [before.count, after.count];
  const indexes = [...new Set([...before.buckets.keys(), ...after.buckets.keys()])].sort((a, b) => a - b);
  let below = 0;
  let u = 0;
  let ties = 0;
  for (const index of indexes) {
    const mine = before.buckets.get(index) ?? 0;
    const theirs = after.buckets.get(index) ?? 0;
    u += theirs * (below + mine / 2);
    below += mine;
    ties += (mine + theirs) ** 3 - (mine + theirs);
  }
  const all = n + m;
  const deviation = Math.sqrt(((n * m) / 12) * (all + 1 - ties / (all * (all - 1))));
  const superiority = u / (n * m);
  return { p: deviation === 0 ? 1 : twoSided((u - (n * m) / 2) / deviation), superiority };
}

function middleOf(index: number): number {
  return (GAMMA ** index * 2) / (GAMMA + 1);
}

/** Of the normal distribution; Abramowitz and Stegun 7.1.26, within 1.5e-7. */
function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.min(1, series * Math.exp(-x * x));
}
