// Merges reports of several sidecars into one.
// Invariant: merging is adding, so the order of the reports does not matter, nor does merging merged ones again.
// Not here: reading reports (storage/sqlite/read/reader.ts; over HTTP statements-codec.ts), percentiles, which are
// computed after merging (facts/latency.ts).

import type {
  Observed,
  PoolFacts,
  PoolInstance,
  PoolsReport,
  StatementFacts,
  StatementsReport,
  Window,
} from '../../facts/answers.js';
import { addFacts, emptyFacts, keyOf, sumsBySource } from '../../facts/statement-facts.js';
import { addAll, addSums, FLEET_RULES_ACROSS, noSums, POOL_RULES_ACROSS } from '../../facts/sums.js';

/** At least one report, each with all its statements: the sums are of those. The reports given are not changed. */
export function mergeStatements(reports: ReadonlyArray<Omit<StatementsReport, 'sums'>>): StatementsReport {
  const merged = new Map<string, StatementFacts>();
  for (const report of reports) {
    for (const facts of report.statements) {
      const key = keyOf(facts);
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
    sums: sumsBySource(statements),
  };
}

/**
 * At least one report. Pools of the same identity become one. Peaks of several sidecars need not fall together, so
 * their sum is an upper bound of what was held or busy at once.
 */
export function mergePools(reports: readonly PoolsReport[]): PoolsReport {
  const merged = new Map<string, PoolFacts>();
  const peaks = noSums(FLEET_RULES_ACROSS);
  for (const report of reports) {
    addSums(FLEET_RULES_ACROSS, peaks, report);
    for (const pool of report.pools) {
      const into = merged.get(pool.id);
      if (into !== undefined) addPool(into, pool);
      else {
        const transactionHistogram = pool.transactionHistogram.copy();
        merged.set(pool.id, { ...pool, sources: new Map(pool.sources), transactionHistogram });
      }
    }
  }
  return {
    window: mergeWindows(reports.map(({ window }) => window)),
    pools: [...merged.values()],
    ...peaks,
  };
}

function mergeObserved(all: readonly Observed[]): Observed {
  const byReason = new Map<string, number>();
  for (const observed of all) addAll(byReason, observed.notObservedByReason);
  return {
    executions: sum(all, (observed) => observed.executions),
    notObserved: sum(all, (observed) => observed.notObserved),
    notObservedByReason: byReason,
    unknown: sum(all, (observed) => observed.unknown),
    exact: all.every((observed) => observed.exact),
  };
}

/** `more` is not changed. */
function addPool(into: PoolFacts, more: PoolFacts): void {
  // The side that saw the pool last describes it.
  if (more.lastSeenMs > into.lastSeenMs) {
    for (const name of DESCRIBING) into[name] = more[name];
    into.evidence = more.evidence;
  }
  addSums(POOL_RULES_ACROSS, into, more);
  into.transactionHistogram.merge(more.transactionHistogram);
  into.connectionsNow += more.connectionsNow;
  into.executions += more.executions;
  addAll(into.sources, more.sources);
  into.instances = mergeInstances([...into.instances, ...more.instances]);
  into.habits = [...new Set([...into.habits, ...more.habits])].sort();
  into.firstSeenMs = Math.min(into.firstSeenMs, more.firstSeenMs);
  into.lastSeenMs = Math.max(into.lastSeenMs, more.lastSeenMs);
}

/** Of one instance that is in several reports, as of the pool itself: peaks need not fall together. */
function mergeInstances(all: readonly PoolInstance[]): PoolInstance[] {
  const merged = new Map<string, PoolInstance>();
  for (const one of all) {
    const key = JSON.stringify([one.service, one.environment, one.instance]);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? one
        : {
            ...known,
            connectionsNow: known.connectionsNow + one.connectionsNow,
            connectionsMax: known.connectionsMax + one.connectionsMax,
            busyMax: known.busyMax + one.busyMax,
            executions: known.executions + one.executions,
          },
    );
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

const DESCRIBING = [
  'name',
  'owner',
  'user',
  'database',
  'applicationName',
  'options',
  'clientNetwork',
  'clientAddress',
  'serverVersion',
  'driver',
] as const satisfies ReadonlyArray<keyof PoolFacts>;

function mergeWindows(windows: readonly Window[]): Window {
  return {
    sinceMs: Math.min(...windows.map(({ sinceMs }) => sinceMs)),
    untilMs: Math.max(...windows.map(({ untilMs }) => untilMs)),
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
