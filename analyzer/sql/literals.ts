// Tells the literals of a text from those of another text, over the tokens that the lexer found.
// Invariant: names, keywords and comments change nothing; the same text gives the same hash. A text that has a skeleton
// is hashed in the skeleton's walk instead. Not here: the hash itself (proxy/stream/parameters.ts).

import { type SqlTokens, TokenKind } from './tokens.js';

/** Takes the literals of a text, part by part. */
export interface LiteralHash {
  /** False: nothing is to be hashed. */
  readonly isKeyed: boolean;
  begin(): void;
  /** Adds [from, to) of `bytes`. */
  add(bytes: Uint8Array, from: number, to: number): void;
  /** Of all parts since begin(). */
  readonly hash: number;
}

/** Begins `hash` and adds each literal. Returns how many there are. */
export function hashLiterals({ bytes, kind, start, end, count }: SqlTokens, hash: LiteralHash): number {
  hash.begin();
  let literals = 0;
  for (let i = 0; i < count; i++) {
    if (kind[i] !== TokenKind.string && kind[i] !== TokenKind.number) continue;
    hash.add(bytes, start[i], end[i]);
    literals++;
  }
  return literals;
}
