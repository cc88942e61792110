// A line for each finding, below the statement, pool or list that it is about.
// Invariant: few modules are needed, because every list loads them. Not here: findings themselves (findings.ts).

import type { FindingFacts } from '../../facts/finding.js';
import { oneLine, type Screen, wrapped } from '../terminal/output.js';

const LINES_MAX = 5;

/** Those that are told of a statement, a pool, a list: open and strong. */
export function isTold({ state, confidence }: FindingFacts): boolean {
  return state === 'open' && confidence === 'strong';
}

/** A line each, for what they are about: "4f1c20b7 N+1 on stock: 8 reads per request". */
export function findingLines(findings: readonly FindingFacts[], screen: Screen): string[] {
  const told = findings.filter(isTold);
  const lines = told
    .slice(0, LINES_MAX)
    .flatMap(({ id, title }) => wrapped(`${id.slice(0, 8)} ${oneLine(title)}`, { width: screen.width }));
  const more = told.length > LINES_MAX ? [`${told.length - LINES_MAX} more: pgwitness findings`] : [];
  return [...lines, ...more];
}
