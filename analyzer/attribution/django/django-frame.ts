// Recognises statements whose frame is that of Django's compiler, though a part is not.
// Such a part is a CTE in front, or a custom lookup. Packages put such parts into a queryset, so the frame alone
// decides: quoted and qualified columns, joins and keywords as Django writes them. Parentheses are not looked into.
// Invariant: one pass over the tokens outside parentheses; ends on every input.
// Not here: statements that are the compiler's throughout (recognise-django.ts).

import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import { afterParens, isKeyword, isKind, isNewline, isText, isUpper, isValue, isWord, W } from '../shape/words.js';
import { CLAUSE_KEYWORDS, EXPRESSION_KEYWORDS } from './django-vocabulary.js';

export function isDjangoFrame(tokens: SqlTokens, at: number): boolean {
  const start = isKeyword(tokens, at, W.with) ? afterWith(tokens, at) : at;
  // A CTE that a package puts in front is laid out as the package likes, and the statement begins behind it.
  if (start < 0 || (start === at && isNewline(tokens.gap[start]))) return false;
  if (isKeyword(tokens, start, W.select)) return isSelectFrame(tokens, start);
  if (!isKeyword(tokens, start, W.update) && !isKeyword(tokens, start, W.delete)) return false;
  const where = keywordAt(tokens, start + 1, W.where);
  return where > 0 && isQuotedTarget(tokens, start) && isFramed(tokens, start + 1) && isQualifiedBehind(tokens, where);
}

/** Index of the statement behind WITH [RECURSIVE] name [(…)] AS [MATERIALIZED] (…), …; -1 where the prefix is none. */
function afterWith(tokens: SqlTokens, at: number): number {
  let i = at + 1;
  if (isKeyword(tokens, i, W.recursive)) i++;
  for (;;) {
    if (!isKind(tokens, i, TokenKind.quotedIdentifier) && !isKind(tokens, i, TokenKind.word)) return -1;
    i++;
    if (isKind(tokens, i, TokenKind.leftParen)) i = afterParens(tokens, i);
    if (!isKeyword(tokens, i, W.as)) return -1;
    i++;
    if (isKeyword(tokens, i, W.not)) i++;
    if (isKeyword(tokens, i, W.materialized)) i++;
    if (!isKind(tokens, i, TokenKind.leftParen)) return -1;
    i = afterParens(tokens, i);
    if (!isKind(tokens, i, TokenKind.comma)) return i < tokens.count ? i : -1;
    i++;
  }
}

function isSelectFrame(tokens: SqlTokens, select: number): boolean {
  const from = keywordAt(tokens, select + 1, W.from);
  if (from < 0 || !isKind(tokens, from + 1, TokenKind.quotedIdentifier)) return false;
  const isMarked = isText(tokens, from - 1, '"__count"') || isExists(tokens, from);
  if (!isMarked && qualifiedIn(tokens, select + 1) === 0) return false;
  return isFramed(tokens, select + 1) && joinsRight(tokens, from, select > 0);
}

/** SELECT 1 AS "a" FROM …, of exists(). */
function isExists(tokens: SqlTokens, from: number): boolean {
  return isText(tokens, from - 1, '"a"') && isKeyword(tokens, from - 2, W.as) && isValue(tokens, from - 3);
}

/** UPDATE "t" SET "c" = …, DELETE FROM "t" … */
function isQuotedTarget(tokens: SqlTokens, at: number): boolean {
  const name = isWord(tokens, at, W.update) ? at + 1 : at + 2;
  return isKind(tokens, name, TokenKind.quotedIdentifier);
}

/** Index of the keyword outside parentheses, -1 = none. */
function keywordAt(tokens: SqlTokens, from: number, hash: number): number {
  for (let i = from; i < tokens.count; i = next(tokens, i)) if (isKeyword(tokens, i, hash)) return i;
  return -1;
}

/** The token behind `i`, a parenthesis as one token. */
function next(tokens: SqlTokens, i: number): number {
  return tokens.kind[i] === TokenKind.leftParen ? afterParens(tokens, i) : i + 1;
}

/** Columns as "t"."c" outside parentheses, up to the next clause. */
function qualifiedIn(tokens: SqlTokens, from: number): number {
  let count = 0;
  for (let i = from; i < tokens.count && !isKeyword(tokens, i, W.from); i = next(tokens, i)) {
    if (isKind(tokens, i, TokenKind.dot) && isKind(tokens, i + 1, TokenKind.quotedIdentifier)) count++;
  }
  return count;
}

/** A column as "t"."c" anywhere behind: a lookup holds the column that it looks at. */
function isQualifiedBehind(tokens: SqlTokens, from: number): boolean {
  for (let i = from; i < tokens.count; i++) {
    if (isKind(tokens, i, TokenKind.dot) && isKind(tokens, i - 1, TokenKind.quotedIdentifier)) return true;
  }
  return false;
}

/** Outside parentheses: one line, every name quoted, keywords in upper case except in conditions. */
function isFramed(tokens: SqlTokens, from: number): boolean {
  let inWhere = false;
  for (let i = from; i < tokens.count; i = next(tokens, i)) {
    const kind = tokens.kind[i];
    if (isNewline(tokens.gap[i]) || tokens.gap[i] === Gap.tab || kind === TokenKind.semicolon) return false;
    inWhere ||= isKeyword(tokens, i, W.where);
    if (kind === TokenKind.word && !isFrameWord(tokens, i) && !(inWhere && EXPRESSION_KEYWORDS.has(tokens.hash[i])))
      return false;
    // SELECT * and "t".* are nobody's columns.
    if (isText(tokens, i, '*') && !isOperand(tokens, i)) return false;
  }
  return !isNewline(tokens.gapAtEnd) || tokens.unterminated;
}

function isFrameWord(tokens: SqlTokens, i: number): boolean {
  if (tokens.kind[i - 1] === TokenKind.cast || isKind(tokens, i + 1, TokenKind.leftParen)) return true;
  // An alias in front of a quoted column, or behind a table.
  if (isKind(tokens, i + 1, TokenKind.dot)) return isKind(tokens, i + 2, TokenKind.quotedIdentifier);
  const hash = tokens.hash[i];
  if (CLAUSE_KEYWORDS.has(hash) || EXPRESSION_KEYWORDS.has(hash) || FRAME_WORDS.has(hash)) {
    return isUpper(tokens, i) || isText(tokens, i, 'true') || isText(tokens, i, 'false');
  }
  return isUpper(tokens, i);
}

const FRAME_WORDS: ReadonlySet<number> = new Set([W.select, W.join, W.outer, W.update, W.delete, W.conflict, W.do]);

/** A star between two operands is a multiplication. */
function isOperand(tokens: SqlTokens, i: number): boolean {
  const before = tokens.kind[i - 1];
  return before !== TokenKind.word && before !== TokenKind.comma && before !== TokenKind.dot;
}

/**
 * FROM "t", then INNER JOIN or LEFT OUTER JOIN … ON (…), or ` , "t"` of extra(tables=…); never with AS. CTEs join by
 * ON a = b.
 */
function joinsRight(tokens: SqlTokens, from: number, hasCte: boolean): boolean {
  if (isKind(tokens, from + 2, TokenKind.quotedIdentifier)) return false;
  for (let i = from + 2; i < tokens.count; i = next(tokens, i)) {
    const hash = tokens.hash[i];
    if (hash === W.where || hash === W.group || hash === W.order || hash === W.limit) return true;
    if (hash === W.as) return false;
    if (hash === W.join && !isWord(tokens, i - 1, W.inner) && !isWord(tokens, i - 1, W.outer)) return false;
    if (hash === W.on && !hasCte && !isKind(tokens, i + 1, TokenKind.leftParen)) return false;
  }
  return true;
}
