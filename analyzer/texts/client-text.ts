// A client's text as the lexer can read it: in UTF-8, and without the part that is in doubt.
// Invariant: what is a literal to the server is one in the result, or was left out with `endsInDoubt`. A text in UTF-8,
// read under settings that are known, is returned as it is.
// Not here: how characters are told apart (client-encodings.ts); which settings held for a text (the relay says it).

import { isUtf8 } from 'node:buffer';
import { limits } from '../../config/limits.js';
import { IDENTIFIER } from '../sql/byte-classes.js';
import { lex } from '../sql/sql-lexer.js';
import { SqlTokens } from '../sql/tokens.js';
import { CLIENT_ENCODINGS, type ClientEncoding } from './client-encodings.js';

/** The settings under which the server read a text. */
export interface TextReading {
  /** standard_conforming_strings = off. */
  readonly backslashEscapes: boolean;
  /** client_encoding by the server's name. */
  readonly clientEncoding: string;
  /** False where the settings may have been others for a moment. */
  readonly isSure: boolean;
}

/** Nearly every session's. */
export const USUAL_READING: TextReading = Object.freeze({
  backslashEscapes: false,
  clientEncoding: 'UTF8',
  isSure: true,
});

/** SQL as the client sent it. */
export interface ClientText {
  readonly bytes: Uint8Array;
  /** Bytes left out between head and tail; 0 = the text is whole. */
  readonly missingBytes: number;
  readonly reading: TextReading;
  /** The server refused its bytes or those of a parameter (SQLSTATE 22021). */
  readonly isRefused: boolean;
}

/** SQL as the lexer reads it. */
export interface ReadableText {
  readonly bytes: Uint8Array;
  readonly backslashEscapes: boolean;
  readonly missingBytes: number;
  /** Of a cut text: the length of its tail, which is the end of `bytes`. */
  readonly tailBytes: number;
  /** The text went on, but from there nobody can say what is a literal. */
  readonly endsInDoubt: boolean;
}

const BACKSLASH = 0x5c;
const DOLLAR = 0x24;
const EMPTY = new Uint8Array(0);

/** As the client sent it, where nothing has to be done about it. */
export function readableText(text: ClientText): ReadableText {
  const { bytes, missingBytes, reading } = text;
  const tailBytes = missingBytes === 0 ? 0 : Math.min(bytes.length, limits.textTailBytesMax);
  const isUsual = reading.clientEncoding === 'UTF8' && reading.isSure && !text.isRefused;
  if (!isUsual) {
    const encoding = CLIENT_ENCODINGS.get(reading.clientEncoding);
    if (encoding !== undefined) return converted(text, { encoding, tailBytes });
    const doubtFrom = doubtOf(text, bytes.length - tailBytes);
    if (doubtFrom !== -1) return doubtful(bytes.subarray(0, doubtFrom), reading);
  }
  return { bytes, backslashEscapes: reading.backslashEscapes, missingBytes, tailBytes, endsInDoubt: false };
}

function doubtful(bytes: Uint8Array, { backslashEscapes }: TextReading): ReadableText {
  return { bytes, backslashEscapes, missingBytes: 0, tailBytes: 0, endsInDoubt: true };
}

function converted(
  { bytes, missingBytes, reading }: ClientText,
  { encoding, tailBytes }: { encoding: ClientEncoding; tailBytes: number },
): ReadableText {
  const headEnd = bytes.length - tailBytes;
  const head = bytes.subarray(0, headEnd);
  if (!reading.isSure) {
    // What is no ASCII may be another encoding's, so it does not matter which.
    const ascii = head.subarray(0, firstHighByte(bytes, headEnd) >>> 0);
    const doubtFrom = doubtOfBackslashes(ascii);
    if (doubtFrom !== -1) return doubtful(ascii.subarray(0, doubtFrom), reading);
    if (ascii.length < headEnd) return doubtful(ascii, reading);
  }
  const { utf8, isWhole } = inUtf8(head, encoding);
  if (!isWhole) return doubtful(utf8, reading);
  const tail = tailBytes === 0 ? EMPTY : inUtf8(afterSplitCharacter(bytes.subarray(headEnd)), encoding).utf8;
  return {
    bytes: tail.length === 0 ? utf8 : Buffer.concat([utf8, tail]),
    backslashEscapes: reading.backslashEscapes,
    missingBytes,
    tailBytes: tail.length,
    endsInDoubt: false,
  };
}

/** Up to the first byte that is no character; `isWhole`: there was none. */
function inUtf8(bytes: Uint8Array, encoding: ClientEncoding): { utf8: Uint8Array; isWhole: boolean } {
  const parts: Uint8Array[] = [];
  let from = 0;
  let at = 0;
  for (; at < bytes.length; at++) {
    if (bytes[at] < 0x80) continue;
    parts.push(bytes.subarray(from, at));
    const length = encoding.lengthAt(bytes, at);
    if (length === 0) return { utf8: Buffer.concat(parts), isWhole: false };
    parts.push(encoding.utf8At(bytes, at, length));
    at += length - 1;
    from = at + 1;
  }
  if (parts.length === 0) return { utf8: bytes, isWhole: true };
  parts.push(bytes.subarray(from));
  return { utf8: Buffer.concat(parts), isWhole: true };
}

/** A tail may begin inside a character. None of these encodings has a character that ends below a digit. */
function afterSplitCharacter(tail: Uint8Array): Uint8Array {
  let at = 0;
  while (at < tail.length && tail[at] >= 0x30) at++;
  return tail.subarray(at);
}

/** Where a text in an encoding of the usual kind begins to have several readings; -1 = it has one. */
function doubtOf({ bytes, reading, isRefused }: ClientText, headEnd: number): number {
  if (isRefused && !(reading.clientEncoding === 'UTF8' && isUtf8(bytes))) return firstHighByte(bytes, headEnd);
  if (reading.isSure) return -1;
  const head = bytes.subarray(0, headEnd);
  const doubts = [doubtOfBackslashes(head), doubtOfCharacters(head)].filter((at) => at !== -1);
  return doubts.length === 0 ? -1 : Math.min(...doubts);
}

/** 1 for what may end a character of two bytes and is no part of a word. */
const TRAIL_SIGNS = new Uint8Array(256);
for (const sign of '@[\\]^`{|}~') TRAIL_SIGNS[sign.charCodeAt(0)] = 1;

const plain = new SqlTokens();
const escaping = new SqlTokens();

/** The first token that standard_conforming_strings changes. */
function doubtOfBackslashes(bytes: Uint8Array): number {
  if (!bytes.includes(BACKSLASH)) return -1;
  lex(bytes, plain, { backslashEscapes: false });
  lex(bytes, escaping, { backslashEscapes: true });
  const count = Math.min(plain.count, escaping.count);
  for (let i = 0; i < count; i++) if (plain.end[i] !== escaping.end[i]) return plain.start[i];
  return plain.unterminated === escaping.unterminated ? -1 : plain.start[count - 1];
}

/** The first place that is a backslash, or is in the tag of a dollar quote, only if a character may hold ASCII. */
function doubtOfCharacters(bytes: Uint8Array): number {
  if (firstHighByte(bytes, bytes.length) === -1) return -1;
  let dollarAt = -1;
  for (let at = 0; at + 1 < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === DOLLAR) dollarAt = at;
    else if (IDENTIFIER[byte] === 0 && TRAIL_SIGNS[byte] === 0) dollarAt = -1;
    if (byte < 0x80 || TRAIL_SIGNS[bytes[at + 1]] === 0) continue;
    if (bytes[at + 1] === BACKSLASH) return at;
    if (dollarAt !== -1) return dollarAt;
  }
  return -1;
}

function firstHighByte(bytes: Uint8Array, end: number): number {
  for (let at = 0; at < end; at++) if (bytes[at] >= 0x80) return at;
  return -1;
}
