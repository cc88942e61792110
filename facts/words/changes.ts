// The words of a change: how many times slower or faster, and how sure that is.
// Invariant: terminal and page say the same; what is not clear is not said as if it were.
// Not here: judging (reports/compare).

import { count } from './format.js';

export interface ChangeWords {
  /** "12.4× slower (p < 0.001)", "no clear difference", "new", … */
  readonly text: string;
  /** What stands beside a judgement that claims nothing: " (1.08× slower)"; else ''. */
  readonly aside: string;
}

export interface JudgedChange {
  readonly judgement: string;
  /** After divided by before; null or undefined where a side is missing. */
  readonly factor: number | null | undefined;
  readonly test: string | null;
  readonly p: number;
}

/** `verbose`: with the test's name. */
export function changeWords({ judgement, factor, test, p }: JudgedChange, { verbose = false } = {}): ChangeWords {
  const plain = (text: string): ChangeWords => ({ text, aside: '' });
  if (judgement === 'new' || judgement === 'gone' || factor === undefined || factor === null) return plain(judgement);
  const times = factor >= 1 ? `${factorText(factor)}× slower` : `${factorText(1 / factor)}× faster`;
  const chance = chanceText(p);
  if (judgement === 'too few') return plain(`${times}, too few to tell`);
  if (judgement === 'no clear difference') return { text: judgement, aside: ` (${times})` };
  const why = verbose ? `${test}, ${chance}` : chance;
  // A mean can fall while most executions got slower: the judgement first, then the mean.
  const agrees = judgement === 'slower' ? factor >= 1 : factor < 1;
  return plain(agrees ? `${times} (${why})` : `${judgement} mostly, mean ${times} (${why})`);
}

export interface ChangeInterval {
  readonly factor: number | null | undefined;
  readonly low: number | null | undefined;
  readonly high: number | null | undefined;
}

/** ", 3.21 to 3.99× with 95 %" in the direction of the change; '' where there is no interval. */
export function intervalText({ factor, low, high }: ChangeInterval): string {
  if (factor == null || low == null || high == null) return '';
  const [from, to] = factor >= 1 ? [low, high] : [1 / high, 1 / low];
  return `, ${factorText(from)} to ${factorText(to)}× with 95 %`;
}

/** "p < 0.001", "p = 0.004". */
export function chanceText(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

/** Of 1 and more; three digits at most. */
export function factorText(factor: number): string {
  if (factor >= 99.95) return count(factor);
  return factor >= 9.995 ? factor.toFixed(1) : factor.toFixed(2);
}
