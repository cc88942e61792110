// Rules of the user: what a connection or statement looks like, and what it then is. They go before everything else and are certain.
// Invariant: the first rule that matches decides; matching is linear in the length of what is matched. Patterns are whole strings, or
// globs with one `*` in front, behind, or both. Not here: reading them from the configuration (config/), regular expressions.

import type { Evidence, Verdict } from './verdict.js';

export interface UserRule {
  /** For messages and evidence: its name, or its place in the file. */
  readonly name: string;
  /** All that are given must match. */
  readonly match: {
    readonly application_name?: string;
    readonly user?: string;
    readonly database?: string;
    /** Comment tags by key. */
    readonly tag?: Readonly<Record<string, string>>;
    readonly fingerprint?: string;
  };
  readonly set: {
    /** A built-in source or a name of the user's own. */
    readonly source?: string;
    readonly pool?: string;
    /** Tags to add to the statement. */
    readonly tags?: Readonly<Record<string, string>>;
  };
}

/** What rules look at. */
export interface UserSubject {
  applicationName: string;
  user: string;
  database: string;
  tags: readonly (readonly [key: string, value: string])[];
  fingerprint: string;
}

export interface UserDecision {
  /** Given where a matching rule sets a source. */
  verdict: Verdict | undefined;
  pool: string;
  tags: Readonly<Record<string, string>>;
}

const NO_DECISION: UserDecision = Object.freeze({ verdict: undefined, pool: '', tags: Object.freeze({}) });

/** A rule set, with its patterns taken apart once. */
export class UserRules {
  readonly #rules: readonly Compiled[];

  constructor(rules: readonly UserRule[]) {
    this.#rules = rules.map(compile);
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** The first source, the first pool, and the tags of all rules that match. Allocates nothing where none does. */
  decide(subject: UserSubject): UserDecision {
    let verdict: Verdict | undefined;
    let pool = '';
    let tags: Record<string, string> | undefined;
    for (const rule of this.#rules) {
      if (!matches(rule, subject)) continue;
      verdict ??= rule.verdict;
      if (pool === '') pool = rule.pool;
      if (rule.tags !== undefined) tags = { ...rule.tags, ...tags };
    }
    if (verdict === undefined && pool === '' && tags === undefined) return NO_DECISION;
    return { verdict, pool, tags: tags ?? NO_DECISION.tags };
  }
}

type Test = (value: string) => boolean;

interface Compiled {
  applicationName: Test | undefined;
  user: Test | undefined;
  database: Test | undefined;
  fingerprint: Test | undefined;
  tag: readonly (readonly [key: string, test: Test])[];
  verdict: Verdict | undefined;
  pool: string;
  tags: Readonly<Record<string, string>> | undefined;
}

function compile({ name, match, set }: UserRule): Compiled {
  const evidence: Evidence[] = [{ rule: 'user', saw: `rule "${name}" of the configuration` }];
  return {
    applicationName: testOf(match.application_name),
    user: testOf(match.user),
    database: testOf(match.database),
    fingerprint: testOf(match.fingerprint),
    tag: Object.entries(match.tag ?? {}).map(([key, pattern]) => [key, testOf(pattern)!] as const),
    verdict:
      set.source === undefined ? undefined : { source: set.source, construct: '', confidence: 'certain', evidence },
    pool: set.pool ?? '',
    tags: set.tags,
  };
}

/** Whole string, or a glob with `*` at its ends. */
function testOf(pattern: string | undefined): Test | undefined {
  if (pattern === undefined) return undefined;
  const front = pattern.startsWith('*');
  const back = pattern.length > 1 && pattern.endsWith('*');
  const core = pattern.slice(front ? 1 : 0, back ? -1 : undefined);
  if (front && back) return (value) => value.includes(core);
  if (front) return (value) => value.endsWith(core);
  if (back) return (value) => value.startsWith(core);
  return (value) => value === core;
}

function matches(rule: Compiled, subject: UserSubject): boolean {
  if (rule.applicationName !== undefined && !rule.applicationName(subject.applicationName)) return false;
  if (rule.user !== undefined && !rule.user(subject.user)) return false;
  if (rule.database !== undefined && !rule.database(subject.database)) return false;
  if (rule.fingerprint !== undefined && !rule.fingerprint(subject.fingerprint)) return false;
  for (const [key, test] of rule.tag)
    if (!subject.tags.some(([name, value]) => name === key && test(value))) return false;
  return true;
}
