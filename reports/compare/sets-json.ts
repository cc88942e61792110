// The JSON of `compare --old … --new …`: the change per use; of both sets statements and plans.
// Invariant: it says all that the text says; times are ISO 8601, durations milliseconds.
// Not here: reading the sets (sets-report.ts), words (facts/words/uses.ts).

import type { StatementFacts } from '../../facts/answers.js';
import { meanNs, percentileNs } from '../../facts/latency.js';
import { type SamplesJson, samplesJson } from '../forms/samples-json.js';
import { type ComparedRowJson, rowJson } from './comparison-json.js';
import type { Use } from './noise/sets.js';
import type { ReadSet, SetsComparison } from './sets-report.js';

interface UseJson {
  uses: number;
  by: 'requests' | 'executions';
  /** Of one use. */
  calls: number;
  rows: number;
  ms: number;
  variance: 'counted' | 'largest';
}

export interface SetStatementJson {
  fingerprint: string;
  query: string;
  calls: number;
  errors: number;
  rows: number;
  requests: number;
  mean_ms: number;
  /** null when every call was batched. */
  p95_ms: number | null;
  /** null until the server was asked. */
  plan: SamplesJson['plan'];
}

export interface SetJson {
  per_use: UseJson;
  statements: SetStatementJson[];
}

export interface SetsJson extends ComparedRowJson {
  window: { since: string; until: string };
  not_observed: number;
  exact: boolean;
  /** Hold the true factor with 95 %; null where a side is missing. */
  low: number | null;
  high: number | null;
  old: SetJson;
  new: SetJson;
}

export function setsJson({ compared, old, now }: SetsComparison): SetsJson {
  const { window, observed } = old.reports[0];
  return {
    window: { since: new Date(window.sinceMs).toISOString(), until: new Date(window.untilMs).toISOString() },
    not_observed: observed.notObserved,
    exact: observed.exact,
    ...rowJson(compared),
    low: compared.low ?? null,
    high: compared.high ?? null,
    old: setJson(old, compared.beforePerUse),
    new: setJson(now, compared.afterPerUse),
  };
}

function setJson({ statements, plans }: ReadSet, use: Use): SetJson {
  return {
    per_use: {
      uses: use.uses,
      by: use.by,
      calls: use.calls,
      rows: use.rows,
      ms: use.timeNs / 1e6,
      variance: use.variance,
    },
    statements: statements.map((facts) => statementJson(facts, plans)),
  };
}

function statementJson(facts: StatementFacts, plans: ReadSet['plans']): SetStatementJson {
  const { fingerprint, query, calls, errors, rows, requests } = facts;
  const p95Ns = percentileNs(facts, 0.95);
  return {
    fingerprint,
    query,
    calls,
    errors,
    rows,
    requests,
    mean_ms: meanNs(facts) / 1e6,
    p95_ms: p95Ns === null ? null : p95Ns / 1e6,
    plan: samplesJson(fingerprint, plans.get(fingerprint) ?? { samples: [], plan: undefined }).plan,
  };
}
