// Recognises texts that Django could have written, by its SQL compiler or otherwise.
// Invariant: only the form counts. Names and literal values do not matter, except in the few fixed statements of
// django-own-sql.ts.
// Not here: what the connection shows (connection-profile.ts).
// Source: django/db/models/sql/compiler.py of 3.2 to 6.1; SQLInsertCompiler, SQLUpdateCompiler, SQLDeleteCompiler.

import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import type { Recognition } from '../shape/shape.js';
import { isKeyword, isKind, isNewline, isWord, W } from '../shape/words.js';
import { expression, expressions, group } from './django-expression.js';
import { isDjangoFrame } from './django-frame.js';
import { recogniseDjangoOwnSql } from './django-own-sql.js';
import { djangoSelect } from './django-select.js';
import { DjangoText } from './django-text.js';

const NO: Recognition = { fit: 'no', construct: '', readsFolded: false };

/** `at` is the first token of the statement proper: behind EXPLAIN (…) or DECLARE … FOR. */
export function recogniseDjango(tokens: SqlTokens, at: number): Recognition {
  const own = recogniseDjangoOwnSql(tokens, at);
  if (own !== undefined) return own;
  const isCte = isWord(tokens, at, W.with);
  if (at >= tokens.count || (!isCte && (isNewline(tokens.gap[at]) || tokens.gap[at] === Gap.spaces))) return NO;
  const text = new DjangoText(tokens, at, djangoSelect);
  switch (tokens.hash[at]) {
    case W.select:
      djangoSelect(text);
      break;
    case W.insert:
      insert(text);
      break;
    case W.update:
      update(text);
      break;
    case W.delete:
      remove(text);
      break;
    case W.with:
      withQueries(text);
      break;
    default:
      if (!isKind(tokens, at, TokenKind.leftParen)) return NO;
      djangoSelect(text);
  }
  return verdict(text);
}

function verdict(text: DjangoText): Recognition {
  const { tokens } = text;
  if (text.at < tokens.count) text.bad = true;
  if (isNewline(tokens.gapAtEnd) && !tokens.unterminated) text.odd++;
  if (text.bad || text.odd > 2 || text.framed) return framed(text);
  const construct = text.fragment === '' ? 'queryset' : text.fragment;
  const readsFolded = false;
  const known = text.qualified > 0 || text.mark;
  if (text.odd > 0) {
    return known && text.qualified > text.odd ? { fit: 'possible', construct, readsFolded } : framed(text);
  }
  if (text.fragment !== '') return { fit: known ? 'likely' : 'possible', construct, readsFolded };
  const fit = text.mark ? 'sure' : 'own';
  return { fit: known ? fit : 'likely', construct, readsFolded };
}

/** Its compiler's frame, and in it something that it does not write. */
function framed({ tokens, first }: DjangoText): Recognition {
  return isDjangoFrame(tokens, first) ? { fit: 'possible', construct: 'rawsql', readsFolded: false } : NO;
}

/**
 * INSERT INTO "t" ("a", "b") VALUES (…), (…) | SELECT * FROM UNNEST(…) | DEFAULT VALUES, then ON CONFLICT and
 * RETURNING.
 */
function insert(text: DjangoText): void {
  const { tokens } = text;
  text.take(W.insert);
  if (!text.take(W.into) || !text.tableName()) {
    text.bad = true;
    return;
  }
  if (text.take(W.default)) {
    if (!text.take(W.values)) text.bad = true;
  } else {
    if (text.kind() === TokenKind.leftParen) {
      if (tokens.gap[text.at] !== Gap.space) text.odd++;
      names(text);
    }
    if (text.take(W.values)) rows(text);
    else if (isWord(tokens, text.at, W.select)) djangoSelect(text);
    else if (!text.ended) text.bad = true;
  }
  conflict(text);
  returning(text);
}

/** ("a", "b") */
function names(text: DjangoText): void {
  text.at++;
  do {
    if (text.ended) return;
    if (!text.tableName()) text.bad = true;
    if (text.kind() === TokenKind.comma && text.tokens.gap[text.at] !== Gap.none) text.odd++;
  } while (text.takeKind(TokenKind.comma));
  if (!text.takeKind(TokenKind.rightParen) && !text.ended) text.bad = true;
}

function rows(text: DjangoText): void {
  do {
    if (text.ended) return;
    if (text.kind() !== TokenKind.leftParen || text.tokens.gap[text.at] !== Gap.space) text.odd++;
    const { bare } = text;
    if (text.kind() === TokenKind.leftParen) group(text, 'set');
    else text.bad = true;
    if (text.bare > bare) text.odd++;
  } while (text.takeKind(TokenKind.comma));
}

/** ON CONFLICT DO NOTHING, ON CONFLICT("a") DO UPDATE SET "b" = EXCLUDED."b". */
function conflict(text: DjangoText): void {
  const { tokens } = text;
  if (!text.take(W.on)) return;
  if (!text.take(W.conflict)) text.bad = true;
  if (text.kind() === TokenKind.leftParen) {
    if (tokens.gap[text.at] === Gap.none) text.mark = true;
    else text.odd++;
    names(text);
  }
  if (!text.take(W.do)) text.odd++;
  if (text.take(W.nothing)) return;
  if (!text.take(W.update) || !text.take(W.set)) text.bad = !text.ended;
  assignments(text);
}

function returning(text: DjangoText): void {
  if (!text.take(W.returning)) return;
  const { bare, qualified } = text;
  expressions(text, 'other');
  if (text.bare > bare || text.qualified === qualified) text.odd += 2;
}

/** "a" = …, "b" = … */
function assignments(text: DjangoText): void {
  const { tokens } = text;
  do {
    if (text.ended) return;
    if (!text.tableName()) text.bad = true;
    if (!isKind(tokens, text.at, TokenKind.operator) && !text.ended) text.bad = true;
    const { bare } = text;
    expression(text, 'set');
    if (text.bare > bare) text.odd++;
    if (text.kind() === TokenKind.comma && tokens.gap[text.at] !== Gap.none) text.odd++;
  } while (text.takeKind(TokenKind.comma));
}

function update(text: DjangoText): void {
  text.take(W.update);
  if (!text.tableName() || !text.take(W.set)) {
    text.bad = true;
    return;
  }
  assignments(text);
  where(text);
  returning(text);
}

function remove(text: DjangoText): void {
  text.take(W.delete);
  if (!text.take(W.from) || !text.tableName()) {
    text.bad = true;
    return;
  }
  where(text);
}

function where(text: DjangoText): void {
  if (!text.take(W.where)) return;
  const { bare } = text;
  expression(text, 'where');
  if (text.bare > bare) text.odd += 3;
}

/** WITH "cte" AS (SELECT …) SELECT …: packages that extend Django's compiler (recursive trees) write so. */
function withQueries(text: DjangoText): void {
  const { tokens } = text;
  text.take(W.with);
  text.take(W.recursive);
  do {
    if (!text.tableName()) {
      text.bad = true;
      return;
    }
    if (text.kind() === TokenKind.leftParen) names(text);
    if (!text.take(W.as) || text.kind() !== TokenKind.leftParen) {
      text.bad = true;
      return;
    }
    group(text, 'set');
  } while (text.takeKind(TokenKind.comma));
  if (isKeyword(tokens, text.at, W.select)) djangoSelect(text);
  else if (isKeyword(tokens, text.at, W.update)) update(text);
  else if (isKeyword(tokens, text.at, W.delete)) remove(text);
  else text.bad = true;
}
