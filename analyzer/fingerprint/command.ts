// The command of a text: the verb of its first statement.
// Invariant: an upper-case ASCII word, or '' if the text starts with none. Not here: objects and targets
// (summary.ts).

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { W } from './keywords.js';
import { explainedAt } from './statement-folds.js';

const COMMAND = /^[A-Za-z_]{1,32}$/;

/** "SELECT", "UPDATE", "CREATE" …; WITH gives the verb of its main statement, EXPLAIN that of what it explains. */
export function commandOf(tokens: SqlTokens): string {
  const at = mainVerbAt(tokens);
  if (at === -1) return '';
  const word = tokens.text(at);
  return COMMAND.test(word) ? word.toUpperCase() : '';
}

/** Token of the main verb of the first statement, -1 where there is none. */
function mainVerbAt(tokens: SqlTokens): number {
  const { kind, hash, count } = tokens;
  let at = afterParentheses(tokens, 0);
  if (at < count && hash[at] === W.explain) at = afterParentheses(tokens, explainedAt(tokens, { first: at, count }));
  if (at >= count || kind[at] !== TokenKind.word) return -1;
  if (hash[at] !== W.with) return at;
  let depth = 0;
  for (let i = at + 1; i < count && kind[i] !== TokenKind.semicolon; i++) {
    if (kind[i] === TokenKind.leftParen) depth++;
    else if (kind[i] === TokenKind.rightParen) depth--;
    else if (depth === 0 && isQueryVerb(hash[i])) return i;
  }
  return at;
}

/** The verbs that may follow WITH. */
export function isQueryVerb(hash: number): boolean {
  return hash === W.select || hash === W.insert || hash === W.update || hash === W.delete || hash === W.merge;
}

/** Skips empty statements and the parentheses of (SELECT …) UNION (SELECT …). */
function afterParentheses(tokens: SqlTokens, from: number): number {
  let at = from;
  while (at < tokens.count && (tokens.kind[at] === TokenKind.leftParen || tokens.kind[at] === TokenKind.semicolon))
    at++;
  return at;
}
