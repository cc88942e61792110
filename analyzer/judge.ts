// Gives an execution its verdict: by the user's rules, and by attribution where they say nothing.
// Invariant: a statement is judged by the rules that were in force when it came, also when it waited while the rules
// were read again. Not here: when a session is settled (attribution/is-settled.ts), what the rules mean
// (attribution/rules/rule-user.ts).

import type { Config } from '../config/config.js';
import type { Verdict } from '../facts/verdict.js';
import { attribute, TEXT_UNKNOWN } from './attribution/attribute.js';
import { withTags } from './attribution/comments/tag-set.js';
import type { UserRules, UserSubject } from './attribution/rules/rule-user.js';
import { UNKNOWN_TEXT } from './fingerprint/fingerprint.js';
import type { Attributable, ObservedSession } from './sessions/observed-session.js';

/** The part of the configuration that may change while traffic passes. */
export interface LiveOptions {
  rules: UserRules;
  /** The configured network an address falls into, or ''. */
  networkOf: (clientAddress: string) => string;
  /** Left out = the presets of each kind of finding. */
  findings?: Config['findings'];
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

  /** Applies to later statements. `unsettled`: sessions whose executions wait: they keep the rules they came under. */
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

  /** May give another verdict later, when more is known of the connection. */
  judge(session: ObservedSession, statement: Attributable): Judgement {
    const { rules } = this.#live;
    const { decided, tagSet } = statement;
    if (decided === undefined && rules.isEmpty) return { verdict: attributed(session, statement), tagSet };
    const decision = decided ?? rules.decide(this.#subjectOf(session, statement));
    const verdict = decision.verdict ?? attributed(session, statement);
    return { verdict, tagSet: withTags(tagSet, decision.tags) };
  }

  /** What a rule of the user can match. Without a statement only rules about connections can. */
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
      driver: session.profile.driver,
      sqlMatches: statement?.sqlMatches ?? [],
    };
  }
}

function attributed(session: ObservedSession, statement: Attributable): Verdict {
  if (statement.fingerprint === UNKNOWN_TEXT) return TEXT_UNKNOWN;
  return attribute(statement.shape, { profile: session.profile, tags: statement.tags });
}
