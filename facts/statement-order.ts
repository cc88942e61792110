// Orders that statements can be shown in.
// Invariant: the biggest value comes first; equal values are ordered by fingerprint and source, so that the same data
// always comes in the same order. Not here: how many statements are shown.

import type { StatementFacts } from './answers.js';
import { meanNs, percentileNs } from './latency.js';

export const STATEMENT_SORTS = [
  'total',
  'mean',
  'p95',
  'p99',
  'max',
  'calls',
  'errors',
  'rows',
  'per-request',
] as const;
export type StatementSort = (typeof STATEMENT_SORTS)[number];

/** Of a statement, or of a group of them. */
type Ordered = Parameters<typeof percentileNs>[0] & Pick<StatementFacts, 'rows' | 'requests'>;

const KEYS: Readonly<Record<StatementSort, (facts: Ordered) => number>> = {
  total: (facts) => facts.serviceTotalNs,
  mean: meanNs,
  p95: (facts) => percentileNs(facts, 0.95) ?? -1,
  p99: (facts) => percentileNs(facts, 0.99) ?? -1,
  max: (facts) => facts.serviceMaxNs,
  calls: (facts) => facts.calls,
  errors: (facts) => facts.errors,
  rows: (facts) => facts.rows,
  'per-request': (facts) => (facts.requests === 0 ? -1 : (facts.calls + facts.errors) / facts.requests),
};

export function sortValue(sort: StatementSort, facts: Ordered): number {
  return KEYS[sort](facts);
}

/** True for an order that needs the histogram of every statement. */
export function needsHistograms(sort: StatementSort): boolean {
  return sort === 'p95' || sort === 'p99';
}

/** A new array: the first `limit` of `statements` in that order; 0 = all. */
export function ordered(
  statements: readonly StatementFacts[],
  options: { sort: StatementSort; limit: number },
): StatementFacts[] {
  const key = KEYS[options.sort];
  const keyed = statements.map((facts) => ({ facts, value: key(facts) }));
  keyed.sort(
    (a, b) =>
      b.value - a.value || compare(a.facts.fingerprint, b.facts.fingerprint) || compare(a.facts.source, b.facts.source),
  );
  const shown = options.limit > 0 ? keyed.slice(0, options.limit) : keyed;
  return shown.map(({ facts }) => facts);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
