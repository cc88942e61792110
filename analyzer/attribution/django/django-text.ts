// Holds a text while Django's grammar reads it: the reader's position and its findings.
// Invariant: moves forward only; nesting is bounded. Not here: the grammar (django-expression.ts, django-select.ts).

import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import { isKind, isNewline, isUpper, isValue, isWord } from '../shape/words.js';

/** Parentheses within each other; a compiled statement stays far below. */
const DEPTH_MAX = 100;

export class DjangoText {
  readonly tokens: SqlTokens;
  /** Index of the statement's first token. */
  readonly first: number;
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
  /** A part that its compiler does not write, but a lookup or a package may. */
  framed = false;
  /** The conditions being read are of a SELECT around a subselect, whose columns have no table. */
  wrapped = false;
  #depth = 0;
  /** Reads a subselect at `at`; set by django-select.ts, which builds on this file. */
  readonly select: (text: DjangoText) => void;

  constructor(tokens: SqlTokens, at: number, select: (text: DjangoText) => void) {
    this.tokens = tokens;
    this.first = at;
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

  comma(): void {
    const { gap } = this.tokens;
    const next = this.at + 1;
    // Drivers put one more space in front of a negative number and of E'…'.
    const isPadded = gap[next] === Gap.spaces && (this.kind(1) === TokenKind.operator || isValue(this.tokens, next));
    if (gap[this.at] !== Gap.none || (next < this.tokens.count && gap[next] !== Gap.space && !isPadded)) this.odd++;
    this.at++;
  }

  /** Reads what stands one level deeper; beyond the bound the text is nobody's. */
  nest(read: (text: DjangoText) => void): void {
    if (++this.#depth > DEPTH_MAX) this.bad = true;
    else read(this);
    this.#depth--;
  }

  note(fragment: 'extra' | 'rawsql'): void {
    if (this.fragment === '') this.fragment = fragment;
  }
}
