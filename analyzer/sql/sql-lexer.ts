// Finds the tokens of one SQL text in one pass over its bytes, by the rules of Postgres' scanner.
// Invariants: every byte that is not white space or comment is in exactly one token. The work is linear in the
// length of the text, whatever it holds. Nothing throws. A token without its end mark reaches to the end of the
// text, so that hiding it hides too much, never too little.
// Not here: what a token means, keywords, whether the text is valid SQL. Encodings: UTF-8 and any superset of
// ASCII.
// Source of the rules: src/backend/parser/scan.l of PostgreSQL 18.

import {
  CARRIAGE_RETURN,
  CLASS,
  COLON,
  DIGIT,
  DOLLAR,
  DOT,
  DOUBLE_QUOTE,
  GAP_AFTER,
  IDENTIFIER,
  MAY_GO_ON,
  OPERATOR,
  PUNCTUATION,
  QUOTE,
  WORD,
} from './byte-classes.js';
import {
  commentEnd,
  dollarStringEnd,
  dollarTagEnd,
  escapedPartEnd,
  numberEnd,
  operatorEnd,
  plainPartEnd,
  plainWordEnd,
  prefixedEnd,
  quotedEnd,
  startsComment,
  stringEnd,
} from './token-ends.js';
import { COMMENTS_MAX, Gap, type SqlTokens, TokenKind } from './tokens.js';

export interface LexOptions {
  /** The session has standard_conforming_strings = off: a backslash escapes inside '…' and N'…'. */
  backslashEscapes?: boolean;
}

const HASH_BASIS = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/** Fills `tokens` from `bytes`, which stay borrowed until the next call. */
export function lex(bytes: Uint8Array, tokens: SqlTokens, options?: LexOptions): void {
  const backslashEscapes = options?.backslashEscapes === true;
  const length = bytes.length;
  let { kind, start, end, hash, gap: gaps } = tokens;
  let capacity = kind.length;
  let count = 0;
  let gap: number = Gap.none;
  let at = 0;
  /** Up to here operator characters are lone signs. Without it a long run would be read again for each of them. */
  let signsUntil = 0;
  tokens.bytes = bytes;
  tokens.commentCount = 0;
  tokens.unterminated = false;

  while (at < length) {
    const byte = bytes[at];
    const byteClass = CLASS[byte];
    if (byteClass <= CARRIAGE_RETURN) {
      gap = GAP_AFTER[gap * 4 + byteClass];
      at++;
      continue;
    }
    let tokenKind: number = TokenKind.other;
    let tokenHash = 0;
    let to = at + 1;
    switch (byteClass) {
      case WORD: {
        tokenKind = TokenKind.word;
        tokenHash = Math.imul(HASH_BASIS ^ IDENTIFIER[byte], HASH_PRIME);
        while (to < length) {
          const lower = IDENTIFIER[bytes[to]];
          if (lower === 0) break;
          tokenHash = Math.imul(tokenHash ^ lower, HASH_PRIME);
          to++;
        }
        if (tokenHash === 0) tokenHash = 1;
        if (to === at + 1 && to < length && (bytes[to] === 0x27 || bytes[to] === 0x26)) {
          const prefixed = prefixedEnd(bytes, at, backslashEscapes);
          if (prefixed !== 0) {
            tokenKind = bytes[to] === 0x26 && bytes[to + 1] === 0x22 ? TokenKind.quotedIdentifier : TokenKind.string;
            tokenHash = 0;
            to = prefixed;
          }
        }
        break;
      }
      case QUOTE:
        tokenKind = TokenKind.string;
        if (backslashEscapes) to = stringEnd(bytes, escapedPartEnd(bytes, at + 1), escapedPartEnd);
        else {
          to = quotedEnd(bytes, at + 1, 0x27);
          // Most strings are followed by a comma or a bracket: those have no further part.
          if (to < length && MAY_GO_ON[bytes[to]] === 1) to = stringEnd(bytes, to, plainPartEnd);
        }
        break;
      case DOUBLE_QUOTE:
        tokenKind = TokenKind.quotedIdentifier;
        to = quotedEnd(bytes, at + 1, 0x22);
        break;
      case DIGIT:
        tokenKind = TokenKind.number;
        to = numberEnd(bytes, at);
        break;
      case DOLLAR:
        if (to < length && CLASS[bytes[to]] === DIGIT) {
          tokenKind = TokenKind.parameter;
          to = plainWordEnd(bytes, to);
        } else {
          const opened = dollarTagEnd(bytes, at);
          if (opened !== 0) {
            tokenKind = TokenKind.string;
            to = dollarStringEnd(bytes, at, opened);
          }
        }
        break;
      case DOT:
        if (to < length && CLASS[bytes[to]] === DIGIT) {
          tokenKind = TokenKind.number;
          to = numberEnd(bytes, at);
        } else {
          // ".." is one token, so that the 10 of 1..10 does not become .10.
          tokenKind = TokenKind.dot;
          if (to < length && bytes[to] === 0x2e) to++;
        }
        break;
      case COLON:
        tokenKind = TokenKind.colon;
        if (to < length && bytes[to] === 0x3a) {
          tokenKind = TokenKind.cast;
          to++;
        } else if (to < length && bytes[to] === 0x3d) to++;
        break;
      case OPERATOR: {
        if (at < signsUntil) {
          tokenKind = TokenKind.operator;
          break;
        }
        const comment = byte === 0x2d || byte === 0x2f ? commentEnd(bytes, at) : 0;
        if (comment !== 0) {
          keepComment(tokens, at, Math.min(comment, length), count);
          if (comment <= length) {
            at = comment;
            continue;
          }
          to = comment;
          break;
        }
        tokenKind = TokenKind.operator;
        while (to < length && CLASS[bytes[to]] === OPERATOR && !startsComment(bytes, to)) to++;
        if (to === at + 1) break;
        signsUntil = to;
        to = operatorEnd(bytes, at, to);
        break;
      }
      default:
        if (byteClass > PUNCTUATION) tokenKind = byteClass - PUNCTUATION;
    }
    if (to > length) {
      to = length;
      tokens.unterminated = true;
    }
    if (count === capacity) {
      tokens.grow();
      ({ kind, start, end, hash, gap: gaps } = tokens);
      capacity = kind.length;
    }
    kind[count] = tokenKind;
    start[count] = at;
    end[count] = to;
    hash[count] = tokenHash;
    gaps[count] = gap;
    count++;
    gap = Gap.none;
    at = to;
  }
  // A sentinel, so that a look one token ahead finds no token of an earlier text.
  if (count === capacity) tokens.grow();
  tokens.kind[count] = 0;
  tokens.hash[count] = 0;
  tokens.count = count;
  tokens.gapAtEnd = gap;
}

function keepComment(tokens: SqlTokens, from: number, to: number, beforeToken: number): void {
  const slot = Math.min(tokens.commentCount, COMMENTS_MAX - 1);
  tokens.commentStart[slot] = from;
  tokens.commentEnd[slot] = to;
  tokens.commentBeforeToken[slot] = beforeToken;
  tokens.commentCount = slot + 1;
}
