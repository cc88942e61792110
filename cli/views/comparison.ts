// A comparison that is to be printed, and how.
// Invariant: it holds everything that text, JSON and Markdown say. Not here: comparing (reports/compare).

import { MINUTE_MS } from '../../config/values/minute.js';
import type { StatementsReport, Window } from '../../facts/answers.js';
import type { ComparedRow } from '../../reports/compare/compare.js';
import type { ComparedSide } from '../reading/compare-sides.js';
import type { MarkedMoment } from '../reading/compare-windows.js';

export interface Comparison {
  readonly sides: readonly [ComparedSide, ComparedSide];
  readonly reports: readonly [StatementsReport, StatementsReport];
  /** The part of each window that was recorded. */
  readonly times: ReadonlyArray<Window | undefined>;
  /** The sides have windows of their own. */
  readonly differInTime: boolean;
  readonly mark?: MarkedMoment;
  /** Sources that are not compared. */
  readonly hidden: readonly string[];
  /** All statements of both sides. */
  readonly whole: ComparedRow;
  /** Per statement, or per value of `groupBy`. */
  readonly rows: readonly ComparedRow[];
  readonly groupBy?: string;
}

export interface CompareView {
  readonly form: 'json' | 'markdown' | 'text';
  readonly limit: number;
  /** Name the test of each judgement. */
  readonly verbose: boolean;
}

/** Executions of sources that are not compared, before and after, by source. */
export function leftOutOf({ reports, hidden }: Comparison): Map<string, readonly [number, number]> {
  const left = new Map<string, readonly [number, number]>();
  for (const source of hidden) {
    const [before, after] = reports.map(({ sums }) => sums.get(source)?.executions ?? 0);
    if (before + after > 0) left.set(source, [before, after]);
  }
  return left;
}

export function minutesOf(window: Window | undefined): number {
  return window === undefined ? 0 : (window.untilMs - window.sinceMs) / MINUTE_MS;
}
