// Makes the key of a text: the text without literals, comments and spacing.
// Texts with one key are one statement.
// Invariants: no byte of a literal, a comment or a parameter's number is in the key. A token without its end mark
// is one mark. The work is linear.
// Words stay as written, because their case tells who wrote them. A gap becomes one space or none, and is hashed
// apart as `layout`. Not here: the id of a key (fingerprint-of-key.ts), what a text means.

import { Gap, isUnicodeEscaped, type SqlTokens, TokenKind } from '../sql/tokens.js';
import { QUOTE_LEADS, typographicEnd } from '../sql/typographic-quotes.js';
import { Bracket, KeyBuffer, OpenBrackets } from './brackets.js';
import { Element, elementAfter } from './elements.js';
import { Mark } from './key-marks.js';
import { W } from './keywords.js';
import { StatementFolds } from './statement-folds.js';

const LAYOUT_PRIME = 0x01000193;
const DJANGO_CURSOR = Buffer.from('_django_curs_');
/** Bytes after the key, for whoever appends to it. */
const SPARE_BYTES = 16;

/** 1 for the low byte of a word that opens or parts a fold; it rules out most words. */
const FOLDING_WORDS = new Uint8Array(256);
for (const hash of [W.values, W.case, W.when, W.else, W.end, W.uescape]) FOLDING_WORDS[hash & 0xff] = 1;

export class Normalizer {
  /** The key of the last text. */
  readonly key = new KeyBuffer();
  /** Of a cut text: what would complete the key, as pieces of keys; the likeliest first. */
  endings: readonly string[] = [];
  /** Deepest nesting in it. */
  get depthMax(): number {
    return this.#brackets.depthMax;
  }
  readonly #brackets = new OpenBrackets(this.key);
  readonly #folds = new StatementFolds();

  /** `truncated`: the text goes on after these tokens; the key ends with the last complete element. */
  normalize(tokens: SqlTokens, { truncated }: { truncated: boolean }): void {
    const { kind, start, end, hash, gap, bytes } = tokens;
    const key = this.key;
    const brackets = this.#brackets;
    const folds = this.#folds;
    // A token gives at most its own bytes and a space, and there was a gap for the space.
    if (key.bytes.length < bytes.length + SPARE_BYTES) key.bytes = Buffer.allocUnsafe(2 * bytes.length + SPARE_BYTES);
    const out = key.bytes;
    key.length = 0;
    key.layout = 0;
    brackets.reset();
    // The last token of a cut text may be a piece of one.
    let count = truncated ? Math.max(0, tokens.count - 1) : tokens.count;
    const kept = count;
    while (count > 0 && kind[count - 1] === TokenKind.semicolon) count--;
    const unterminatedAt = tokens.unterminated ? tokens.count - 1 : -1;
    let statementAt = 0;

    for (let i = 0; i < count; i++) {
      if (i === statementAt) {
        folds.find(tokens, { first: i, count });
        brackets.unwind();
      }
      const tokenKind = kind[i];
      const tokenHash = hash[i];
      let mark = 0;
      let next = i;

      if (tokenKind === TokenKind.string) mark = Mark.string;
      else if (tokenKind === TokenKind.number) mark = Mark.number;
      else if (tokenKind === TokenKind.parameter) mark = Mark.parameter;
      else if (tokenKind === TokenKind.operator) {
        if (isNegativeNumber(tokens, i)) {
          mark = Mark.number;
          next = i + 1;
        }
      } else if (tokenKind === TokenKind.word) {
        if (FOLDING_WORDS[tokenHash & 0xff] === 1) {
          if (tokenHash === W.uescape && i > 0 && kind[i + 1] === TokenKind.string && isUnicodeEscaped(tokens, i - 1)) {
            i++;
            continue;
          }
          if (brackets.kind === Bracket.arms) this.#endArm(tokenHash);
        }
        const first = bytes[start[i]];
        if (first === 0x5f) {
          if (isDjangoCursor(tokens, start[i])) mark = Mark.djangoCursor;
        } else if (first >= 0x80 && QUOTE_LEADS[first] === 1) {
          const last = typographicEnd(tokens, i);
          if (last !== -1) {
            mark = Mark.string;
            next = last;
          }
        }
      } else if (tokenKind === TokenKind.quotedIdentifier) {
        if (bytes[start[i] + 1] === 0x5f && isDjangoCursor(tokens, start[i] + 1)) mark = Mark.djangoCursor;
      } else if (tokenKind === TokenKind.other) {
        if (bytes[start[i]] < 0x20) mark = Mark.control;
      } else if (tokenKind === TokenKind.semicolon) statementAt = i + 1;
      else if (tokenKind === TokenKind.rightParen || tokenKind === TokenKind.rightBracket) this.#endLast(tokenKind);
      else if (tokenKind === TokenKind.comma) this.#endBeforeComma();
      if (i === folds.nameAt && mark !== Mark.djangoCursor) mark = Mark.name;
      else if (i === folds.valueFrom) {
        mark = Mark.string;
        next = folds.valueTo - 1;
      }

      if (i === unterminatedAt) mark = Mark.unterminated;

      let length = key.length;
      // A comment alone sets tokens apart, too.
      if (length > 0 && (gap[i] !== Gap.none || start[i] > end[i - 1])) out[length++] = 0x20;
      key.layout = Math.imul(key.layout ^ (gap[i] + 1), LAYOUT_PRIME);
      key.length = length;
      if (brackets.depth > 0) key.forms.addGap(tokens, i);
      if (brackets.kind >= Bracket.list) this.#element(tokens, next);
      length = key.length;
      if (mark !== 0) out[length++] = mark;
      else if (tokenKind === TokenKind.quotedIdentifier) {
        for (let at = start[i]; at < end[i]; at++) out[length++] = bytes[at] < 0x20 ? Mark.control : bytes[at];
      } else for (let at = start[i]; at < end[i]; at++) out[length++] = bytes[at];
      key.length = length;
      i = next;

      if (tokenKind === TokenKind.leftParen) this.#openParen(tokens, i);
      else if (tokenKind === TokenKind.leftBracket) this.#openSquare(tokens, i);
      else if (tokenKind === TokenKind.rightParen) this.#closeParen(tokens, i);
      else if (tokenKind === TokenKind.rightBracket) brackets.closeSquare();
      else if (tokenKind === TokenKind.word) {
        if (tokenHash === W.case) brackets.open(Bracket.arms);
        else if (tokenHash === W.end && brackets.kind === Bracket.arms) brackets.close();
        else if (tokenHash === W.values && kind[i + 1] === TokenKind.leftParen) brackets.open(Bracket.rows);
      }
    }
    if (truncated) this.#cut();
    const atEnd = (tokens.gapAtEnd << 1) | (count < kept ? 1 : 0);
    key.layout = Math.imul(Math.imul(key.layout ^ key.forms.sum, LAYOUT_PRIME) ^ atEnd, LAYOUT_PRIME);
  }

  /** Before the bytes of a token inside a list, tuple, array, VALUES or CASE. */
  #element(tokens: SqlTokens, at: number): void {
    const brackets = this.#brackets;
    const kind = tokens.kind[at];
    if (brackets.kind === Bracket.arms) {
      if (tokens.hash[at] === W.when) brackets.begin();
      return;
    }
    if (brackets.kind === Bracket.rows) {
      if (kind === TokenKind.leftParen) brackets.begin();
      return;
    }
    if (kind === TokenKind.comma || kind === TokenKind.rightParen || kind === TokenKind.rightBracket) return;
    if (brackets.element === Element.empty) brackets.begin();
    // The parentheses of a type belong to it: numeric(10, 2), int[].
    const ofType =
      brackets.element === Element.type && (kind === TokenKind.leftParen || kind === TokenKind.leftBracket);
    if (!ofType) brackets.element = elementAfter(brackets.element, kind, tokens.hash[at]);
  }

  #openParen(tokens: SqlTokens, at: number): void {
    const brackets = this.#brackets;
    const opensQuery = isQueryStart(tokens.hash[at + 1]);
    const isElement = brackets.kind >= Bracket.list && brackets.kind <= Bracket.tuple && startsElement(tokens, at);
    if (brackets.kind === Bracket.rows) brackets.open(Bracket.tuple);
    else if (opensQuery) {
      if (isElement) brackets.element = Element.query;
      brackets.open(Bracket.paren);
    } else if (at > 0 && tokens.hash[at - 1] === W.in) brackets.open(Bracket.list);
    else brackets.open(isElement ? Bracket.tuple : Bracket.paren);
  }

  #openSquare(tokens: SqlTokens, at: number): void {
    const isArray =
      at > 0 &&
      (tokens.hash[at - 1] === W.array || (this.#brackets.kind === Bracket.array && startsElement(tokens, at)));
    this.#brackets.open(isArray ? Bracket.array : Bracket.square);
  }

  #closeParen(tokens: SqlTokens, at: number): void {
    const brackets = this.#brackets;
    brackets.closeParen();
    if (brackets.kind !== Bracket.rows) return;
    brackets.endElement();
    if (tokens.kind[at + 1] !== TokenKind.comma || tokens.kind[at + 2] !== TokenKind.leftParen) brackets.close();
  }

  #endLast(kind: number): void {
    const brackets = this.#brackets;
    if (
      kind === TokenKind.rightParen
        ? brackets.kind === Bracket.list || brackets.kind === Bracket.tuple
        : brackets.kind === Bracket.array
    ) {
      brackets.endConstantOrOther();
    }
  }

  #endBeforeComma(): void {
    const brackets = this.#brackets;
    if (brackets.kind === Bracket.list || brackets.kind === Bracket.tuple || brackets.kind === Bracket.array)
      brackets.endConstantOrOther();
    else if (brackets.kind !== Bracket.rows) return;
    brackets.separate();
  }

  /** At WHEN, ELSE and END of a CASE. `element` is empty until its first WHEN. */
  #endArm(hash: number): void {
    const brackets = this.#brackets;
    if (hash !== W.when && hash !== W.else && hash !== W.end) return;
    if (brackets.element !== Element.empty) brackets.endElement();
    brackets.element = hash === W.when ? Element.other : Element.empty;
    brackets.separate();
  }

  #cut(): void {
    const key = this.key;
    const complete = this.#brackets.completeLength();
    if (complete !== -1) key.length = complete;
    this.endings = this.#brackets.endings();
    key.bytes[key.length++] = Mark.truncated;
  }
}

/** A lone minus that belongs to the number behind it: no left operand, no tighter cast (grammar: doNegate). */
function isNegativeNumber(tokens: SqlTokens, at: number): boolean {
  const { kind, start, end, bytes } = tokens;
  if (bytes[start[at]] !== 0x2d || end[at] - start[at] !== 1 || kind[at + 1] !== TokenKind.number) return false;
  const after = kind[at + 2];
  if (at + 2 < tokens.count && (after === TokenKind.cast || after === TokenKind.leftBracket)) return false;
  const before = at === 0 ? 0 : kind[at - 1];
  return (
    before === TokenKind.operator ||
    before === TokenKind.leftParen ||
    before === TokenKind.comma ||
    before === TokenKind.leftBracket
  );
}

/** Whether the bracket at `at` is the first token of a list's element. */
function startsElement(tokens: SqlTokens, at: number): boolean {
  const before = tokens.kind[at - 1];
  return before === TokenKind.leftParen || before === TokenKind.comma || before === TokenKind.leftBracket;
}

function isQueryStart(hash: number): boolean {
  return hash === W.select || hash === W.with || hash === W.values || hash === W.table;
}

/** Django names its server-side cursors by thread and number (django/db/backends/postgresql/base.py). */
function isDjangoCursor(tokens: SqlTokens, from: number): boolean {
  for (let i = 0; i < DJANGO_CURSOR.length; i++) if (tokens.bytes[from + i] !== DJANGO_CURSOR[i]) return false;
  return true;
}
