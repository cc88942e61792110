// Regular expressions of the user over SQL: RE2's syntax, by an engine whose time is linear in the text. The only door to re2js.
// Invariant: no pattern can make matching take longer than a constant times the length of what is matched.
// Not here: what is matched (analyzer/attribution/rules/rule-user.ts). Source of the syntax: https://github.com/google/re2/wiki/Syntax.

import { RE2JS } from 're2js';
import { UsageError } from './errors.js';

/** Whether the pattern is found anywhere in the text. */
export type SqlPattern = (sql: string) => boolean;

/** Throws UsageError for what RE2 does not take. */
export function readSqlPattern(source: string, where: string): SqlPattern {
  try {
    const compiled = RE2JS.compile(source);
    return (sql) => compiled.test(sql);
  } catch (error) {
    throw new UsageError((error as Error).message, {
      where,
      hint: "the syntax is RE2's: no look-around, no back-reference; (?i) at the front ignores case",
      cause: error,
    });
  }
}
