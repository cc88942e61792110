// The words of a comparison: how much changed, and how sure that is.
// Invariant: a judgement is printed with its p; what is not clear is not printed as if it were.
// Not here: judging (reports/compare), tables (compare.ts, compare-sets.ts).

import type { ComparedRow } from '../../reports/compare/compare.js';
import type { RequestChange } from '../../reports/compare/per-request.js';
import { count } from '../terminal/format.js';
import { type Screen, styled } from '../terminal/output.js';

export interface ChangeOptions {
  /** Name the test. */
  readonly verbose: boolean;
  /** Where the factor of an unclear difference may be dim. */
  readonly screen?: Screen;
}

/** "12.4× slower (p < 0.001)"; with `verbose` also the test's name. */
export function changeText({ judgement, factor, test, p }: ComparedRow, { verbose, screen }: ChangeOptions): string {
  if (judgement === 'new' || judgement === 'gone') return judgement;
  if (factor === undefined) return judgement;
  const times = factor >= 1 ? `${factorText(factor)}× slower` : `${factorText(1 / factor)}× faster`;
  const chance = chanceText(p);
  if (judgement === 'too few') return `${times}, too few to tell`;
  if (judgement === 'no clear difference') {
    const unclear = ` (${times})`;
    return judgement + (screen === undefined ? unclear : styled(unclear, { style: 'dim', screen }));
  }
  const why = verbose ? `${test}, ${chance}` : chance;
  // A mean can fall while most executions got slower: print the judgement, then the mean.
  const agrees = judgement === 'slower' ? factor >= 1 : factor < 1;
  return agrees ? `${times} (${why})` : `${judgement} mostly, mean ${times} (${why})`;
}

/** ", 3.21 to 3.99× with 95 %" in the direction of the change; '' where there is no interval. */
export function intervalText({ factor, low, high }: Pick<RequestChange, 'factor' | 'low' | 'high'>): string {
  if (factor === undefined || low === undefined || high === undefined) return '';
  const [from, to] = factor >= 1 ? [low, high] : [1 / high, 1 / low];
  return `, ${factorText(from)} to ${factorText(to)}× with 95 %`;
}

/** Three digits at most, for a count per minute. */
export function rateText(perMinute: number): string {
  if (perMinute >= 99.95 || Number.isInteger(perMinute)) return count(perMinute);
  return perMinute >= 9.995 ? perMinute.toFixed(1) : perMinute.toFixed(2);
}

/** "p < 0.001", "p = 0.004". */
export function chanceText(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

/** Of 1 and more. */
export function factorText(factor: number): string {
  return factor >= 99.95 ? count(factor) : factor >= 9.995 ? factor.toFixed(1) : factor.toFixed(2);
}
