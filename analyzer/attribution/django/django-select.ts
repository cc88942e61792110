// Reads a SELECT as Django's compiler writes it, with subselects and combined queries.
// Invariant: as in django-expression.ts. Not here: INSERT, UPDATE, DELETE (recognise-django.ts).
// Source: SQLCompiler.as_sql, get_from_clause, get_combinator_sql, get_qualify_sql in django/db/models/sql/compiler.py.

import { Gap, TokenKind } from '../../sql/tokens.js';
import { afterParens, isKeyword, isKind, isLower, isText, isValue, isWord, startsWith, W } from '../shape/words.js';
import { expression, expressions, group } from './django-expression.js';
import type { DjangoText } from './django-text.js';

/** SELECT …, or (SELECT …) UNION (SELECT …), with ORDER BY and LIMIT behind. */
export function djangoSelect(text: DjangoText): void {
  member(text);
  while (!text.ended && (text.take(W.union) || text.take(W.intersect) || text.take(W.except))) {
    text.take(W.all);
    if (text.kind() !== TokenKind.leftParen) text.odd++;
    member(text);
  }
  tail(text);
}

function member(text: DjangoText): void {
  if (text.kind() !== TokenKind.leftParen) {
    simpleSelect(text);
    return;
  }
  text.at++;
  text.nest(djangoSelect);
  text.takeKind(TokenKind.rightParen);
}

function simpleSelect(text: DjangoText): void {
  const { tokens } = text;
  if (!text.take(W.select) || isWord(tokens, text.at, W.all)) {
    text.bad = true;
    return;
  }
  const { at, bare, qualified } = text;
  if (text.take(W.distinct) && text.take(W.on) && text.kind() === TokenKind.leftParen) {
    // Columns, or the names of annotations without quotes.
    text.at = afterParens(tokens, text.at);
  }
  let star = false;
  if (isText(tokens, text.at, '*')) {
    star = true;
    text.at++;
  } else {
    existsMark(text);
    expressions(text, 'select');
  }
  const isConstraintCheck = isText(tokens, text.at - 1, '"_check"');
  const hasFrom = isKeyword(tokens, text.at, W.from);
  const wrapped = fromClause(text);
  // Without FROM there is only the validation of constraints.
  if (!hasFrom && at === 1 && !isConstraintCheck && text.at >= tokens.count) text.bad = true;
  // SELECT * is of a subquery, and a column without its table as well.
  if (star && !wrapped && !text.ended) text.odd += 2;
  const outer = text.wrapped;
  text.wrapped = wrapped;
  if (text.take(W.where)) condition(text);
  text.wrapped = outer;
  if (text.take(W.group) && text.take(W.by)) expressions(text, 'group');
  if (text.take(W.having)) condition(text);
  tail(text);
  if (wrapped) text.bare = bare;
  else if (text.bare > bare) text.odd += text.qualified > qualified ? 1 : 2;
}

function condition(text: DjangoText): void {
  expression(text, 'where');
}

/** SELECT 1 AS "a" of exists(), COUNT(*) AS "__count" of count(), "_check" of constraint validation. */
function existsMark(text: DjangoText): void {
  const { tokens, at } = text;
  const alias = isValue(tokens, at)
    ? at + 2
    : isValue(tokens, at + 1) && isKind(tokens, at, TokenKind.leftParen)
      ? at + 4
      : -1;
  if (alias > 0 && isKeyword(tokens, alias - 1, W.as) && isText(tokens, alias, '"a"')) text.mark = true;
  if (isKeyword(tokens, at, W.count) && isText(tokens, at + 5, '"__count"')) text.mark = true;
  if (isKind(tokens, at, TokenKind.leftParen) && startsWith(tokens, at + 6, '"_prefetch_related_val_'))
    text.mark = true;
}

/** @returns whether columns come from a subquery. */
function fromClause(text: DjangoText): boolean {
  const { tokens } = text;
  if (!text.take(W.from)) return false;
  let wrapped = false;
  if (text.kind() === TokenKind.leftParen) {
    wrapped = true;
    text.at++;
    text.nest(djangoSelect);
    text.takeKind(TokenKind.rightParen);
    alias(text);
    if (isText(tokens, text.at - 1, 'subquery') || isText(tokens, text.at - 1, '"subquery"')) text.mark = true;
  } else if (isKeyword(tokens, text.at, W.unnest)) {
    wrapped = true;
    text.mark = true;
    text.at++;
    expression(text, 'other');
  } else firstTable(text);
  while (!text.ended) {
    if (text.kind() === TokenKind.comma) {
      // extra(tables=…) writes ` , "table"`.
      if (tokens.gap[text.at] === Gap.none) text.odd++;
      else text.note('extra');
      text.at++;
      table(text);
    } else if (text.take(W.inner)) join(text);
    else if (text.take(W.left)) {
      if (!text.take(W.outer)) text.odd += 2;
      join(text);
    } else break;
  }
  return wrapped;
}

/** Only subqueries name their first table anew, by a letter and a number. */
function firstTable(text: DjangoText): void {
  const { mark } = text;
  text.mark = false;
  const { at } = text;
  table(text);
  const isNamed =
    text.kind(-1) !== TokenKind.rightParen && text.at > at + 1 && !isKind(text.tokens, text.at - 2, TokenKind.dot);
  if (isNamed && !text.mark) text.odd += 3;
  text.mark ||= mark;
}

function join(text: DjangoText): void {
  if (!text.take(W.join)) text.bad = !text.ended;
  table(text);
  if (!text.take(W.on)) {
    if (!text.ended) text.bad = true;
  } else if (text.kind() === TokenKind.leftParen) group(text, 'other');
  // django-cte joins its tables with a bare comparison.
  else if (isKeyword(text.tokens, text.first, W.with)) expression(text, 'other');
  else if (!text.ended) text.odd += 2;
}

function table(text: DjangoText): void {
  if (text.kind() === TokenKind.leftParen) {
    text.at++;
    text.nest(djangoSelect);
    text.takeKind(TokenKind.rightParen);
  } else if (!text.tableName()) {
    if (!text.ended) text.bad = true;
    return;
  }
  alias(text);
}

/** T3, U0, "T3", subquery, the name of a FilteredRelation: never with AS. */
function alias(text: DjangoText): void {
  const { tokens, at } = text;
  if (text.kind() === TokenKind.quotedIdentifier) {
    if (/^"[A-Z]+[0-9]+"$/.test(tokens.text(at))) text.mark = true;
    text.at++;
  } else if (text.kind() === TokenKind.word) {
    if (isWord(tokens, at, W.as)) text.bad = true;
    else if (/^[A-Z]+[0-9]+$/.test(tokens.text(at))) text.mark = true;
    else if (!isLower(tokens, at)) return;
    text.at++;
  }
}

/** ORDER BY, LIMIT, OFFSET, FOR UPDATE. */
function tail(text: DjangoText): void {
  const { tokens } = text;
  if (text.take(W.order) && text.take(W.by)) {
    for (;;) {
      expression(text, 'order');
      if (!endsOrdered(text)) text.odd++;
      if (text.ended || text.kind() !== TokenKind.comma) break;
      text.comma();
    }
  }
  if (text.take(W.limit)) expression(text, 'other');
  if (text.take(W.offset)) expression(text, 'other');
  if (text.take(W.for)) {
    while (!text.ended && text.kind() === TokenKind.word && isWord(tokens, text.at, W.of) === false) text.at++;
    if (text.take(W.of)) {
      do {
        if (text.kind() === TokenKind.word && !isWord(tokens, text.at, W.skip)) text.at++;
        else text.tableName();
      } while (text.takeKind(TokenKind.comma));
    }
    while (text.take(W.skip) || text.take(W.locked) || text.take(W.nowait));
  }
}

/** Every ordering says ASC or DESC, with NULLS FIRST or NULLS LAST behind it at most. */
function endsOrdered(text: DjangoText): boolean {
  const { tokens } = text;
  if (text.ended) return true;
  let last = text.at - 1;
  if (tokens.hash[last] === W.first || tokens.hash[last] === W.last) last -= 2;
  return tokens.hash[last] === W.asc || tokens.hash[last] === W.desc;
}
