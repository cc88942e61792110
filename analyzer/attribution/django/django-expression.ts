// Walks expressions by the rules of Django's SQL compiler and counts departures from them.
// Invariant: reads forward only and ends on every input; a text that is cut off is judged by the part that is there.
// Not here: what a departure means for the statement (recognise-django.ts); FROM and SELECT clauses (django-select.ts).
// Source: Query.as_sql, WhereNode.as_sql (several conditions are always in parentheses), Col.as_sql ("table"."column"
// always),
// Func.template, OrderBy.template, in django/db/models of 3.2 to 6.1.

import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import { afterParens, isKind, isLower, isNewline, isText, isUpper, isWord, W } from '../shape/words.js';
import type { DjangoText } from './django-text.js';
import {
  CLAUSE_KEYWORDS,
  EXPRESSION_KEYWORDS,
  HAND_WRITTEN_FUNCTIONS,
  TYPE_CONTINUATION,
  WORDS_BEFORE_GROUP,
} from './django-vocabulary.js';

/** Which clause an expression stands in: it decides what a foreign fragment there would be. */
export type Zone = 'select' | 'where' | 'order' | 'group' | 'set' | 'other';

/** Expressions separated by commas, up to a clause keyword or a closing parenthesis. */
export function expressions(text: DjangoText, zone: Zone): void {
  for (;;) {
    expression(text, zone);
    if (text.ended || !isKind(text.tokens, text.at, TokenKind.comma)) return;
    text.comma();
  }
}

/** One expression at the level of a clause. */
export function expression(text: DjangoText, zone: Zone): void {
  const { tokens } = text;
  let between = 0;
  const { bare } = text;
  while (!text.ended) {
    const i = text.at;
    const kind = tokens.kind[i];
    if (kind === TokenKind.comma || kind === TokenKind.rightParen || kind === TokenKind.semicolon) break;
    const hash = tokens.hash[i];
    if (hash !== 0 && CLAUSE_KEYWORDS.has(hash) && kind === TokenKind.word && !isOperand(text, i)) break;
    if (hash === W.between) between++;
    if (zone === 'where' && (hash === W.and || hash === W.or) && kind === TokenKind.word) {
      // Several conditions stand in parentheses; only extra(where=[…, …]) joins bare ones, each in its own parentheses.
      if (hash === W.and && between > 0) between--;
      else if (tokens.kind[i - 1] === TokenKind.rightParen && isKind(tokens, i + 1, TokenKind.leftParen))
        text.note('extra');
      else text.odd++;
    }
    token(text, zone);
  }
  // An alias stands alone in ORDER BY and GROUP BY.
  if (zone === 'order' || zone === 'group') text.bare = bare;
}

/** FROM in IS DISTINCT FROM, GROUP in WITHIN GROUP, and the like: part of an expression in spite of its name. */
function isOperand(text: DjangoText, i: number): boolean {
  const { tokens } = text;
  if (tokens.hash[i] === W.from) return isWord(tokens, i - 1, W.distinct) && tokens.hash[i - 2] !== W.select;
  if (tokens.hash[i] === W.group) return tokens.hash[i - 1] === W.within;
  // LEFT(…) the function.
  return isKind(tokens, i + 1, TokenKind.leftParen) && tokens.gap[i + 1] === Gap.none && tokens.hash[i] === W.left;
}

/** One token, or one parenthesised group, of an expression. */
function token(text: DjangoText, zone: Zone): void {
  const { tokens } = text;
  const i = text.at;
  if (isNewline(tokens.gap[i]) || tokens.gap[i] === Gap.tab) text.odd += 3;
  switch (tokens.kind[i]) {
    case TokenKind.quotedIdentifier:
      quoted(text, i);
      return;
    case TokenKind.word:
      word(text, i);
      return;
    case TokenKind.leftParen:
      group(text, zone);
      return;
    case TokenKind.cast:
      type(text);
      return;
    case TokenKind.operator:
      operator(text, i);
      return;
    case TokenKind.leftBracket:
      text.nest(() => bracket(text, zone));
      return;
    case TokenKind.dot:
    case TokenKind.other:
      text.odd++;
  }
  text.at++;
}

function quoted(text: DjangoText, i: number): void {
  const { tokens } = text;
  if (tokens.kind[i - 1] === TokenKind.word && tokens.hash[i - 1] === W.as) {
    text.at++;
  } else if (isKind(tokens, i + 1, TokenKind.dot)) {
    let next = i + 2;
    while (isKind(tokens, next, TokenKind.quotedIdentifier) && isKind(tokens, next + 1, TokenKind.dot)) next += 2;
    if (isKind(tokens, next, TokenKind.quotedIdentifier)) text.qualified++;
    else if (next < tokens.count) text.odd += 2;
    text.at = next + 1;
  } else {
    if (tokens.hash[i - 1] !== W.collate && !isKind(tokens, i + 1, TokenKind.leftParen)) text.bare++;
    text.at++;
  }
}

function word(text: DjangoText, i: number): void {
  const { tokens } = text;
  const next = i + 1 < tokens.count ? tokens.kind[i + 1] : 0;
  text.at++;
  if (next === TokenKind.dot) {
    if (isKind(tokens, i + 2, TokenKind.quotedIdentifier)) {
      text.qualified++;
      text.at += 2;
    } else if (!isKind(tokens, i + 3, TokenKind.leftParen) && i + 2 < tokens.count) text.odd += 2;
    return;
  }
  const hash = tokens.hash[i];
  if (next === TokenKind.leftParen && tokens.gap[i + 1] === Gap.none) {
    if (isLower(tokens, i) && HAND_WRITTEN_FUNCTIONS.has(hash) && !isOperandStart(tokens, i + 2)) text.odd++;
    return;
  }
  if (hash === W.as && !isKind(tokens, i + 1, TokenKind.quotedIdentifier)) {
    castType(text, i);
    return;
  }
  if (!EXPRESSION_KEYWORDS.has(hash)) text.odd++;
  // Drivers write boolean literals in lower case, Django the interval of a duration.
  else if (!isUpper(tokens, i) && !isTruth(tokens, i) && !(isText(tokens, i, 'interval') && next === TokenKind.string))
    text.odd++;
}

/** AS in CAST(… AS type), or an alias without quotes (Col1 of 3.2). */
function castType(text: DjangoText, i: number): void {
  if (!isUpper(text.tokens, i)) text.odd++;
  if (text.kind() === TokenKind.word) text.at++;
  typeRest(text);
}

function type(text: DjangoText): void {
  text.at++;
  if (text.kind() === TokenKind.quotedIdentifier) {
    while (text.kind(1) === TokenKind.dot) text.at += 2;
    text.at++;
  } else if (text.kind() === TokenKind.word) text.at++;
  typeRest(text);
}

function typeRest(text: DjangoText): void {
  const { tokens } = text;
  for (;;) {
    const kind = text.kind();
    if (kind === TokenKind.word && TYPE_CONTINUATION.has(tokens.hash[text.at]) && isLower(tokens, text.at)) text.at++;
    else if (kind === TokenKind.leftParen && text.kind(1) === TokenKind.number) text.at = afterParens(tokens, text.at);
    else if (kind === TokenKind.leftBracket) text.at += text.kind(1) === TokenKind.rightBracket ? 2 : 3;
    else return;
  }
}

/** ARRAY['a','b'] as drivers write it, or "column"[1]: commas need no space here. */
function bracket(text: DjangoText, zone: Zone): void {
  text.at++;
  while (!text.ended && text.kind() !== TokenKind.rightBracket) {
    if (text.kind() === TokenKind.comma) text.at++;
    else token(text, zone);
  }
  text.at++;
}

function operator(text: DjangoText, i: number): void {
  const { tokens } = text;
  // Comparisons have a space on both sides; only signs, COUNT(*) and || of custom templates go without.
  const byte = tokens.bytes[tokens.start[i]];
  const comparison = byte === 0x3d || byte === 0x3c || byte === 0x3e;
  if (comparison && (tokens.gap[i] === Gap.none || (i + 1 < tokens.count && tokens.gap[i + 1] === Gap.none)))
    text.odd++;
  text.at++;
}

/** What stands in parentheses. A foreign text in plain parentheses is a fragment of extra() or RawSQL(). */
function readGroup(text: DjangoText, zone: Zone): void {
  const { tokens } = text;
  const open = text.at;
  const before = open > 0 ? tokens.hash[open - 1] : 0;
  const isCall =
    open > 0 &&
    tokens.gap[open] === Gap.none &&
    (tokens.kind[open - 1] === TokenKind.word || tokens.kind[open - 1] === TokenKind.quotedIdentifier) &&
    !WORDS_BEFORE_GROUP.has(before);
  const { odd, qualified, bare, mark, fragment } = text;
  text.at++;
  if (isWord(tokens, text.at, W.select)) text.select(text);
  // Inside parentheses no keyword ends a clause: FROM of EXTRACT, ORDER BY of an aggregate, WHERE of FILTER.
  while (!text.ended && text.kind() !== TokenKind.rightParen && text.kind() !== TokenKind.semicolon) {
    if (text.kind() === TokenKind.comma) text.comma();
    else token(text, zone);
  }
  if (text.kind() === TokenKind.semicolon) text.odd += 3;
  const foreign = text.bad || text.odd > odd || (text.bare > bare && zone === 'where' && !isCall && !text.wrapped);
  const isLookup = before === W.exists && !isKind(tokens, open - 2, TokenKind.leftParen);
  if (foreign && !isCall && before !== W.over && (before !== W.exists || isLookup)) {
    Object.assign(text, { bad: false, odd, qualified, bare, mark, fragment });
    const close = afterParens(tokens, open);
    // extra() would stand in parentheses: this is a lookup of the application's or a package's.
    if (isLookup) text.framed = true;
    if (fragment === '') text.fragment = isLookup ? 'rawsql' : fragmentKind(text, { zone, open, close });
    text.at = close;
    return;
  }
  if (text.at < tokens.count) text.at++;
}

/** extra() stands in front of the columns, as a condition of its own or in ORDER BY; elsewhere it is RawSQL(). */
function fragmentKind(
  text: DjangoText,
  { zone, open, close }: { zone: Zone; open: number; close: number },
): 'extra' | 'rawsql' {
  const { tokens } = text;
  if (zone === 'select') return text.qualified === 0 ? 'extra' : 'rawsql';
  if (zone === 'where')
    return tokens.hash[open - 1] === W.in || isKind(tokens, close, TokenKind.operator) ? 'rawsql' : 'extra';
  return zone === 'set' || zone === 'other' ? 'rawsql' : 'extra';
}

/** One parenthesised group, nested boundedly. */
export function group(text: DjangoText, zone: Zone): void {
  text.nest(() => readGroup(text, zone));
}

function isTruth(tokens: SqlTokens, i: number): boolean {
  return isText(tokens, i, 'true') || isText(tokens, i, 'false');
}

/** An argument Django would write: a quoted column, a call, a parenthesis, U0."x". */
function isOperandStart(tokens: SqlTokens, i: number): boolean {
  if (isKind(tokens, i, TokenKind.quotedIdentifier) || isKind(tokens, i, TokenKind.leftParen)) return true;
  return (
    isKind(tokens, i, TokenKind.word) &&
    (isKind(tokens, i + 1, TokenKind.leftParen) || isKind(tokens, i + 2, TokenKind.quotedIdentifier))
  );
}
