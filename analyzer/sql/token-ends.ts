// The end of a string, number, quoted identifier, operator or comment.
// Invariant: each function takes the place of a start mark and returns one past the last byte, or length + 1 when
// the end mark is missing. None reads a byte more than a constant number of times.
// Not here: which token starts where (sql-lexer.ts).
// Source of the rules: src/backend/parser/scan.l of PostgreSQL 18.

import { ALLOWS_SIGN_AT_END, CARRIAGE_RETURN, CLASS, DIGIT, DOT, NEWLINE, WORD } from './byte-classes.js';

const QUOTE = 0x27;

/**
 * E'…', B'…', X'…', N'…', U&'…' or U&"…" that starts at `at`; 0 when it is a word of one letter.
 * With backslash escapes the server refuses U&'…', so nobody can say where it ends: the rest of the text belongs to it.
 */
export function prefixedEnd(bytes: Uint8Array, at: number, backslashEscapes: boolean): number {
  const letter = bytes[at] | 0x20;
  if (bytes[at + 1] === QUOTE) {
    if (letter === 0x65 || (letter === 0x6e && backslashEscapes))
      return stringEnd(bytes, escapedPartEnd(bytes, at + 2), escapedPartEnd);
    if (letter === 0x6e) return stringEnd(bytes, plainPartEnd(bytes, at + 2), plainPartEnd);
    if (letter === 0x62 || letter === 0x78) return stringEnd(bytes, bitPartEnd(bytes, at + 2), bitPartEnd);
    return 0;
  }
  const quote = at + 2 < bytes.length ? bytes[at + 2] : 0;
  if (letter !== 0x75) return 0;
  if (quote === 0x22) return quotedEnd(bytes, at + 3, quote);
  if (quote !== QUOTE) return 0;
  if (backslashEscapes) return bytes.length + 1;
  return stringEnd(bytes, plainPartEnd(bytes, at + 3), plainPartEnd);
}

/**
 * End of a string whose first part ends at `end`. After a newline a further quote goes on with the same string, by the
 * rules of its first part: E'it' ⏎ '\'s' is one string. Only white space and comments of -- may be between.
 */
export function stringEnd(
  bytes: Uint8Array,
  end: number,
  partEnd: (bytes: Uint8Array, from: number) => number,
): number {
  let to = end;
  for (;;) {
    const next = to < bytes.length ? nextPartAt(bytes, to) : 0;
    if (next === 0) return to;
    to = partEnd(bytes, next + 1);
  }
}

/** The quote that opens the next part of a string; 0 when the string is over. */
function nextPartAt(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  let sawNewline = false;
  for (let at = from; at < length; at++) {
    const byteClass = CLASS[bytes[at]];
    if (byteClass <= CARRIAGE_RETURN) sawNewline ||= byteClass >= NEWLINE;
    else if (bytes[at] === 0x2d && at + 1 < length && bytes[at + 1] === 0x2d) at = lineEnd(bytes, at + 2) - 1;
    else return sawNewline && bytes[at] === QUOTE ? at : 0;
  }
  return 0;
}

/** Where the doubled quote alone escapes: '…', N'…', U&'…'. */
export function plainPartEnd(bytes: Uint8Array, from: number): number {
  return quotedEnd(bytes, from, QUOTE);
}

/** Where nothing escapes: B'…', X'…'. */
function bitPartEnd(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(QUOTE, from);
  return at === -1 ? bytes.length + 1 : at + 1;
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

/** Where a backslash escapes too: E'…', and more with standard_conforming_strings = off. */
export function escapedPartEnd(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  for (let at = from; at < length; at++) {
    const byte = bytes[at];
    if (byte === 0x5c) at++;
    else if (byte === QUOTE) {
      if (at + 1 < length && bytes[at + 1] === QUOTE) at++;
      else return at + 1;
    }
  }
  return length + 1;
}

/** A number and the letters behind it: 1_000, 0xff, 1e-5, and the junk of 123abc, which may be a mistyped secret. */
export function numberEnd(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  // 0x1f, 0o17, 0b11 have neither a point nor an exponent.
  const isInteger = bytes[from] === 0x30 && from + 1 < length && isRadixLetter(bytes[from + 1] | 0x20);
  let pointAllowed = !isInteger;
  let at = from;
  for (; at < length; at++) {
    const byte = bytes[at];
    const byteClass = CLASS[byte];
    if (byteClass === DOT) {
      if (!pointAllowed || (at + 1 < length && bytes[at + 1] === 0x2e)) break;
      pointAllowed = false;
    } else if (byteClass !== DIGIT && byteClass !== WORD) break;
    else if ((byte | 0x20) === 0x65 && !isInteger && at + 1 < length) {
      const isSigned = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d;
      const digitAt = isSigned ? at + 2 : at + 1;
      if (digitAt >= length || CLASS[bytes[digitAt]] !== DIGIT) continue;
      pointAllowed = false;
      at = digitAt;
    }
  }
  return at;
}

function isRadixLetter(lower: number): boolean {
  return lower === 0x78 || lower === 0x6f || lower === 0x62;
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
  if (bytes[from] === 0x2d) return lineEnd(bytes, at);
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

/** The newline or carriage return that ends a comment of --, or the end of the text. */
function lineEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
  return at;
}
