// Walks a text by the rules of Django's SQL compiler and notes where it departs from them.
// Invariant: reads forward only and ends on every input; a text that breaks off in the middle is judged by what there is of it.
// Not here: what a departure means for the statement (recognise-django.ts) and its FROM and SELECT clauses (django-select.ts).
// Source: Query.as_sql, WhereNode.as_sql (several conditions are always in parentheses), Col.as_sql ("table"."column" always),
// Func.template, OrderBy.template, in django/db/models of 3.2 to 6.1.

import { Gap, type SqlTokens, TokenKind } from '../sql/tokens.js';
import {
  CLAUSE_KEYWORDS,
  EXPRESSION_KEYWORDS,
  HAND_WRITTEN_FUNCTIONS,
  TYPE_CONTINUATION,
  WORDS_BEFORE_GROUP,
} from './django-vocabulary.js';
import { afterParens, isKind, isLower, isNewline, isUpper, isWord, W } from './words.js';

/** Which clause an expression stands in: it decides what a foreign fragment there would be. */
export type Zone = 'select' | 'where' | 'order' | 'group' | 'set' | 'other';

/** Parentheses within each other; a compiled statement stays far below. */
const DEPTH_MAX = 100;

export class DjangoText {
  readonly tokens: SqlTokens;
  at: number;
  /** Columns as "table"."column". */
  qualified = 0;
  /** Quoted names without their table, where Django would have named it. */
  bare = 0;
  /** Departures that a custom expression could explain. */
  odd = 0;
  /** A departure that nothing explains. */
  bad = false;
  /** Something only Django writes. */
  mark = false;
  /** A hand-written fragment in an otherwise compiled statement: extra() or RawSQL(). */
  fragment: '' | 'extra' | 'rawsql' = '';
  #depth = 0;
  /** Reads a subselect at `at`; set by django-select.ts, which builds on this file. */
  readonly select: (text: DjangoText) => void;

  constructor(tokens: SqlTokens, at: number, select: (text: DjangoText) => void) {
    this.tokens = tokens;
    this.at = at;
    this.select = select;
  }

  get ended(): boolean {
    return this.at >= this.tokens.count || this.bad;
  }

  kind(ahead = 0): number {
    const index = this.at + ahead;
    return index < this.tokens.count ? this.tokens.kind[index] : 0;
  }

  /** The upper-case keyword is next: step over it. */
  take(hash: number): boolean {
    if (!isWord(this.tokens, this.at, hash)) return false;
    if (!isUpper(this.tokens, this.at) || isNewline(this.tokens.gap[this.at])) this.bad = true;
    this.at++;
    return true;
  }

  takeKind(kind: number): boolean {
    if (!isKind(this.tokens, this.at, kind)) return false;
    if (isNewline(this.tokens.gap[this.at])) this.bad = true;
    this.at++;
    return true;
  }

  /** "name", "schema"."name". */
  tableName(): boolean {
    if (!this.takeKind(TokenKind.quotedIdentifier)) return false;
    while (this.kind() === TokenKind.dot && this.kind(1) === TokenKind.quotedIdentifier) this.at += 2;
    return true;
  }

  /** Expressions separated by commas, up to a clause keyword or a closing parenthesis. */
  list(zone: Zone): void {
    for (;;) {
      this.expression(zone);
      if (this.ended || !isKind(this.tokens, this.at, TokenKind.comma)) return;
      this.comma();
    }
  }

  comma(): void {
    const { gap } = this.tokens;
    const next = this.at + 1;
    // Drivers put one more space in front of a negative number.
    const isSigned = this.kind(1) === TokenKind.operator && gap[next] === Gap.spaces;
    if (gap[this.at] !== Gap.none || (next < this.tokens.count && gap[next] !== Gap.space && !isSigned)) this.odd++;
    this.at++;
  }

  /** One expression at the level of a clause. */
  expression(zone: Zone): void {
    const { tokens } = this;
    let between = 0;
    const { bare } = this;
    while (!this.ended) {
      const i = this.at;
      const kind = tokens.kind[i];
      if (kind === TokenKind.comma || kind === TokenKind.rightParen || kind === TokenKind.semicolon) break;
      const hash = tokens.hash[i];
      if (hash !== 0 && CLAUSE_KEYWORDS.has(hash) && kind === TokenKind.word && !this.isOperand(i)) break;
      if (hash === W.between) between++;
      if (zone === 'where' && (hash === W.and || hash === W.or) && kind === TokenKind.word) {
        // Several conditions stand in parentheses; only extra(where=[…, …]) joins bare ones, each in its own parentheses.
        if (hash === W.and && between > 0) between--;
        else if (tokens.kind[i - 1] === TokenKind.rightParen && isKind(tokens, i + 1, TokenKind.leftParen))
          this.note('extra');
        else this.odd++;
      }
      this.token(zone);
    }
    // An alias stands alone in ORDER BY and GROUP BY.
    if (zone === 'order' || zone === 'group') this.bare = bare;
  }

  /** FROM in IS DISTINCT FROM, GROUP in WITHIN GROUP, and the like: part of an expression in spite of its name. */
  isOperand(i: number): boolean {
    const { tokens } = this;
    if (tokens.hash[i] === W.from) return isWord(tokens, i - 1, W.distinct) && tokens.hash[i - 2] !== W.select;
    if (tokens.hash[i] === W.group) return tokens.hash[i - 1] === W.within;
    // LEFT(…) the function.
    return isKind(tokens, i + 1, TokenKind.leftParen) && tokens.gap[i + 1] === Gap.none && tokens.hash[i] === W.left;
  }

  /** One token, or one parenthesised group, of an expression. */
  token(zone: Zone): void {
    const { tokens } = this;
    const i = this.at;
    if (isNewline(tokens.gap[i]) || tokens.gap[i] === Gap.tab) this.odd += 3;
    switch (tokens.kind[i]) {
      case TokenKind.quotedIdentifier:
        this.quoted(i);
        return;
      case TokenKind.word:
        this.word(i);
        return;
      case TokenKind.leftParen:
        this.group(zone);
        return;
      case TokenKind.cast:
        this.type();
        return;
      case TokenKind.operator:
        this.operator(i);
        return;
      case TokenKind.leftBracket:
        this.nest(() => this.bracket(zone));
        return;
      case TokenKind.dot:
      case TokenKind.other:
        this.odd++;
    }
    this.at++;
  }

  quoted(i: number): void {
    const { tokens } = this;
    if (tokens.kind[i - 1] === TokenKind.word && tokens.hash[i - 1] === W.as) {
      this.at++;
    } else if (isKind(tokens, i + 1, TokenKind.dot)) {
      let next = i + 2;
      while (isKind(tokens, next, TokenKind.quotedIdentifier) && isKind(tokens, next + 1, TokenKind.dot)) next += 2;
      if (isKind(tokens, next, TokenKind.quotedIdentifier)) this.qualified++;
      else if (next < tokens.count) this.odd += 2;
      this.at = next + 1;
    } else {
      if (tokens.hash[i - 1] !== W.collate && !isKind(tokens, i + 1, TokenKind.leftParen)) this.bare++;
      this.at++;
    }
  }

  word(i: number): void {
    const { tokens } = this;
    const next = i + 1 < tokens.count ? tokens.kind[i + 1] : 0;
    this.at++;
    if (next === TokenKind.dot) {
      if (isKind(tokens, i + 2, TokenKind.quotedIdentifier)) {
        this.qualified++;
        this.at += 2;
      } else if (!isKind(tokens, i + 3, TokenKind.leftParen) && i + 2 < tokens.count) this.odd += 2;
      return;
    }
    const hash = tokens.hash[i];
    if (next === TokenKind.leftParen && tokens.gap[i + 1] === Gap.none) {
      if (isLower(tokens, i) && HAND_WRITTEN_FUNCTIONS.has(hash) && !isOperandStart(tokens, i + 2)) this.odd++;
      return;
    }
    if (hash === W.as && !isKind(tokens, i + 1, TokenKind.quotedIdentifier)) {
      this.castType(i);
      return;
    }
    if (!EXPRESSION_KEYWORDS.has(hash)) this.odd++;
    // Drivers write boolean literals in lower case.
    else if (!isUpper(tokens, i) && !isTruth(tokens, i)) this.odd++;
  }

  /** AS in CAST(… AS type), or an alias without quotes (Col1 of 3.2). */
  castType(i: number): void {
    if (!isUpper(this.tokens, i)) this.odd++;
    if (this.kind() === TokenKind.word) this.at++;
    this.typeRest();
  }

  type(): void {
    this.at++;
    if (this.kind() === TokenKind.quotedIdentifier) {
      while (this.kind(1) === TokenKind.dot) this.at += 2;
      this.at++;
    } else if (this.kind() === TokenKind.word) this.at++;
    this.typeRest();
  }

  typeRest(): void {
    const { tokens } = this;
    for (;;) {
      const kind = this.kind();
      if (kind === TokenKind.word && TYPE_CONTINUATION.has(tokens.hash[this.at]) && isLower(tokens, this.at)) this.at++;
      else if (kind === TokenKind.leftParen && this.kind(1) === TokenKind.number)
        this.at = afterParens(tokens, this.at);
      else if (kind === TokenKind.leftBracket || kind === TokenKind.rightBracket) this.at++;
      else return;
    }
  }

  /** ARRAY['a','b'] as drivers write it, or "column"[1]: commas need no space here. */
  bracket(zone: Zone): void {
    this.at++;
    while (!this.ended && this.kind() !== TokenKind.rightBracket) {
      if (this.kind() === TokenKind.comma) this.at++;
      else this.token(zone);
    }
    this.at++;
  }

  operator(i: number): void {
    const { tokens } = this;
    // Comparisons have a space on both sides; only signs, COUNT(*) and || of custom templates go without.
    const octet = tokens.bytes[tokens.start[i]];
    const comparison = octet === 0x3d || octet === 0x3c || octet === 0x3e;
    if (comparison && (tokens.gap[i] === Gap.none || (i + 1 < tokens.count && tokens.gap[i + 1] === Gap.none)))
      this.odd++;
    this.at++;
  }

  /** What stands in parentheses. A foreign text in plain parentheses is a fragment of extra() or RawSQL(). */
  group(zone: Zone): void {
    this.nest(() => this.#group(zone));
  }

  /** Reads what stands one level deeper; beyond the bound the text is nobody's. */
  nest(read: (text: DjangoText) => void): void {
    if (++this.#depth > DEPTH_MAX) this.bad = true;
    else read(this);
    this.#depth--;
  }

  #group(zone: Zone): void {
    const { tokens } = this;
    const open = this.at;
    const before = open > 0 ? tokens.hash[open - 1] : 0;
    const isCall =
      open > 0 &&
      tokens.gap[open] === Gap.none &&
      (tokens.kind[open - 1] === TokenKind.word || tokens.kind[open - 1] === TokenKind.quotedIdentifier) &&
      !WORDS_BEFORE_GROUP.has(before);
    const { odd, qualified, bare, mark, fragment } = this;
    this.at++;
    if (isWord(tokens, this.at, W.select)) this.select(this);
    // Inside parentheses no keyword ends a clause: FROM of EXTRACT, ORDER BY of an aggregate, WHERE of FILTER.
    while (!this.ended && this.kind() !== TokenKind.rightParen && this.kind() !== TokenKind.semicolon) {
      if (this.kind() === TokenKind.comma) this.comma();
      else this.token(zone);
    }
    if (this.kind() === TokenKind.semicolon) this.odd += 3;
    const foreign = this.bad || this.odd > odd || (this.bare > bare && zone === 'where' && !isCall);
    if (foreign && !isCall && before !== W.over && before !== W.exists) {
      Object.assign(this, { bad: false, odd, qualified, bare, mark, fragment });
      const close = afterParens(tokens, open);
      if (fragment === '') this.fragment = this.fragmentKind(zone, open, close);
      this.at = close;
      return;
    }
    if (this.at < tokens.count) this.at++;
  }

  fragmentKind(zone: Zone, open: number, close: number): 'extra' | 'rawsql' {
    const { tokens } = this;
    if (zone === 'select') return this.qualified === 0 ? 'extra' : 'rawsql';
    if (zone === 'where')
      return tokens.hash[open - 1] === W.in || isKind(tokens, close, TokenKind.operator) ? 'rawsql' : 'extra';
    return zone === 'set' || zone === 'other' ? 'rawsql' : 'extra';
  }

  note(fragment: 'extra' | 'rawsql'): void {
    if (this.fragment === '') this.fragment = fragment;
  }
}

function isTruth(tokens: SqlTokens, i: number): boolean {
  const length = tokens.end[i] - tokens.start[i];
  return length === 4 || length === 5
    ? tokens.bytes[tokens.start[i]] === 0x74 || tokens.bytes[tokens.start[i]] === 0x66
    : false;
}

/** An argument Django would write: a quoted column, a call, a parenthesis, U0."x". */
function isOperandStart(tokens: SqlTokens, i: number): boolean {
  if (isKind(tokens, i, TokenKind.quotedIdentifier) || isKind(tokens, i, TokenKind.leftParen)) return true;
  return (
    isKind(tokens, i, TokenKind.word) &&
    (isKind(tokens, i + 1, TokenKind.leftParen) || isKind(tokens, i + 2, TokenKind.quotedIdentifier))
  );
}
