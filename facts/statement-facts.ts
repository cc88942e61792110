// The facts of one statement from one source: their key, empty ones, and adding two of them.
// Invariant: they have every measure of measures.ts; adding gives the same in any order.
// Not here: the type (answers.ts), where facts come from (a store, or another sidecar's report).

import type { SourceSums, StatementFacts } from './answers.js';
import { LogHistogram } from './histogram.js';
import { addAll, addSums, noSums, STATEMENT_RULES } from './sums.js';

/** A key that is the same for the same statement from the same source. */
export function keyOf({ fingerprint, source }: { readonly fingerprint: string; readonly source: string }): string {
  return `${fingerprint}\0${source}`;
}

/** Copied, which is cheaper than made anew: a report makes facts by the ten thousand. */
const NO_SUMS = noSums(STATEMENT_RULES);

export function emptyFacts(fingerprint: string, source: string): StatementFacts {
  return {
    fingerprint,
    source,
    query: '',
    summary: '',
    byConstruct: new Map(),
    byConfidence: new Map(),
    errorsBySqlstate: new Map(),
    ...NO_SUMS,
    histogram: new LogHistogram(),
    firstSeenMs: 0,
    lastSeenMs: 0,
    pools: new Set(),
    tags: new Map(),
    evidence: [],
    variants: [],
  };
}

/** Adds what another sidecar says of the same statement; `more` is not changed. */
export function addFacts(into: StatementFacts, more: StatementFacts): void {
  const known = into.calls + into.errors;
  // The side that saw more executions describes the statement.
  if (more.calls + more.errors > known || into.query === '') {
    into.query = more.query;
    into.summary = more.summary;
    into.evidence = more.evidence;
  }
  into.firstSeenMs = known === 0 ? more.firstSeenMs : Math.min(into.firstSeenMs, more.firstSeenMs);
  into.lastSeenMs = Math.max(into.lastSeenMs, more.lastSeenMs);
  addAll(into.byConstruct, more.byConstruct);
  addAll(into.byConfidence, more.byConfidence);
  addAll(into.errorsBySqlstate, more.errorsBySqlstate);
  addSums(STATEMENT_RULES, into, more);
  into.histogram.merge(more.histogram);
  for (const pool of more.pools) into.pools.add(pool);
  for (const [key, values] of more.tags) into.tags.set(key, new Set([...(into.tags.get(key) ?? []), ...values]));
  into.variants = [...new Set([...into.variants, ...more.variants])].sort();
}

/** Distinct statements, executions and service time by source. */
export function sumsBySource(statements: readonly StatementFacts[]): Map<string, SourceSums> {
  const sums = new Map<string, SourceSums>();
  for (const { source, calls, errors, serviceTotalNs } of statements) {
    let sum = sums.get(source);
    if (sum === undefined) {
      sum = { statements: 0, executions: 0, serviceTotalNs: 0 };
      sums.set(source, sum);
    }
    sum.statements++;
    sum.executions += calls + errors;
    sum.serviceTotalNs += serviceTotalNs;
  }
  return sums;
}
