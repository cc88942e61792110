// The states of one element of a list: a constant, with or without a cast, or something else.
// Invariant: an element that ends as `constant` or `type` is a constant to pg_query, too.
// Not here: lists and what folds in them (brackets.ts).

import { TokenKind } from '../sql/tokens.js';
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
