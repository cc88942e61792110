// Look-up tables that say what each byte is to the lexer.
// Invariant: every byte has exactly one class. Bytes from 0x80 up belong to identifiers, as in PostgreSQL (scan.l,
// ident_start).
// Not here: the lexer itself (sql-lexer.ts).

import { Gap, TokenKind } from './tokens.js';

// Classes. The first four are white space and index GAP_AFTER; those of punctuation are PUNCTUATION + their token kind.
const SPACE = 0;
const TAB = 1;
export const NEWLINE = 2;
export const CARRIAGE_RETURN = 3;
export const WORD = 4;
export const DIGIT = 5;
export const QUOTE = 6;
export const DOUBLE_QUOTE = 7;
export const DOLLAR = 8;
export const OPERATOR = 9;
export const DOT = 10;
export const COLON = 11;
export const OTHER = 12;
export const PUNCTUATION = 16;

export const CLASS = byteClasses();
/** The byte in lower case for what may continue an identifier, 0 for all else. */
export const IDENTIFIER = identifierBytes();
/** Gap so far × 4 + class of the next white space byte → gap. */
export const GAP_AFTER = gapTransitions();

/** 1 for the bytes that may follow a string which goes on behind a newline: white space and the dash of a comment. */
export const MAY_GO_ON = new Uint8Array(256);
for (const character of ' \t\v\f\n\r-') MAY_GO_ON[character.charCodeAt(0)] = 1;

/** 1 for the bytes with which an operator may end in + or -. */
export const ALLOWS_SIGN_AT_END = new Uint8Array(256);
for (const character of '~!@#^&|`?%') ALLOWS_SIGN_AT_END[character.charCodeAt(0)] = 1;

function byteClasses(): Uint8Array {
  const classes = new Uint8Array(256).fill(OTHER);
  const set = (characters: string, value: number): void => {
    for (let i = 0; i < characters.length; i++) classes[characters.charCodeAt(i)] = value;
  };
  classes.fill(WORD, 0x80);
  set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', WORD);
  set('0123456789', DIGIT);
  set(' ', SPACE);
  set('\t\v\f', TAB);
  set('\n', NEWLINE);
  set('\r', CARRIAGE_RETURN);
  set("'", QUOTE);
  set('"', DOUBLE_QUOTE);
  set('$', DOLLAR);
  set('~!@#^&|`?+-*/%<>=', OPERATOR);
  set('.', DOT);
  set(':', COLON);
  set('(', PUNCTUATION + TokenKind.leftParen);
  set(')', PUNCTUATION + TokenKind.rightParen);
  set('[', PUNCTUATION + TokenKind.leftBracket);
  set(']', PUNCTUATION + TokenKind.rightBracket);
  set(',', PUNCTUATION + TokenKind.comma);
  set(';', PUNCTUATION + TokenKind.semicolon);
  return classes;
}

function identifierBytes(): Uint8Array {
  const bytes = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const byteClass = CLASS[byte];
    if (byteClass !== WORD && byteClass !== DIGIT && byteClass !== DOLLAR) continue;
    bytes[byte] = byte >= 65 && byte <= 90 ? byte | 32 : byte;
  }
  return bytes;
}

function gapTransitions(): Uint8Array {
  const table = new Uint8Array(8 * 4).fill(Gap.otherNewline);
  const set = (from: number, by: number, to: number): void => {
    table[from * 4 + by] = to;
  };
  set(Gap.none, SPACE, Gap.space);
  set(Gap.space, SPACE, Gap.spaces);
  set(Gap.spaces, SPACE, Gap.spaces);
  set(Gap.tab, SPACE, Gap.tab);
  for (const from of [Gap.none, Gap.space, Gap.spaces, Gap.tab]) set(from, TAB, Gap.tab);
  set(Gap.none, NEWLINE, Gap.newline);
  set(Gap.space, NEWLINE, Gap.spaceNewline);
  set(Gap.spaceNewline, SPACE, Gap.spaceNewlineSpace);
  return table;
}
