// Compiles the user's regular expressions over SQL. The only user of re2js.
// Invariant: matching takes at most a constant times the length of the text, whatever the pattern.
// Source of the syntax: https://github.com/google/re2/wiki/Syntax.
// Not here: the texts that are matched (analyzer/attribution/rules/rule-user.ts).

import { RE2JS } from 're2js';
import { UsageError } from './errors.js';

/** True when the pattern matches anywhere in the text. */
export type SqlPattern = (sql: string) => boolean;

/** Throws UsageError for a pattern that RE2 refuses. */
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
