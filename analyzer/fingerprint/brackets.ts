// The open brackets, lists and CASEs of the text being normalised, and the folding of their elements.
// Invariants: an element is compared with at most REMEMBERED earlier ones and what is equal leaves the key, so the work stays linear and a
// list of alike elements has the key of one; outside IN, ARRAY, VALUES and CASE nothing is dropped.
// Dropping is safe for identity: pg_query's fingerprint ignores constants, and sorts and de-duplicates the elements of IN lists, of VALUES and
// the arms of CASE (_fingerprintNode in libpg_query's pg_query_fingerprint.c). It does not do that for ARRAY: only constants are dropped there.
// Not here: which token opens or closes what (normalize.ts).

import { TokenKind } from '../sql/tokens.js';
import { Mark } from './key-marks.js';
import { W } from './keywords.js';

export const Frame = {
  none: 0,
  /** ( … ) of anything else. */
  plain: 1,
  /** [ … ] of anything else. */
  bracket: 2,
  /** IN ( … ) */
  list: 3,
  /** ( … ) as an element of a list or a row of VALUES: constants fold, elements stay. */
  tuple: 4,
  /** ARRAY[ … ] */
  array: 5,
  /** The rows after VALUES. */
  rows: 6,
  /** CASE … END: its WHEN arms. */
  arms: 7,
} as const;

/** What the element so far is. */
export const Element = { empty: 0, constant: 1, castMark: 2, type: 3, typeDot: 4, other: 5, query: 6 } as const;

const REMEMBERED = 4;

/** The key under construction. */
export class KeyBuffer {
  bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafe(4096);
  length = 0;
  /** Hash over the gaps of the tokens that are in the key. */
  layout = 0;
}

export class FoldFrames {
  readonly #key: KeyBuffer;
  depth = 0;
  depthMax = 0;
  /** Kind of the innermost frame. */
  kind: number = Frame.none;
  /** Element of the innermost frame; in `arms`, empty until the first WHEN. */
  element: number = Element.empty;
  #openParens = 0;
  #openBrackets = 0;
  #kinds = new Uint8Array(64);
  #elements = new Uint8Array(64);
  /** Where in the key the separator before the element in progress begins: an element is dropped, and a cut text ends, here. */
  #separatorAt = new Int32Array(64);
  #separatorLayout = new Int32Array(64);
  #elementAt = new Int32Array(64);
  #elementLayout = new Int32Array(64);
  #remembered = new Uint8Array(64);
  #ranges = new Int32Array(64 * REMEMBERED * 2);

  constructor(key: KeyBuffer) {
    this.#key = key;
  }

  reset(): void {
    this.unwind();
    this.depthMax = 0;
  }

  /** Leaves every frame. */
  unwind(): void {
    this.depth = 0;
    this.#openParens = 0;
    this.#openBrackets = 0;
    this.kind = Frame.none;
    this.element = Element.empty;
  }

  open(kind: number): void {
    if (this.depth + 1 >= this.#kinds.length) this.#grow();
    this.#elements[this.depth] = this.element;
    const depth = ++this.depth;
    if (depth > this.depthMax) this.depthMax = depth;
    this.#kinds[depth] = kind;
    this.kind = kind;
    if (isBracketKind(kind)) this.#openBrackets++;
    else if (isParenKind(kind)) this.#openParens++;
    this.element = Element.empty;
    this.#remembered[depth] = 0;
    this.separate();
    this.begin();
  }

  close(): void {
    if (isBracketKind(this.kind)) this.#openBrackets--;
    else if (isParenKind(this.kind)) this.#openParens--;
    this.depth--;
    this.kind = this.depth === 0 ? Frame.none : this.#kinds[this.depth];
    this.element = this.#elements[this.depth];
  }

  /** Leaves frames up to the innermost one that `)` closes, if there is one. */
  closeParen(): void {
    // Without the count, many of these without a partner would each search the whole stack.
    if (this.#openParens === 0) return;
    while (!isParenKind(this.kind)) this.close();
    this.close();
  }

  /** The same for `]`. */
  closeBracket(): void {
    if (this.#openBrackets === 0) return;
    while (!isBracketKind(this.kind)) this.close();
    this.close();
  }

  /** The separator of the next element comes next in the key. */
  separate(): void {
    this.#separatorAt[this.depth] = this.#key.length;
    this.#separatorLayout[this.depth] = this.#key.layout;
  }

  /** The next element's own octets come next in the key. */
  begin(): void {
    this.#elementAt[this.depth] = this.#key.length;
    this.#elementLayout[this.depth] = this.#key.layout;
  }

  /** Ends an element of a list, tuple or array: folds a constant, drops what was there before. */
  endConstantOrOther(): void {
    const key = this.#key;
    const isConstant = this.element === Element.constant || this.element === Element.type;
    if (isConstant) {
      key.length = this.#elementAt[this.depth];
      key.layout = this.#elementLayout[this.depth];
      key.bytes[key.length++] = this.kind === Frame.array ? Mark.arrayConstant : Mark.listConstant;
    }
    // IN ((SELECT …), (SELECT …)) compares with two values, IN ((SELECT …)) with the rows of a query.
    const drops = this.kind === Frame.list ? this.element !== Element.query : this.kind === Frame.array && isConstant;
    if (drops && this.element !== Element.empty) this.endElement();
    this.element = Element.empty;
  }

  /** Ends an element: drops it if it equals one of those remembered, else remembers it. */
  endElement(): void {
    const key = this.#key;
    const depth = this.depth;
    const from = this.#elementAt[depth];
    const count = this.#remembered[depth];
    const base = depth * REMEMBERED * 2;
    for (let i = 0; i < count; i++) {
      const start = this.#ranges[base + i * 2];
      if (this.#ranges[base + i * 2 + 1] - start !== key.length - from) continue;
      let same = 0;
      while (from + same < key.length && key.bytes[from + same] === key.bytes[start + same]) same++;
      if (from + same < key.length) continue;
      key.length = this.#separatorAt[depth];
      key.layout = this.#separatorLayout[depth];
      return;
    }
    if (count === REMEMBERED) return;
    this.#ranges[base + count * 2] = from;
    this.#ranges[base + count * 2 + 1] = key.length;
    this.#remembered[depth] = count + 1;
  }

  /** Where a text that was cut off here is complete: before the unfinished element of the outermost list; -1 outside of lists. */
  completeLength(): number {
    for (let depth = 1; depth <= this.depth; depth++) {
      const kind = this.#kinds[depth];
      if (kind === Frame.list || kind === Frame.array || kind === Frame.rows || kind === Frame.arms)
        return this.#separatorAt[depth];
    }
    return -1;
  }

  #grow(): void {
    const size = this.#kinds.length * 2;
    this.#kinds = copied(this.#kinds, new Uint8Array(size));
    this.#elements = copied(this.#elements, new Uint8Array(size));
    this.#separatorAt = copied(this.#separatorAt, new Int32Array(size));
    this.#separatorLayout = copied(this.#separatorLayout, new Int32Array(size));
    this.#elementAt = copied(this.#elementAt, new Int32Array(size));
    this.#elementLayout = copied(this.#elementLayout, new Int32Array(size));
    this.#remembered = copied(this.#remembered, new Uint8Array(size));
    this.#ranges = copied(this.#ranges, new Int32Array(size * REMEMBERED * 2));
  }
}

/** What an element is after one more token: `constant` and `type` at its end mean that it folds. Parentheses are the caller's. */
export function elementAfter(element: number, kind: number, hash: number): number {
  switch (element) {
    case Element.empty:
      if (kind === TokenKind.string || kind === TokenKind.number || kind === TokenKind.parameter)
        return Element.constant;
      if (hash === W.null || hash === W.true || hash === W.false || hash === W.default) return Element.constant;
      return Element.other;
    case Element.constant:
      return kind === TokenKind.cast ? Element.castMark : Element.other;
    case Element.castMark:
    case Element.typeDot:
      return kind === TokenKind.word || kind === TokenKind.quotedIdentifier ? Element.type : Element.other;
    case Element.type:
      if (kind === TokenKind.dot) return Element.typeDot;
      // The rest of "timestamp with time zone", "double precision", "character varying". A second cast is not a constant to pg_query.
      if (hash === W.with || hash === W.without || hash === W.time || hash === W.zone) return Element.type;
      return hash === W.precision || hash === W.varying ? Element.type : Element.other;
    default:
      return Element.other;
  }
}

function isParenKind(kind: number): boolean {
  return kind === Frame.plain || kind === Frame.list || kind === Frame.tuple;
}

function isBracketKind(kind: number): boolean {
  return kind === Frame.bracket || kind === Frame.array;
}

function copied<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
