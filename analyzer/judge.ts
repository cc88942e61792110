// What an execution is taken for: by the user's rules, and where they say nothing, by attribution.
// Invariant: a statement is judged by the rules that were in force when it came, also when it waited while they were read again.
// Not here: when a session is settled and what is counted (pipeline.ts), the rules' meaning (rules/rule-user.ts).

import type { Verdict } from '../facts/verdict.js';
import { attribute, TEXT_UNKNOWN } from './attribution/attribute.js';
import { withTags } from './attribution/comments/tag-set.js';
import type { UserRules, UserSubject } from './attribution/rules/rule-user.js';
import { UNKNOWN_TEXT } from './fingerprint/fingerprint.js';
import type { Attributable, ExecutionContext, ObservedSession } from './sessions/observed-session.js';

/** What of the configuration may change while traffic passes. */
export interface LiveOptions {
  rules: UserRules;
  /** The configured network an address falls into, or ''. */
  networkOf: (clientAddress: string) => string;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** Dimensions, those of the user's rules among them; '' = none. */
  readonly tagSet: string;
}

export class Judge {
  #live: LiveOptions;

  constructor(live: LiveOptions) {
    this.#live = live;
  }

  /** Holds for what comes from now on. `unsettled`: sessions whose statements still wait to be judged. */
  reconfigure(live: LiveOptions, unsettled: Iterable<ObservedSession>): void {
    for (const session of unsettled) {
      session.waiting = session.waiting.map((one) => {
        const { statement } = one;
        const decided = statement.decided ?? this.#live.rules.decide(this.#subjectOf(session, statement));
        return { ...one, statement: { ...statement, decided } };
      });
    }
    this.#live = live;
  }

  networkOf(clientAddress: string): string {
    return this.#live.networkOf(clientAddress);
  }

  /** The name that a rule gives to the pool of this connection, or ''. */
  poolNameOf(session: ObservedSession): string {
    const { rules } = this.#live;
    return rules.isEmpty ? '' : rules.decide(this.#subjectOf(session)).pool;
  }

  /** Asked again later, with more known of the connection, it may answer otherwise. */
  judge(session: ObservedSession, statement: Attributable, context: ExecutionContext): Judgement {
    const { rules } = this.#live;
    const { decided, tagSet } = statement;
    if (decided === undefined && rules.isEmpty) return { verdict: attributed(session, statement, context), tagSet };
    const decision = decided ?? rules.decide(this.#subjectOf(session, statement));
    const verdict = decision.verdict ?? attributed(session, statement, context);
    return { verdict, tagSet: withTags(tagSet, decision.tags) };
  }

  /** What a user's rule looks at. Without a statement: rules that speak of the connection alone. */
  #subjectOf(session: ObservedSession, statement?: Attributable): UserSubject {
    const { clientAddress } = session.facts;
    return {
      applicationName: session.applicationName,
      user: session.parameter('user'),
      database: session.parameter('database') || session.parameter('user'),
      tags: statement?.tags.pairs ?? [],
      fingerprint: statement?.fingerprint ?? '',
      clientAddress,
      clientNetwork: session.identity?.clientNetwork ?? this.#live.networkOf(clientAddress),
      sqlMatches: statement?.sqlMatches ?? [],
    };
  }
}

function attributed(session: ObservedSession, statement: Attributable, context: ExecutionContext): Verdict {
  if (statement.fingerprint === UNKNOWN_TEXT) return TEXT_UNKNOWN;
  const { transactionBefore } = context;
  return attribute(statement.shape, {
    profile: session.profile,
    tags: statement.tags,
    inTransaction: transactionBefore === '' ? undefined : transactionBefore !== 'I',
  });
}
