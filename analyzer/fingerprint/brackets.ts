// The open brackets, lists and CASEs of the text being normalised; folding of their elements.
// Invariants: an element is compared with at most REMEMBERED earlier ones, and an equal one leaves the key. So the
// work stays linear, and a list of alike elements has the key of one. Outside IN, ARRAY, VALUES and CASE nothing is
// dropped.
// Dropping is safe for identity: pg_query's fingerprint ignores constants, and it sorts and de-duplicates the
// elements of IN lists and VALUES and the arms of CASE (_fingerprintNode in libpg_query's pg_query_fingerprint.c).
// It does not do that for ARRAY: there only constants are dropped.
// Not here: which token opens or closes what (make-key.ts).

import { Element, Forms } from './elements.js';
import { Mark } from './key-marks.js';

export const Bracket = {
  none: 0,
  /** ( … ) of anything else. */
  paren: 1,
  /** [ … ] of anything else. */
  square: 2,
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

const REMEMBERED = 4;

/** Brackets that hold lists of elements. */
const FOLDING: ReadonlySet<number> = new Set([Bracket.list, Bracket.array, Bracket.rows, Bracket.arms]);
/** What closes a bracket, if not a parenthesis. */
const CLOSER_OF: ReadonlyMap<number, string> = new Map([
  [Bracket.square, ']'],
  [Bracket.array, ']'],
  [Bracket.rows, ''],
  [Bracket.arms, ' END'],
]);
/** An element of such a list, if not a string. */
const ELEMENT_OF: ReadonlyMap<number, string> = new Map([
  [Bracket.array, '1'],
  [Bracket.rows, "('')"],
  [Bracket.arms, "WHEN '' THEN ''"],
]);

/** The key under construction. */
export class KeyBuffer {
  bytes: Buffer<ArrayBuffer> = Buffer.allocUnsafe(4096);
  length = 0;
  /** Hash over the gaps of the tokens that are in the key. */
  layout = 0;
  readonly forms = new Forms();
}

export class OpenBrackets {
  readonly #key: KeyBuffer;
  depth = 0;
  depthMax = 0;
  /** Kind of the innermost bracket. */
  kind: number = Bracket.none;
  /** Element of the innermost bracket; in `arms`, empty until the first WHEN. */
  element: number = Element.empty;
  #openParens = 0;
  #openSquares = 0;
  #kinds = new Uint8Array(64);
  #elements = new Uint8Array(64);
  /** Where in the key the separator before the current element begins. A dropped element and a cut text end here. */
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
    this.#key.forms.reset();
    this.unwind();
    this.depthMax = 0;
  }

  /** Leaves every bracket. */
  unwind(): void {
    this.depth = 0;
    this.#openParens = 0;
    this.#openSquares = 0;
    this.kind = Bracket.none;
    this.element = Element.empty;
  }

  open(kind: number): void {
    if (this.depth + 1 >= this.#kinds.length) this.#grow();
    this.#elements[this.depth] = this.element;
    const depth = ++this.depth;
    if (depth > this.depthMax) this.depthMax = depth;
    this.#kinds[depth] = kind;
    this.kind = kind;
    if (isSquareKind(kind)) this.#openSquares++;
    else if (isParenKind(kind)) this.#openParens++;
    this.element = Element.empty;
    this.#remembered[depth] = 0;
    this.separate();
    this.begin();
  }

  close(): void {
    if (isSquareKind(this.kind)) this.#openSquares--;
    else if (isParenKind(this.kind)) this.#openParens--;
    this.depth--;
    this.kind = this.depth === 0 ? Bracket.none : this.#kinds[this.depth];
    this.element = this.#elements[this.depth];
  }

  /** Leaves brackets up to the innermost one that `)` closes, if there is one. */
  closeParen(): void {
    // Without the count, many of these without a partner would each search the whole stack.
    if (this.#openParens === 0) return;
    while (!isParenKind(this.kind)) this.close();
    this.close();
  }

  /** The same for `]`. */
  closeSquare(): void {
    if (this.#openSquares === 0) return;
    while (!isSquareKind(this.kind)) this.close();
    this.close();
  }

  /** The separator of the next element comes next in the key. */
  separate(): void {
    this.#separatorAt[this.depth] = this.#key.length;
    this.#separatorLayout[this.depth] = this.#key.layout;
  }

  /** The next element's own bytes come next in the key. */
  begin(): void {
    this.#elementAt[this.depth] = this.#key.length;
    this.#elementLayout[this.depth] = this.#key.layout;
  }

  /** Ends an element of a list, tuple or array: folds a constant, drops a repeated element. */
  endConstantOrOther(): void {
    const key = this.#key;
    const isConstant = this.element === Element.constant || this.element === Element.type;
    if (isConstant) {
      key.forms.addConstant(key.bytes, this.#elementAt[this.depth], key.length);
      key.length = this.#elementAt[this.depth];
      key.layout = this.#elementLayout[this.depth];
      key.bytes[key.length++] = this.kind === Bracket.array ? Mark.arrayConstant : Mark.listConstant;
    }
    // IN ((SELECT …), (SELECT …)) compares with two values, IN ((SELECT …)) with the rows of a query.
    const drops =
      this.kind === Bracket.list ? this.element !== Element.query : this.kind === Bracket.array && isConstant;
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

  /** Length of the key without the unfinished element of the outermost list; -1 outside of lists. For a cut text. */
  completeLength(): number {
    for (let depth = 1; depth <= this.depth; depth++) {
      if (FOLDING.has(this.#kinds[depth])) return this.#separatorAt[depth];
    }
    return -1;
  }

  /**
   * Pieces of keys that complete a key of completeLength(): what closes the brackets, with an element in front, or
   * with a query behind.
   */
  endings(): string[] {
    let depth = 1;
    while (depth <= this.depth && !FOLDING.has(this.#kinds[depth])) depth++;
    depth = Math.min(depth, this.depth);
    const element = ELEMENT_OF.get(this.#kinds[depth]) ?? "''";
    let closers = '';
    for (let at = depth; at > 0; at--) closers += CLOSER_OF.get(this.#kinds[at]) ?? ')';
    return [closers, ` ${element}${closers}`, `${closers} SELECT 1`];
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

function isParenKind(kind: number): boolean {
  return kind === Bracket.paren || kind === Bracket.list || kind === Bracket.tuple;
}

function isSquareKind(kind: number): boolean {
  return kind === Bracket.square || kind === Bracket.array;
}

function copied<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
