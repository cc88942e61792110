// The end of a string, number, quoted identifier, operator or comment.
// Invariant: each function takes the place of a start mark and returns one past the last byte, or length + 1 when
// the end mark is missing. None reads a byte more than a constant number of times.
// Not here: which token starts where (sql-lexer.ts).
// Source of the rules: src/backend/parser/scan.l of PostgreSQL 18.

import { ALLOWS_SIGN_AT_END, CLASS, DIGIT, DOT, WORD } from './byte-classes.js';

/** E'…', B'…', X'…', N'…', U&'…' or U&"…" that starts at `at`; 0 when it is a word of one letter. */
export function prefixedEnd(bytes: Uint8Array, at: number, backslashEscapes: boolean): number {
  const letter = bytes[at] | 0x20;
  if (bytes[at + 1] === 0x27) {
    if (letter === 0x65) return escapedStringEnd(bytes, at + 2);
    if (letter === 0x6e && backslashEscapes) return escapedStringEnd(bytes, at + 2);
    if (letter === 0x62 || letter === 0x78 || letter === 0x6e) return quotedEnd(bytes, at + 2, 0x27);
    return 0;
  }
  const quote = at + 2 < bytes.length ? bytes[at + 2] : 0;
  return letter === 0x75 && (quote === 0x27 || quote === 0x22) ? quotedEnd(bytes, at + 3, quote) : 0;
}

/** Body of '…' or "…" where only the doubled quote escapes. */
export function quotedEnd(bytes: Uint8Array, from: number, quote: number): number {
  const length = bytes.length;
  for (let at = from; at < length; at++) {
    if (bytes[at] !== quote) continue;
    if (at + 1 < length && bytes[at + 1] === quote) at++;
    else return at + 1;
  }
  return length + 1;
}

/** Body of a string where a backslash escapes too. */
export function escapedStringEnd(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  for (let at = from; at < length; at++) {
    const byte = bytes[at];
    if (byte === 0x5c) at++;
    else if (byte === 0x27) {
      if (at + 1 < length && bytes[at + 1] === 0x27) at++;
      else return at + 1;
    }
  }
  return length + 1;
}

/** A number and the letters behind it: 1_000, 0xff, 1e-5, and the junk of 123abc, which may be a mistyped secret. */
export function numberEnd(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  const isHex = bytes[from] === 0x30 && from + 1 < length && (bytes[from + 1] | 0x20) === 0x78;
  let sawDot = false;
  let at = from;
  for (; at < length; at++) {
    const byte = bytes[at];
    const byteClass = CLASS[byte];
    if (byteClass === DOT) {
      if (sawDot || (at + 1 < length && bytes[at + 1] === 0x2e)) break;
      sawDot = true;
    } else if (byteClass !== DIGIT && byteClass !== WORD) break;
    else if ((byte | 0x20) === 0x65 && !isHex && at + 2 < length && CLASS[bytes[at + 2]] === DIGIT) {
      if (bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d) at++;
    }
  }
  return at;
}

/** Letters, digits, underscores, but no dollar sign: $1$$text$$ is a parameter and a string. */
export function plainWordEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && (CLASS[bytes[at]] === WORD || CLASS[bytes[at]] === DIGIT)) at++;
  return at;
}

/** One past the opening $tag$ at `at`, 0 when there is none. */
export function dollarTagEnd(bytes: Uint8Array, at: number): number {
  if (at + 1 >= bytes.length || CLASS[bytes[at + 1]] === DIGIT) return 0;
  const to = plainWordEnd(bytes, at + 1);
  return to < bytes.length && bytes[to] === 0x24 ? to + 1 : 0;
}

/** Linear: a tag holds no dollar sign inside, so two attempts to match it never read the same byte. */
export function dollarStringEnd(bytes: Uint8Array, at: number, opened: number): number {
  const length = bytes.length;
  const tagLength = opened - at;
  let from = opened;
  while (from < length) {
    if (bytes[from] !== 0x24) {
      from++;
      continue;
    }
    let matched = 1;
    while (matched < tagLength && from + matched < length && bytes[from + matched] === bytes[at + matched]) matched++;
    if (matched === tagLength) return from + tagLength;
    from += matched;
  }
  return length + 1;
}

/**
 * A run of operator characters does not end in + or - unless it holds one of ~!@#^&|`?%, so that `=-1` is `=` and `-1`.
 * What is left of the run after that is signs only, each a token.
 */
export function operatorEnd(bytes: Uint8Array, from: number, runEnd: number): number {
  let to = runEnd;
  for (let at = from; at < runEnd; at++) if (ALLOWS_SIGN_AT_END[bytes[at]] === 1) return runEnd;
  while (to > from + 1 && (bytes[to - 1] === 0x2b || bytes[to - 1] === 0x2d)) to--;
  return to;
}

export function startsComment(bytes: Uint8Array, at: number): boolean {
  if (at + 1 >= bytes.length) return false;
  return (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) || (bytes[at] === 0x2f && bytes[at + 1] === 0x2a);
}

/** The -- or nested comment at `at`, 0 when there is none. */
export function commentEnd(bytes: Uint8Array, from: number): number {
  if (!startsComment(bytes, from)) return 0;
  const length = bytes.length;
  let at = from + 2;
  if (bytes[from] === 0x2d) {
    while (at < length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
    return at;
  }
  for (let depth = 1; at < length; at++) {
    if (bytes[at] === 0x2a && bytes[at + 1] === 0x2f) {
      at++;
      if (--depth === 0) return at + 1;
    } else if (bytes[at] === 0x2f && bytes[at + 1] === 0x2a) {
      at++;
      depth++;
    }
  }
  return length + 1;
}
