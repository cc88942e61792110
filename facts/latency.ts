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
  const mean = meanNs(facts);
  if (facts.histogram.count === 0) {
    return { meanNs: mean, minNs: null, maxNs: null, p50Ns: null, p95Ns: null, p99Ns: null };
  }
  const [p50Ns, p95Ns, p99Ns] = facts.histogram.percentiles([0.5, 0.95, 0.99]).map((ns) => within(facts, ns));
  return { meanNs: mean, minNs: facts.serviceMinNs, maxNs: facts.serviceMaxNs, p50Ns, p95Ns, p99Ns };
}

/** Calls and errors, batched ones included; 0 when there are none. */
export function meanNs(facts: Timed): number {
  const executions = facts.calls + facts.errors;
  return executions === 0 ? 0 : facts.serviceTotalNs / executions;
}

/** Null when every call was batched. */
export function percentileNs(facts: Timed, q: number): number | null {
  if (facts.histogram.count === 0) return null;
  return within(facts, facts.histogram.percentile(q));
}

function within({ serviceMinNs, serviceMaxNs }: Timed, ns: number): number {
  return Math.min(Math.max(ns, serviceMinNs), serviceMaxNs);
}
