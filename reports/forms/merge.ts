// Reports of several sidecars as one.
// Invariant: merging is adding, so the order of the reports does not matter and merging merged reports is the same as merging all.
// Not here: reading them (read/reader.ts; over HTTP statements-codec.ts), percentiles (latency.ts, after merging).

import type {
  Observed,
  PoolFacts,
  PoolsReport,
  StatementFacts,
  StatementsReport,
  Window,
} from '../../facts/answers.js';
import { addAll } from '../../facts/counts.js';
import { LogHistogram } from '../../facts/histogram.js';
import { emptyFacts, sumsOf } from '../../storage/sqlite/read/statement-facts.js';

/** At least one report, each with all its statements: the sums are of those. The reports given are not changed. */
export function mergeStatements(reports: ReadonlyArray<Omit<StatementsReport, 'sums'>>): StatementsReport {
  const merged = new Map<string, StatementFacts>();
  for (const report of reports) {
    for (const facts of report.statements) {
      const key = `${facts.fingerprint}\0${facts.source}`;
      let into = merged.get(key);
      if (into === undefined) {
        into = emptyFacts(facts.fingerprint, facts.source);
        merged.set(key, into);
      }
      addFacts(into, facts);
    }
  }
  const statements = [...merged.values()];
  return {
    window: mergeWindows(reports.map(({ window }) => window)),
    observed: mergeObserved(reports.map(({ observed }) => observed)),
    statements,
    sums: sumsOf(statements),
  };
}

/**
 * At least one report. Pools of the same identity become one. Peaks of several sidecars need not fall together: their sum is the
 * most that can have been held or busy at once.
 */
export function mergePools(reports: readonly PoolsReport[]): PoolsReport {
  const merged = new Map<string, PoolFacts>();
  for (const report of reports) {
    for (const pool of report.pools) {
      const present = merged.get(pool.id);
      const copy = { ...pool, sources: new Map(pool.sources), transactionHistogram: copyOf(pool.transactionHistogram) };
      merged.set(pool.id, present === undefined ? copy : bothPools(present, pool));
    }
  }
  return {
    window: mergeWindows(reports.map(({ window }) => window)),
    pools: [...merged.values()],
    connectionsMax: sum(reports, (report) => report.connectionsMax),
    busyMax: sum(reports, (report) => report.busyMax),
  };
}

function mergeObserved(all: readonly Observed[]): Observed {
  const byReason = new Map<string, number>();
  for (const observed of all) addAll(byReason, observed.notObservedByReason);
  return {
    statements: sum(all, (observed) => observed.statements),
    notObserved: sum(all, (observed) => observed.notObserved),
    notObservedByReason: byReason,
    unknown: sum(all, (observed) => observed.unknown),
    exact: all.every((observed) => observed.exact),
  };
}

function addFacts(into: StatementFacts, more: StatementFacts): void {
  const known = into.calls + into.errors;
  // The side that saw more of it describes it.
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
  into.calls += more.calls;
  into.batchedCalls += more.batchedCalls;
  into.errors += more.errors;
  into.rows += more.rows;
  into.requests += more.requests;
  into.requestBytes += more.requestBytes;
  into.responseBytes += more.responseBytes;
  into.serviceTotalNs += more.serviceTotalNs;
  into.serviceMinNs = Math.min(into.serviceMinNs, more.serviceMinNs);
  into.serviceMaxNs = Math.max(into.serviceMaxNs, more.serviceMaxNs);
  into.firstRowCount += more.firstRowCount;
  into.firstRowTotalNs += more.firstRowTotalNs;
  into.clientStallTotalNs += more.clientStallTotalNs;
  into.waitTotalNs += more.waitTotalNs;
  into.histogram.merge(more.histogram);
  for (const pool of more.pools) into.pools.add(pool);
  for (const [key, values] of more.tags) into.tags.set(key, new Set([...(into.tags.get(key) ?? []), ...values]));
  into.variants = [...new Set([...into.variants, ...more.variants])].sort();
}

function bothPools(a: PoolFacts, b: PoolFacts): PoolFacts {
  const closed = a.closed + b.closed;
  const lifetimesMs = a.lifetimeMeanMs * a.closed + b.lifetimeMeanMs * b.closed;
  const later = b.lastSeenMs > a.lastSeenMs ? b : a;
  const sources = new Map(a.sources);
  addAll(sources, b.sources);
  const histogram = copyOf(a.transactionHistogram);
  histogram.merge(b.transactionHistogram);
  return {
    ...later,
    connectionsNow: a.connectionsNow + b.connectionsNow,
    connectionsMax: a.connectionsMax + b.connectionsMax,
    opened: a.opened + b.opened,
    closed,
    lifetimeMeanMs: closed === 0 ? 0 : lifetimesMs / closed,
    busyMax: a.busyMax + b.busyMax,
    activeMs: a.activeMs + b.activeMs,
    idleMs: a.idleMs + b.idleMs,
    idleInTransactionMs: a.idleInTransactionMs + b.idleInTransactionMs,
    transactions: a.transactions + b.transactions,
    transactionStatements: a.transactionStatements + b.transactionStatements,
    transactionTotalMs: a.transactionTotalMs + b.transactionTotalMs,
    transactionMaxMs: Math.max(a.transactionMaxMs, b.transactionMaxMs),
    transactionHistogram: histogram,
    statements: a.statements + b.statements,
    sources,
    habits: [...new Set([...a.habits, ...b.habits])].sort(),
    firstSeenMs: Math.min(a.firstSeenMs, b.firstSeenMs),
    lastSeenMs: later.lastSeenMs,
  };
}

function copyOf(histogram: LogHistogram): LogHistogram {
  const copy = new LogHistogram();
  copy.merge(histogram);
  return copy;
}

function mergeWindows(windows: readonly Window[]): Window {
  return {
    sinceMs: Math.min(...windows.map(({ sinceMs }) => sinceMs)),
    untilMs: Math.max(...windows.map(({ untilMs }) => untilMs)),
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
