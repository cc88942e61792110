// Compares the statements that did a job before with those that do it now.
// Invariant: a use is one request that ran any of them, where requests are known; its mean is what was counted. The
// variance of one statement per request was counted too. How statements of a set go together was not: of several the
// largest variance is taken that the counted ones allow, so no difference is claimed that another mix could undo.
// Without tags a use is one execution of the first statement, in which the others run as often as they do on average.
// Not here: which statements (reports/compare/sets-report.ts), tests (noise-test.ts).

import type { StatementFacts } from '../../../facts/answers.js';
import type { RequestStatementMeasureName } from '../../../facts/measures.js';
import { keyOf } from '../../../facts/statement-facts.js';
import type { Sums } from '../../../facts/sums.js';
import type { RequestsReport } from '../../requests.js';
import { type ComparedRow, rowOf } from './compare.js';
import { type Moments, momentsOf as momentsOfHistogram, testNoise } from './noise-test.js';
import { changeOf, momentsOf } from './per-request.js';

/** The cost of one use of a set. */
export interface Use {
  /** Uses, and what they are: requests, or executions of the first statement. */
  readonly uses: number;
  readonly by: 'requests' | 'executions';
  /** Executions, rows and time per use. */
  readonly calls: number;
  readonly rows: number;
  readonly timeNs: number;
  /** Of the time per use: as it was counted, or the largest that the counts allow. */
  readonly variance: 'counted' | 'largest';
  readonly moments: Moments;
  /** Of executions and rows per use; undefined where no square of them was counted. */
  readonly callMoments: Moments | undefined;
  readonly rowMoments: Moments | undefined;
}

export type ComparedSets = ComparedRow & {
  readonly beforePerUse: Use;
  readonly afterPerUse: Use;
  /** Hold the true factor with 95 %; undefined where a side is missing. */
  readonly low: number | undefined;
  readonly high: number | undefined;
};

/** One set: its statements in the order named, and the requests that may have run them. */
export interface ComparedSet {
  readonly statements: readonly StatementFacts[];
  readonly requests: RequestsReport | undefined;
}

export function compareSets(before: ComparedSet, after: ComparedSet): ComparedSets {
  const uses = { beforePerUse: useOf(before), afterPerUse: useOf(after) };
  const { beforePerUse: was, afterPerUse: is } = uses;
  const row = rowOf({ key: '', source: '', query: '' }, { before: before.statements, after: after.statements });
  if (row.before === undefined || row.after === undefined) return { ...row, ...uses, low: undefined, high: undefined };
  const change = changeOf(was.moments, is.moments);
  const isOneEach = [before, after].every(({ statements }) => statements.length === 1) && was.calls * is.calls === 1;
  // Durations of executions are those of uses, so their whole distribution is known.
  const { judgement, test, p } = isOneEach
    ? testNoise(before.statements[0].histogram, after.statements[0].histogram)
    : change;
  return { ...row, ...uses, ...change, judgement, test, p };
}

function useOf({ statements, requests }: ComparedSet): Use {
  const isTagged = statements.some((facts) => facts.requests > 0);
  const parts = isTagged ? statements.flatMap((facts) => partsOf(facts, requests)) : [];
  const uses = Math.max(0, ...parts.map((part) => part.requests));
  return uses === 0 ? usesOfFirst(statements) : usesByRequest(parts, uses);
}

type Part = Sums<RequestStatementMeasureName>;

/** One statement within requests, a row per source. */
function partsOf({ fingerprint }: StatementFacts, requests: RequestsReport | undefined): Part[] {
  const found: Part[] = [];
  const prefix = keyOf({ fingerprint, source: '' });
  for (const [key, sums] of requests?.statements ?? []) if (key.startsWith(prefix)) found.push(sums);
  return found;
}

/** A request that did not run one of them adds nothing for it. */
function usesByRequest(parts: readonly Part[], uses: number): Use {
  const moments = together(parts, { uses, of: (part) => [part.serviceTotalNs, part.serviceSquaredNs2] });
  const callMoments = together(parts, { uses, of: (part) => [part.executions, part.executionsSquared] });
  const rowMoments = together(parts, { uses, of: (part) => [part.rows, part.rowsSquared] });
  return {
    uses,
    by: 'requests',
    calls: callMoments.mean,
    rows: rowMoments.mean,
    timeNs: moments.mean,
    variance: parts.length === 1 ? 'counted' : 'largest',
    moments,
    callMoments,
    rowMoments,
  };
}

/** Whatever goes with what, the deviation of a sum is at most the sum of deviations. */
function together(
  parts: readonly Part[],
  { uses, of }: { uses: number; of: (part: Part) => readonly [sum: number, squares: number] },
): Moments {
  const each = parts.map((part) => momentsOf(uses, ...of(part)));
  const mean = each.reduce((sum, moments) => sum + moments.mean, 0);
  const deviation = each.reduce((sum, { variance }) => sum + Math.sqrt(variance), 0);
  return { count: uses, mean, variance: deviation ** 2 };
}

function usesOfFirst(statements: readonly StatementFacts[]): Use {
  const [first] = statements;
  const uses = first === undefined ? 0 : first.calls + first.errors;
  const each = (of: (facts: StatementFacts) => number) =>
    uses === 0 ? 0 : statements.reduce((sum, facts) => sum + of(facts), 0) / uses;
  const calls = each((facts) => facts.calls + facts.errors);
  const timeNs = each((facts) => facts.serviceTotalNs);
  const deviation = each(
    (facts) => (facts.calls + facts.errors) * Math.sqrt(momentsOfHistogram(facts.histogram).variance),
  );
  return {
    uses,
    by: 'executions',
    calls,
    rows: each(({ rows }) => rows),
    timeNs,
    variance: calls === 1 && statements.length === 1 ? 'counted' : 'largest',
    moments: { count: uses, mean: timeNs, variance: deviation ** 2 },
    callMoments: undefined,
    rowMoments: undefined,
  };
}
