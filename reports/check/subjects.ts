// Words for a statement in a list of failures: its text, and the lines of code that sent it.
// Not here: exceptions (exceptions.ts).

import type { StatementFacts } from '../../facts/answers.js';
import { shortSql } from '../../facts/words/short-sql.js';

const CALLERS_MAX = 3;

/** file:line, where the application tags it. */
export function callersOf({ tags }: Pick<StatementFacts, 'tags'>): string[] {
  return [...(tags.get('caller') ?? [])].sort().slice(0, CALLERS_MAX);
}

/** In one line of a list. */
export function shown({ query }: Pick<StatementFacts, 'query'>): string {
  const text = shortSql(query);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
