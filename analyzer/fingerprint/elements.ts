// The elements of lists: whether one is a constant, and how what folds of it is written.
// Folded parts are not in the key, but who wrote a text shows in them too: `(1,2)` or `(1, 2)`, `null` or `NULL`.
// Invariants: an element that ends as `constant` or `type` is a constant to pg_query, too. Forms are a sum over the
// distinct ones, so a list has the same sum however long it is and in whatever order.
// Not here: lists and what folds in them (brackets.ts), what forms are for (make-key.ts mixes them into `layout`).

import { Gap, type SqlTokens, TokenKind } from '../sql/tokens.js';
import { Mark } from './key-marks.js';
import { W } from './keywords.js';

/** State of the element being read. */
export const Element = { empty: 0, constant: 1, castMark: 2, type: 3, typeDot: 4, other: 5, query: 6 } as const;

/** State of an element after one more token. One that ends as `constant` or `type` folds. */
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
      // The rest of "timestamp with time zone", "double precision", "character varying".
      if (hash === W.with || hash === W.without || hash === W.time || hash === W.zone) return Element.type;
      // A second cast is no constant to pg_query.
      return hash === W.precision || hash === W.varying ? Element.type : Element.other;
    default:
      return Element.other;
  }
}

/** Forms that are told apart; what comes beyond counts each time. */
const DISTINCT_MAX = 16;
const PRIME = 0x01000193;
const GAP_BEFORE_COMMA = 0x100;
const TIGHT_COMMA = 0x200;

export class Forms {
  sum = 0;
  readonly #seen = new Int32Array(DISTINCT_MAX);
  #count = 0;

  reset(): void {
    this.sum = 0;
    this.#count = 0;
  }

  /** The gap in front of token `i`, inside brackets. */
  addGap({ gap, kind }: SqlTokens, i: number): void {
    const before = gap[i];
    if (before > Gap.space) this.#add((before << 4) | kind[i]);
    else if (kind[i] === TokenKind.comma) {
      if (before !== Gap.none) this.#add(GAP_BEFORE_COMMA);
    } else if (before === Gap.none && i > 1 && kind[i - 1] === TokenKind.comma) {
      this.#add(TIGHT_COMMA | (kind[i] << 4) | kind[i - 2]);
    }
  }

  /** A constant, given as it would stand in the key. */
  addConstant(bytes: Uint8Array, from: number, to: number): void {
    if (to - from === 1 && bytes[from] !== Mark.parameter) return;
    let hash = PRIME;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at], PRIME);
    this.#add(hash);
  }

  #add(form: number): void {
    const count = this.#count;
    for (let i = 0; i < count; i++) if (this.#seen[i] === form) return;
    if (count < DISTINCT_MAX) this.#seen[this.#count++] = form;
    this.sum = (this.sum + mixed(form)) | 0;
  }
}

/** Spread over all bits, so that sums of different forms differ. */
function mixed(form: number): number {
  let hash = Math.imul(form ^ (form >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return hash ^ (hash >>> 16);
}
