// Judges conditions on what was gathered: passed, failed, or not shown.
// Invariant: a condition passes only if nothing contradicts it and every doubt was allowed; what was allowed is named.
// Not here: the rules of each kind (none.ts, most.ts, no-new.ts), printing (cli/views/check/).

import type { Window } from '../../facts/answers.js';
import { type Allowances, allowanceFor, type Doubt, type DoubtKey, isSmall } from './asked/allowances.js';
import type { Condition } from './asked/conditions.js';
import { isInForce } from './asked/exceptions.js';
import { type Coverage, coverageOf } from './coverage.js';
import { bypassDoubts, doubtsOfWindow, unwatchedDoubts } from './doubts.js';
import type { CheckFacts, ConditionFacts } from './facts.js';
import { lostOf } from './lost.js';
import { mostOf } from './most.js';
import { newOf } from './no-new.js';
import { noneOf } from './none.js';
import type { Asked, Failure, Found } from './rule.js';

export interface AllowedJudged {
  readonly condition: string;
  readonly what: string;
  /** The reason in the configuration, or the allowance as it was given. */
  readonly reason: string;
}
export interface FailedJudged extends Failure {
  readonly condition: string;
}
export interface NotShownJudged {
  readonly condition: string;
  readonly key: DoubtKey | 'other';
  readonly amount: number;
  readonly what: string;
}

export type Outcome = 'passed' | 'failed' | 'not shown';

export interface CheckResult {
  readonly window: Window;
  readonly conditions: ReadonlyArray<{ readonly text: string; readonly outcome: Outcome }>;
  readonly failed: readonly FailedJudged[];
  readonly notShown: readonly NotShownJudged[];
  readonly allowed: readonly AllowedJudged[];
  readonly coverage: Coverage;
  readonly outcome: Outcome;
}

/** At least one condition. */
export function judge(
  facts: CheckFacts,
  { asked, allowances }: { asked: readonly ConditionFacts[]; allowances: Allowances },
): CheckResult {
  const failed: FailedJudged[] = [];
  const notShown: NotShownJudged[] = [];
  const allowed: AllowedJudged[] = [];
  const conditions = asked.map((one) => {
    const { text } = one.condition;
    const found = foundOf(facts, one);
    failed.push(...found.failures.map((failure) => ({ condition: text, ...failure })));
    allowed.push(...found.excused.map(({ what, exception }) => ({ condition: text, what, reason: exception.reason })));
    const doubtful = sorted(found.doubts, { isStrict: one.condition.kind === 'none', allowances });
    notShown.push(
      ...doubtful.open.map(
        ({ key, amount, what }) => ({ condition: text, key: key ?? 'other', amount, what }) as const,
      ),
    );
    allowed.push(...doubtful.allowed.map(({ what, by }) => ({ condition: text, what, reason: by })));
    const outcome: Outcome = found.failures.length > 0 ? 'failed' : doubtful.open.length > 0 ? 'not shown' : 'passed';
    return { text, outcome };
  });
  const has = (outcome: Outcome): boolean => conditions.some((one) => one.outcome === outcome);
  return {
    window: facts.window,
    conditions,
    failed,
    notShown,
    allowed,
    coverage: coverageOf(facts),
    outcome: has('failed') ? 'failed' : has('not shown') ? 'not shown' : 'passed',
  };
}

function foundOf(facts: CheckFacts, asked: ConditionFacts): Found {
  const { condition } = asked;
  const inForce = facts.exceptions.filter((exception) => isInForce(exception, condition, facts.nowMs));
  const own = ownOf(facts, { ...asked, condition, inForce });
  const window = doubtsOfWindow(facts);
  const isStrict = condition.kind === 'none';
  const lost = lostOf(facts, condition, inForce);
  const bypass = isStrict ? bypassDoubts(facts, inForce) : { doubts: [], excused: [] };
  return {
    failures: [...own.failures, ...lost.failures],
    doubts: [
      ...window,
      ...lost.doubts,
      ...(isStrict ? unwatchedDoubts(facts) : []),
      ...bypass.doubts,
      ...asked.doubts,
      ...own.doubts,
    ],
    excused: [...own.excused, ...lost.excused, ...bypass.excused],
  };
}

function ownOf(facts: CheckFacts, asked: Asked<Condition>): Found {
  const { condition } = asked;
  if (condition.kind === 'none') return noneOf(facts, { ...asked, condition });
  return condition.kind === 'max' ? mostOf(facts, { ...asked, condition }) : newOf(facts, { ...asked, condition });
}

/** Doubts of one key are allowed together or not at all: five gaps of four minutes are no gap of five. */
function sorted(
  doubts: readonly Doubt[],
  { isStrict, allowances }: { isStrict: boolean; allowances: Allowances },
): { open: Doubt[]; allowed: Array<{ what: string; by: string }> } {
  const open: Doubt[] = [];
  const allowed: Array<{ what: string; by: string }> = [];
  const keys = new Map<DoubtKey | undefined, Doubt[]>();
  for (const doubt of doubts) keys.set(doubt.key, [...(keys.get(doubt.key) ?? []), doubt]);
  for (const [key, group] of keys) {
    const together: Doubt = {
      key,
      amount: group.reduce((sum, { amount }) => sum + amount, 0),
      of: Math.max(...group.map(({ of }) => of)),
      what: '',
    };
    const allowance = allowanceFor(together, allowances);
    if (allowance !== undefined) allowed.push(...group.map(({ what }) => ({ what, by: `--allow ${allowance.text}` })));
    else if (!isStrict && isSmall(together)) allowed.push(...group.map(({ what }) => ({ what, by: 'under 0.1 %' })));
    else open.push(...group);
  }
  return { open, allowed };
}
