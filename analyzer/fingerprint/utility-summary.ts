// The summary of statements that are no queries: "CREATE TABLE shop_book", "COMMIT".
// Invariant: says at most the verb if the form is not known.
// Not here: queries inside such statements (summary.ts goes on with them).

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { W } from './keywords.js';
import { isNamePart, nameEnd, nameText } from './names.js';

/** Words between the verb and the kind of object that say nothing about which object. */
const MODIFIERS: ReadonlySet<number> = new Set([
  W.or,
  W.replace,
  W.temp,
  W.temporary,
  W.unlogged,
  W.unique,
  W.recursive,
  W.global,
  W.local,
  W.foreign,
]);
/** Words between the kind of object and its name. */
const BEFORE_NAME: ReadonlySet<number> = new Set([W.concurrently, W.if, W.not, W.exists, W.only]);
/** Verbs that are followed by kind and name, and those of them that take a name at once. */
const WITH_OBJECT: ReadonlySet<number> = new Set([W.create, W.alter, W.drop, W.refresh]);
const WITH_NAMES: ReadonlySet<number> = new Set([W.truncate, W.lock, W.copy, W.call]);
/** Kinds whose names are collections or run like one; others (roles, databases …) are told by their kind alone. */
const NAMED_KINDS: ReadonlySet<number> = new Set([
  W.table,
  W.view,
  W.index,
  W.sequence,
  W.type,
  W.function,
  W.procedure,
  W.trigger,
  W.extension,
  W.schema,
]);

/** Adds the words of the utility statement at `at` to `words`. Returns the token where a query inside it may begin. */
export function utilitySummary(tokens: SqlTokens, { at, words }: { at: number; words: string[] }): number {
  const { kind, hash, count } = tokens;
  const verb = /^[A-Za-z_]{1,32}$/.exec(tokens.text(at));
  if (verb !== null) words.push(verb[0].toUpperCase());
  let next = at + 1;
  if (WITH_OBJECT.has(hash[at])) {
    while (next < count && MODIFIERS.has(hash[next])) next++;
    if (hash[next] === W.materialized) next++;
    if (next >= count || kind[next] !== TokenKind.word) return next;
    words[words.length - 1] += ` ${tokens.text(next).toUpperCase()}`;
    return NAMED_KINDS.has(hash[next]) ? names(tokens, { at: next + 1, words }) : endOfStatement(tokens, next);
  }
  if (WITH_NAMES.has(hash[at])) {
    if (hash[next] === W.table) next++;
    return names(tokens, { at: next, words });
  }
  // Everything else is told by its verb; PREPARE name AS goes on with a query.
  return hash[at] === W.prepare ? afterWord(tokens, { from: next, hash: W.as }) : endOfStatement(tokens, next);
}

/** The name, further names after commas, and the table after ON (of an index or a trigger). */
function names(tokens: SqlTokens, { at, words }: { at: number; words: string[] }): number {
  const { kind, hash, count } = tokens;
  let next = at;
  while (next < count && BEFORE_NAME.has(hash[next])) next++;
  while (next < count && isNamePart(kind[next]) && hash[next] !== W.on) {
    const end = nameEnd(tokens, next);
    words.push(nameText(tokens, { at: next, end }));
    next = end;
    if (kind[next] !== TokenKind.comma) break;
    next++;
  }
  if (hash[next] === W.on && next + 1 < count) {
    next++;
    if (hash[next] === W.only) next++;
    if (next < count && isNamePart(kind[next])) {
      const end = nameEnd(tokens, next);
      words.push(nameText(tokens, { at: next, end }));
      next = end;
    }
  }
  return next;
}

function endOfStatement(tokens: SqlTokens, from: number): number {
  let at = from;
  while (at < tokens.count && tokens.kind[at] !== TokenKind.semicolon) at++;
  return at;
}

/** One past the word, or the end of the statement where it is not there. */
function afterWord(tokens: SqlTokens, { from, hash }: { from: number; hash: number }): number {
  const end = endOfStatement(tokens, from);
  for (let at = from; at < end; at++) if (tokens.hash[at] === hash) return at + 1;
  return end;
}
