// The rules of `--no-new`: handwritten statements and findings that were not there before.
// Invariant: without anything to compare with, nothing is shown to be old. Not here: the baseline (baseline.ts).

import { fitsGlob } from '../../config/values/glob.js';
import type { StatementFacts } from '../../facts/answers.js';
import type { FindingFacts } from '../../facts/finding.js';
import { keyOf } from '../../facts/statement-facts.js';
import type { Doubt } from './asked/allowances.js';
import { findingKey, isHandwritten, isProven, statementKey } from './asked/baseline.js';
import type { Scope } from './asked/conditions.js';
import { exceptionFor, type Subject } from './asked/exceptions.js';
import { allExecutions, executionsOf } from './doubts.js';
import type { CheckFacts } from './facts.js';
import type { AskedNoNew, Failure, Found } from './rule.js';
import { callersOf, namesTable } from './texts.js';

export function newOf(facts: CheckFacts, asked: AskedNoNew): Found {
  const own = asked.condition.what === 'handwritten' ? newByHand(facts, asked) : newFindings(facts, asked);
  return { ...own, doubts: [...own.doubts, ...comparable(facts)] };
}

/** A statement that ran for the first time in this window, or that the baseline lacks. */
export function isNewStatement(facts: CheckFacts, one: StatementFacts): boolean {
  if (facts.baseline === undefined) return one.firstSeenMs >= (facts.sinceMs ?? 0);
  // Known, but written by hand only now.
  const known = isHandwritten(one) ? facts.baseline.handwritten : facts.baseline.statements;
  return !known.has(statementKey(one));
}

/** A proven finding that was seen for the first time in this window, or that the baseline lacks. */
export function isNewFinding(facts: CheckFacts, finding: FindingFacts): boolean {
  if (!isProven(finding, facts.isRun)) return false;
  if (facts.baseline === undefined) return finding.firstSeenMs >= (facts.sinceMs ?? 0);
  return !facts.baseline.findings.has(findingKey(finding));
}

function newByHand(facts: CheckFacts, { fitting, excused }: AskedNoNew): Found {
  const failures: Failure[] = [];
  const exempt: Array<Found['excused'][number]> = [];
  for (const one of fitting) {
    if (!isHandwritten(one) || !isNewStatement(facts, one)) continue;
    const { fingerprint, source, query } = one;
    const what = `new handwritten statement of ${source}`;
    const exception = excused.get(keyOf(one));
    if (exception !== undefined) exempt.push({ what: `${what}: ${fingerprint}`, exception });
    else failures.push({ what, fingerprint, source, query, callers: callersOf(one), executions: executionsOf(one) });
  }
  return { failures, excused: exempt, doubts: unknownNew(facts) };
}

/** Statements of an unknown source may be written by hand. */
function unknownNew(facts: CheckFacts): Doubt[] {
  const unknown = facts.statements.filter((one) => one.source === 'unknown' && isNewStatement(facts, one));
  const amount = allExecutions({ statements: unknown });
  if (amount === 0) return [];
  const what = `${amount} executions of ${unknown.length} new statements are of unknown source`;
  return [{ key: 'unknown', amount, of: allExecutions(facts), what }];
}

function newFindings(facts: CheckFacts, { condition, inForce }: AskedNoNew): Found {
  const failures: Failure[] = [];
  const exempt: Array<Found['excused'][number]> = [];
  for (const finding of facts.findings) {
    if (!isNewFinding(facts, finding) || !isOf(finding, condition.scope, facts)) continue;
    const what = `new finding ${finding.id.slice(0, 8)}, ${finding.kind}: ${finding.title}`;
    const exception = exceptionFor(inForce, subjectOf(finding));
    if (exception !== undefined) {
      exempt.push({ what, exception });
      continue;
    }
    // Findings of a pool are of no statement.
    const { fingerprint, source, query } = finding.statements[0] ?? {};
    failures.push({ what, fingerprint, source, query, callers: finding.callers.slice(0, 3) });
  }
  return { failures, excused: exempt, doubts: [] };
}

function subjectOf(finding: FindingFacts): Subject {
  return {
    finding: [finding.kind],
    fingerprint: [...new Set(finding.statements.map(({ fingerprint }) => fingerprint))],
    source: finding.sources,
    pool: finding.pools,
    table: finding.tables,
    caller: finding.callers,
    route: finding.routes,
    job: finding.routes,
    command: finding.routes,
  };
}

function isOf(finding: FindingFacts, scope: Scope, { pools }: CheckFacts): boolean {
  const has = (values: readonly string[], wanted: string | undefined): boolean =>
    wanted === undefined || values.some((value) => fitsGlob(value, wanted));
  const values: Readonly<Record<string, readonly string[]>> = {
    route: finding.routes,
    job: finding.routes,
    command: finding.routes,
    caller: finding.callers,
  };
  // A pool may be asked for by its id.
  const pool = pools.find(({ id }) => id === scope.pool)?.name ?? scope.pool;
  const { table } = scope;
  return (
    has(finding.sources, scope.source) &&
    has(finding.pools, pool) &&
    (table === undefined || finding.statements.some(({ summary }) => namesTable(summary, table))) &&
    scope.tags.every(([key, value]) => has(values[key] ?? [], value))
  );
}

function comparable({ baseline, sinceMs, isRun, watched }: CheckFacts): Doubt[] {
  if (baseline !== undefined || isRun) return [];
  const { recorded } = watched;
  if (recorded === null || (sinceMs !== undefined && recorded.sinceMs < sinceMs)) return [];
  const what = 'there is nothing before this window to compare with: give --baseline FILE, or --since a later moment';
  return [{ amount: 0, of: 0, what }];
}
