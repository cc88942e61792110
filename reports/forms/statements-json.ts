// The JSON form of a statements report: /api/v1/statements, `top --json`.
// Invariant: other programs read these names. Times are ISO 8601, durations milliseconds; a value that was not measured
// is null and never 0. Not here: the form in which reports travel to be merged (statements-codec.ts).

import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import { latencyOf } from '../../facts/latency.js';
import { ordered, type StatementSort } from '../../facts/statement-order.js';
import { mostOf } from '../../facts/sums.js';
import { TAG_VALUES_SHOWN } from '../statements.js';

/** One (fingerprint, source); construct and confidence are those of most calls. */
export interface StatementJson {
  fingerprint: string;
  source: string;
  construct: string;
  confidence: string;
  query: string;
  summary: string;
  calls: number;
  batched_calls: number;
  errors: number;
  rows: number;
  /** Requests of the application that ran it, as far as comments name them; null where they name none. */
  requests: number | null;
  calls_per_request: number | null;
  total_ms: number;
  mean_ms: number;
  /** null when every call was batched; so are the maximum and the percentiles. */
  min_ms: number | null;
  max_ms: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  first_seen: string;
  last_seen: string;
  pools: string[];
  tags: Record<string, string[]>;
}

export interface StatementsJson {
  window: { since: string; until: string };
  observed: { statements: number; executions: number; not_observed: number; unknown: number; exact: boolean };
  statements: StatementJson[];
}

/** `limit` 0 = no limit. */
export function statementsJson(
  report: StatementsReport,
  options: { sort: StatementSort; limit: number },
): StatementsJson {
  return { ...headOf(report), statements: ordered(report.statements, options).map(statementJson) };
}

/** What a report says beside its statements. */
export function headOf({ window, observed }: StatementsReport): Omit<StatementsJson, 'statements'> {
  return {
    window: { since: isoTime(window.sinceMs), until: isoTime(window.untilMs) },
    observed: {
      statements: observed.executions,
      executions: observed.executions,
      not_observed: observed.notObserved,
      unknown: observed.unknown,
      exact: observed.exact,
    },
  };
}

export function statementJson(facts: StatementFacts): StatementJson {
  const latency = latencyOf(facts);
  return {
    fingerprint: facts.fingerprint,
    source: facts.source,
    construct: mostOf(facts.byConstruct) ?? '',
    confidence: mostOf(facts.byConfidence) ?? 'none',
    query: facts.query,
    summary: facts.summary,
    calls: facts.calls,
    batched_calls: facts.batchedCalls,
    errors: facts.errors,
    rows: facts.rows,
    requests: facts.requests === 0 ? null : facts.requests,
    calls_per_request: facts.requests === 0 ? null : (facts.calls + facts.errors) / facts.requests,
    total_ms: milliseconds(facts.serviceTotalNs),
    mean_ms: milliseconds(latency.meanNs),
    min_ms: orNull(latency.minNs),
    max_ms: orNull(latency.maxNs),
    p50_ms: orNull(latency.p50Ns),
    p95_ms: orNull(latency.p95Ns),
    p99_ms: orNull(latency.p99Ns),
    first_seen: isoTime(facts.firstSeenMs),
    last_seen: isoTime(facts.lastSeenMs),
    pools: [...facts.pools].sort(),
    tags: Object.fromEntries(
      [...facts.tags].sort(byKey).map(([key, values]) => [key, [...values].sort().slice(0, TAG_VALUES_SHOWN)]),
    ),
  };
}

/** Exact to the nanosecond. */
function milliseconds(ns: number): number {
  return Math.round(ns) / 1e6;
}

function orNull(ns: number | null): number | null {
  return ns === null ? null : milliseconds(ns);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
