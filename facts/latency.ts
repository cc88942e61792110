// Latency of a statement: the mean of all executions, and the spread of those not batched.
// The spread is minimum, maximum and percentiles.
// Invariant: percentiles are nearest-rank within 1 % and lie between minimum and maximum; all four are null while
// every execution was batched.
// Not here: units and rounding for people (reports/forms/statements-json.ts).

import type { StatementFacts } from './answers.js';

/** Of a statement, or of a group of them. */
export type Timed = Pick<
  StatementFacts,
  'calls' | 'errors' | 'serviceTotalNs' | 'serviceMinNs' | 'serviceMaxNs' | 'histogram'
>;

/** All in ns. */
export interface Latency {
  meanNs: number;
  minNs: number | null;
  maxNs: number | null;
  p50Ns: number | null;
  p95Ns: number | null;
  p99Ns: number | null;
}

export function latencyOf(facts: Timed): Latency {
  const alone = facts.histogram.count > 0;
  return {
    meanNs: meanNs(facts),
    minNs: alone ? facts.serviceMinNs : null,
    maxNs: alone ? facts.serviceMaxNs : null,
    p50Ns: percentileNs(facts, 0.5),
    p95Ns: percentileNs(facts, 0.95),
    p99Ns: percentileNs(facts, 0.99),
  };
}

/** Calls and errors, batched ones included; 0 when there are none. */
export function meanNs(facts: Timed): number {
  const executions = facts.calls + facts.errors;
  return executions === 0 ? 0 : facts.serviceTotalNs / executions;
}

/** Null when every call was batched. */
export function percentileNs(facts: Timed, q: number): number | null {
  if (facts.histogram.count === 0) return null;
  return Math.min(Math.max(facts.histogram.percentile(q), facts.serviceMinNs), facts.serviceMaxNs);
}
