// Applies the user's rules: a pattern for connections or statements, and the source these get.
// Invariant: the first matching rule decides, with certainty, before any other rule. Matching is linear in the length
// of the input.
// Patterns are whole strings, or globs with `*` at one or both ends (config/values/glob.ts). `sql` is an RE2 expression
// over the normalised text: no literals.
// Not here: reading them from the configuration (config/config-file.ts), the expressions' engine
// (config/values/sql-pattern.ts).

import { globTest } from '../../../config/values/glob.js';
import { isPrefix, prefixTest } from '../../../config/values/network-prefix.js';
import { readSqlPattern, type SqlPattern } from '../../../config/values/sql-pattern.js';
import type { Evidence, Verdict } from '../../../facts/verdict.js';

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
    /** A network as 10.1.0.0/16, or the name of a configured one. */
    readonly client_network?: string;
    /** 'asyncpg' or 'psycopg3': a driver that shows on the wire. */
    readonly driver?: string;
    /** RE2 expression, found anywhere in the normalised text. */
    readonly sql?: string;
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
  /** '' for a Unix socket or where it is not known. */
  clientAddress: string;
  /** The configured network it falls into, or ''. */
  clientNetwork: string;
  /** As the connection's profile knows it by now; '' = not known. */
  driver: string;
  /** Of the rules' SQL expressions, those that are found in the statement: sqlMatches() of its normalised text. */
  sqlMatches: readonly string[];
}

export interface UserDecision {
  /** Given where a matching rule sets a source. */
  verdict: Verdict | undefined;
  pool: string;
  tags: Readonly<Record<string, string>>;
}

const NO_DECISION: UserDecision = Object.freeze({ verdict: undefined, pool: '', tags: Object.freeze({}) });

/** Expressions see this many characters of a normalised text. Lists of values are folded, so few texts are longer. */
const SQL_CHARS_MAX = 32 * 1024;
const NO_MATCHES: readonly string[] = Object.freeze([]);

/** A rule set, with its patterns taken apart once. */
export class UserRules {
  readonly #rules: readonly Compiled[];
  readonly #patterns = new Map<string, SqlPattern>();

  /** Throws UsageError for an expression that RE2 does not take. */
  constructor(rules: readonly UserRule[]) {
    this.#rules = rules.map(compile);
    for (const { name, match } of rules)
      if (match.sql !== undefined) this.#patterns.set(match.sql, readSqlPattern(match.sql, `rule "${name}"`));
  }

  /** Whether any rule looks at the text at all. */
  get readsSql(): boolean {
    return this.#patterns.size > 0;
  }

  /** The rules' expressions found in a normalised text. Keep the answer: it costs microseconds per expression. */
  sqlMatches(query: string): readonly string[] {
    const text = query.slice(0, SQL_CHARS_MAX);
    const found: string[] = [];
    for (const [source, isFoundIn] of this.#patterns) if (isFoundIn(text)) found.push(source);
    return found.length === 0 ? NO_MATCHES : found;
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
  network: { isName: boolean; test: Test } | undefined;
  driver: string | undefined;
  sql: string | undefined;
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
    network: networkOf(match.client_network),
    driver: match.driver,
    sql: match.sql,
    tag: Object.entries(match.tag ?? {}).map(([key, pattern]) => [key, testOf(pattern)!] as const),
    verdict:
      set.source === undefined ? undefined : { source: set.source, construct: '', confidence: 'certain', evidence },
    pool: set.pool ?? '',
    tags: set.tags,
  };
}

function networkOf(network: string | undefined): Compiled['network'] {
  if (network === undefined) return undefined;
  return isPrefix(network)
    ? { isName: false, test: remembered(prefixTest(network)) }
    : { isName: true, test: (name) => name === network };
}

const ADDRESSES_MAX = 1_000;

/** Addresses are few and asked for with every statement. */
function remembered(test: Test): Test {
  const known = new Map<string, boolean>();
  return (address) => {
    let answer = known.get(address);
    if (answer === undefined) {
      answer = test(address);
      if (known.size >= ADDRESSES_MAX) known.clear();
      known.set(address, answer);
    }
    return answer;
  };
}

function testOf(pattern: string | undefined): Test | undefined {
  return pattern === undefined ? undefined : globTest(pattern);
}

function matches(rule: Compiled, subject: UserSubject): boolean {
  if (rule.applicationName !== undefined && !rule.applicationName(subject.applicationName)) return false;
  if (rule.user !== undefined && !rule.user(subject.user)) return false;
  if (rule.database !== undefined && !rule.database(subject.database)) return false;
  if (rule.fingerprint !== undefined && !rule.fingerprint(subject.fingerprint)) return false;
  if (rule.driver !== undefined && rule.driver !== subject.driver) return false;
  if (rule.sql !== undefined && !subject.sqlMatches.includes(rule.sql)) return false;
  const { network } = rule;
  if (network !== undefined && !network.test(network.isName ? subject.clientNetwork : subject.clientAddress))
    return false;
  for (const [key, test] of rule.tag)
    if (!subject.tags.some(([name, value]) => name === key && test(value))) return false;
  return true;
}
