// The types of a rule: the facts it is asked about, and the failures and doubts it finds.
// Invariant: a rule is a pure function of these. Not here: the rules (none.ts, most.ts, no-new.ts).

import type { Doubt } from './asked/allowances.js';
import type { Condition, MaxCondition, NoNewCondition, NoneCondition } from './asked/conditions.js';
import type { Exception } from './asked/exceptions.js';
import type { ConditionFacts } from './facts.js';

/** What contradicts a condition. */
export interface Failure {
  readonly what: string;
  readonly fingerprint?: string;
  readonly source?: string;
  /** Normalised text. */
  readonly query?: string;
  /** file:line of who sent it, where the application tags it. */
  readonly callers?: readonly string[];
  readonly executions?: number;
}

/** What a rule found: contradictions, and exceptions that covered some. */
export interface Found {
  readonly failures: readonly Failure[];
  readonly doubts: readonly Doubt[];
  readonly excused: ReadonlyArray<{ readonly what: string; readonly exception: Exception }>;
}

export type Asked<Kind extends Condition> = Omit<ConditionFacts, 'condition'> & {
  readonly condition: Kind;
  readonly inForce: readonly Exception[];
};
export type AskedNone = Asked<NoneCondition>;
export type AskedMax = Asked<MaxCondition>;
export type AskedNoNew = Asked<NoNewCondition>;
