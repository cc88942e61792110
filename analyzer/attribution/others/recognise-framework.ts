// Recognises texts of other frameworks that quote as Django does, by what only they write.
// They are other ORMs.
// Invariant: a signature is one that Django and SQLAlchemy never write. Where no name is sure the answer is "other".
// Not here: names of savepoints (recognise-names.ts), what follows for the connection (connection/standing.ts).
// Source: texts of peewee 4, Pony 0.7, Tortoise ORM 1.1, Piccolo 1.38, SQLObject 3.14 on the wire.

import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import type { Framework } from '../shape/shape.js';
import { isKeyword, isKind, isNewline, isText, isUpper, isWord, W } from '../shape/words.js';

/** The framework that wrote the text, 'other' for one without a sure name, '' for none or not known. */
export function recogniseFramework(tokens: SqlTokens, at: number): Framework {
  if (!isUpper(tokens, at) || tokens.kind[at] !== TokenKind.word || isNewline(tokens.gap[at])) return '';
  if (hasSelectAll(tokens, at)) return 'piccolo';
  if (!isQuotedThroughout(tokens, at)) return sqlobject(tokens, at);
  return aliased(tokens, at) || tight(tokens, at) || ddl(tokens, at);
}

/** SELECT ALL "t"."c" AS "c", SELECT ALL COUNT(*) AS "count" FROM "t", also inside EXISTS(…). */
function hasSelectAll(tokens: SqlTokens, at: number): boolean {
  for (let i = at; i + 3 < tokens.count; i++) {
    if (!isKeyword(tokens, i, W.select) || !isKeyword(tokens, i + 1, W.all)) continue;
    const isColumn = isKind(tokens, i + 2, TokenKind.quotedIdentifier) && isKind(tokens, i + 3, TokenKind.dot);
    const isCall = isUpper(tokens, i + 2) && isKind(tokens, i + 3, TokenKind.leftParen);
    return (isColumn || isCall) && isQuotedThroughout(tokens, at);
  }
  return false;
}

/** Words are keywords, types and functions in upper case; every name is quoted. People rarely keep that up. */
function isQuotedThroughout(tokens: SqlTokens, at: number): boolean {
  let quoted = 0;
  for (let i = at; i < tokens.count; i++) {
    const kind = tokens.kind[i];
    if (kind === TokenKind.quotedIdentifier) quoted++;
    else if (kind === TokenKind.word && !isUpper(tokens, i) && !isLowerOfDriver(tokens, i)) return false;
  }
  return quoted > 0;
}

/** true, false, null and the types of casts, which drivers and frameworks write in lower case. */
function isLowerOfDriver(tokens: SqlTokens, i: number): boolean {
  if (tokens.kind[i - 1] === TokenKind.cast) return true;
  return isText(tokens, i, 'true') || isText(tokens, i, 'false') || isText(tokens, i, 'null');
}

/** FROM "t" AS "t1": peewee numbers its aliases. FROM "t" "p" on a line of its own: Pony. */
function aliased(tokens: SqlTokens, at: number): Framework {
  let isOther = false;
  for (let i = at; i < tokens.count; i++) {
    if (!isTableAt(tokens, i)) continue;
    const isAs = isKeyword(tokens, i + 2, W.as);
    const alias = isAs ? i + 3 : i + 2;
    if (!isKind(tokens, alias, TokenKind.quotedIdentifier)) continue;
    if (isAs && isNumbered(tokens, alias)) return 'peewee';
    if (isAs) isOther = true;
    else if (isWord(tokens, i, W.from)) {
      if (tokens.gap[i] === Gap.newline) return 'pony';
      // Django names the first table so only in subqueries: "U0".
      if (!isDjangoAlias(tokens, alias)) isOther = true;
    }
  }
  return isOther ? 'other' : '';
}

/** FROM "t", JOIN "t". */
function isTableAt(tokens: SqlTokens, i: number): boolean {
  const hash = tokens.hash[i];
  return (hash === W.from || hash === W.join) && isKind(tokens, i + 1, TokenKind.quotedIdentifier);
}

/** "U0", "V0", "T3". */
function isDjangoAlias({ bytes, start, end }: SqlTokens, i: number): boolean {
  const letter = bytes[start[i] + 1];
  const digit = bytes[end[i] - 2];
  return letter >= 65 && letter <= 90 && digit >= 48 && digit <= 57;
}

/** "t1", "t2". */
function isNumbered({ bytes, start, end }: SqlTokens, i: number): boolean {
  if (bytes[start[i] + 1] !== 0x74 || end[i] - start[i] < 4) return false;
  for (let at = start[i] + 2; at < end[i] - 1; at++) if (bytes[at] < 48 || bytes[at] > 57) return false;
  return true;
}

/** "a","b" and "a"=$1 without a blank: Tortoise's query builder; Piccolo writes INSERT so. */
function tight(tokens: SqlTokens, at: number): Framework {
  let commas = 0;
  let comparisons = 0;
  for (let i = at + 1; i < tokens.count - 1; i++) {
    if (tokens.gap[i] !== Gap.none || tokens.gap[i + 1] !== Gap.none) continue;
    if (!isKind(tokens, i - 1, TokenKind.quotedIdentifier)) continue;
    const kind = tokens.kind[i];
    if (kind === TokenKind.comma && isKind(tokens, i + 1, TokenKind.quotedIdentifier)) commas++;
    else if (kind === TokenKind.operator && !isText(tokens, i, '->') && !isText(tokens, i, '->>')) comparisons++;
  }
  const isPiccolos = isWord(tokens, at, W.insert) && hasDefault(tokens, at);
  if (isPiccolos && commas > 0) return 'piccolo';
  if (comparisons > 0) return 'tortoise';
  return commas > 0 ? 'other' : '';
}

/** VALUES (DEFAULT,$1, …: Piccolo names the key and leaves it to the server. Lists fold: the place does not count. */
function hasDefault(tokens: SqlTokens, at: number): boolean {
  for (let i = at + 1; i < tokens.count; i++)
    if (isKeyword(tokens, i, W.default) && !isWord(tokens, i + 1, W.values)) return true;
  return false;
}

/** CREATE TABLE IF NOT EXISTS "t" ("c" …), CREATE INDEX IF NOT EXISTS "i" ON "t". */
function ddl(tokens: SqlTokens, at: number): Framework {
  if (!isWord(tokens, at, W.create)) return '';
  let i = at + 1;
  while (i < tokens.count && !isWord(tokens, i, W.table) && !isWord(tokens, i, W.index)) {
    if (tokens.kind[i] !== TokenKind.word) return '';
    i++;
  }
  return isWord(tokens, i + 2, W.not) && isWord(tokens, i + 3, W.exists) ? 'other' : '';
}

/** ((t.c) = (1)): SQLObject puts each side of a comparison in parentheses. */
function sqlobject(tokens: SqlTokens, at: number): Framework {
  for (let i = at; i + 8 < tokens.count; i++) {
    const isComparison =
      isKind(tokens, i, TokenKind.leftParen) &&
      isKind(tokens, i + 1, TokenKind.leftParen) &&
      isKind(tokens, i + 2, TokenKind.word) &&
      isKind(tokens, i + 3, TokenKind.dot) &&
      isKind(tokens, i + 5, TokenKind.rightParen) &&
      isKind(tokens, i + 6, TokenKind.operator) &&
      isKind(tokens, i + 7, TokenKind.leftParen);
    if (isComparison) return 'sqlobject';
  }
  return '';
}
