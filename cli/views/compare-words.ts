// The words of a comparison: how much changed, and how sure that is.
// Invariant: a judgement is printed with its p. Not here: judging (reports/compare), the words that the page has too
// (facts/words/changes.ts), tables (compare.ts, compare-sets.ts).

import { changeWords } from '../../facts/words/changes.js';
import type { ComparedRow } from '../../reports/compare/noise/compare.js';
import { count } from '../terminal/format.js';
import { type Screen, styled } from '../terminal/output.js';

export interface ChangeOptions {
  /** Name the test. */
  readonly verbose: boolean;
  /** Where the factor of an unclear difference may be dim. */
  readonly screen?: Screen;
}

/** "12.4× slower (p < 0.001)"; with `verbose` also the test's name. */
export function changeText(row: ComparedRow, { verbose, screen }: ChangeOptions): string {
  const { text, aside } = changeWords(row, { verbose });
  return text + (screen === undefined || aside === '' ? aside : styled(aside, { style: 'dim', screen }));
}

/** Three digits at most, for a count per minute. */
export function rateText(perMinute: number): string {
  if (perMinute >= 99.95 || Number.isInteger(perMinute)) return count(perMinute);
  return perMinute >= 9.995 ? perMinute.toFixed(1) : perMinute.toFixed(2);
}
