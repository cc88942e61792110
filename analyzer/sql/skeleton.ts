// The skeleton of a text: its bytes with one mark for each plain literal and outer comment.
// Texts that differ in their literals alone have one skeleton. So what is known of one is known of all, without a
// lex.
// Invariant: two texts with one skeleton have the same tokens, except what literals and comments hold; so they have
// the same key and layout. Reading gives up where it is not sure: E'', U&'', dollar quotes, .5, comments inside a
// statement, text without its end mark. It is linear and allocates nothing.
// Not here: tokens (sql-lexer.ts), what is kept by skeleton (fingerprint/skeleton-cache.ts).

import { CLASS, DIGIT, IDENTIFIER, OTHER, WORD } from './byte-classes.js';
import type { LiteralHash } from './literals.js';
import { commentEnd, numberEnd, plainWordEnd, quotedEnd } from './token-ends.js';
import { COMMENTS_MAX, Gap, type SqlTokens } from './tokens.js';
import { WrittenWords } from './written-words.js';

/** Longer texts are bulk literals: their lists are of another length each time, and so are their skeletons. */
export const SKELETON_TEXT_BYTES_MAX = 4096;

// Marks: bytes that no text with a skeleton holds.
const NUMBER = 0x01;
const STRING = 0x02;
const COMMENT = 0x03;

// Steps: how to go on at a byte. Those up to WHITE copy the byte.
const PLAIN = 0;
const WHITE = 1;
const IN_WORD = 2;
const IN_NUMBER = 3;
const IN_STRING = 4;
const IN_QUOTED = 5;
const AT_DOLLAR = 6;
const AT_DOT = 7;
const AT_DASH = 8;
const AT_SLASH = 9;
const UNSURE = 10;

const STEP = steps();

function steps(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    if (CLASS[byte] === WORD) table[byte] = IN_WORD;
    else if (CLASS[byte] === DIGIT) table[byte] = IN_NUMBER;
    else if (byte < 0x20 && CLASS[byte] === OTHER) table[byte] = UNSURE;
  }
  const set = (characters: string, step: number): void => {
    for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = step;
  };
  set(' \t\v\f\n\r', WHITE);
  set("'", IN_STRING);
  set('"', IN_QUOTED);
  set('$', AT_DOLLAR);
  set('.', AT_DOT);
  set('-', AT_DASH);
  set('/', AT_SLASH);
  return table;
}

export class Skeleton extends WrittenWords {
  /** Literals in the text. */
  literals = 0;
  readonly #commentStart = new Int32Array(COMMENTS_MAX);
  readonly #commentEnd = new Int32Array(COMMENTS_MAX);
  #comments = 0;
  #text: Uint8Array = new Uint8Array(0);

  constructor() {
    super(SKELETON_TEXT_BYTES_MAX);
  }

  /**
   * False if the text has no skeleton. Only for texts with standard_conforming_strings = on. A hash with a key takes
   * the literals.
   */
  read(text: Uint8Array, hash?: LiteralHash): boolean {
    const { length } = text;
    if (length > SKELETON_TEXT_BYTES_MAX) return false;
    const out = this.bytes;
    let to = 0;
    let at = 0;
    let from = 0;
    let comments = 0;
    let literals = 0;
    const hashed = hash?.isKeyed === true ? hash : undefined;
    hashed?.begin();
    /** The first token was seen; `inFront` comments came before it. */
    let begun = false;
    let inFront = 0;
    while (at < length) {
      const byte = text[at];
      const step = STEP[byte];
      if (step === WHITE) {
        out[to++] = byte;
        at++;
        continue;
      }
      if (step === AT_SLASH && at + 1 < length && text[at + 1] === 0x2a) {
        const end = commentEnd(text, at);
        if (end > length || comments === COMMENTS_MAX) return false;
        this.#commentStart[comments] = at;
        this.#commentEnd[comments++] = end;
        out[to++] = COMMENT;
        at = end;
        continue;
      }
      if (!begun) {
        begun = true;
        inFront = comments;
      }
      // A comment behind the first token must be behind the last one as well.
      if (comments > inFront) return false;
      switch (step) {
        case PLAIN:
          out[to++] = byte;
          at++;
          break;
        case IN_WORD: {
          let next = byte;
          do {
            out[to++] = next;
            next = ++at < length ? text[at] : 0;
          } while (IDENTIFIER[next] !== 0);
          // It may be a mark in front of a string.
          if (next === 0x27 || next === 0x26) return false;
          break;
        }
        case IN_NUMBER:
          from = at;
          at = numberEnd(text, at);
          out[to++] = NUMBER;
          literals++;
          if (hashed !== undefined) hashed.add(text, from, at);
          break;
        case IN_STRING:
          from = at;
          at = quotedEnd(text, at + 1, 0x27);
          if (at > length) return false;
          out[to++] = STRING;
          literals++;
          if (hashed !== undefined) hashed.add(text, from, at);
          break;
        case IN_QUOTED: {
          let next = byte;
          do {
            out[to++] = next;
            if (++at >= length) return false;
            next = text[at];
            if (next < 0x20) return false;
          } while (next !== 0x22);
          out[to++] = next;
          at++;
          break;
        }
        case AT_DOLLAR: {
          if (at + 1 === length || CLASS[text[at + 1]] !== DIGIT) return false;
          const end = plainWordEnd(text, at + 1);
          if (end < length && text[end] === 0x24) return false;
          while (at < end) out[to++] = text[at++];
          break;
        }
        case AT_DOT:
          if (at + 1 < length && CLASS[text[at + 1]] === DIGIT) return false;
          out[to++] = byte;
          at++;
          break;
        case AT_DASH:
          if (at + 1 < length && text[at + 1] === 0x2d) return false;
          out[to++] = byte;
          at++;
          break;
        case AT_SLASH:
          out[to++] = byte;
          at++;
          break;
        default:
          return false;
      }
    }
    this.#text = text;
    this.#comments = comments;
    this.literals = literals;
    this.finish(to);
    return true;
  }

  /** Fills `tokens` with the comments of the text and no tokens. */
  keepComments(tokens: SqlTokens): void {
    const count = this.#comments;
    tokens.bytes = this.#text;
    tokens.count = 0;
    tokens.kind[0] = 0;
    tokens.hash[0] = 0;
    tokens.gapAtEnd = Gap.none;
    tokens.unterminated = false;
    tokens.commentCount = count;
    for (let i = 0; i < count; i++) {
      tokens.commentStart[i] = this.#commentStart[i];
      tokens.commentEnd[i] = this.#commentEnd[i];
      tokens.commentBeforeToken[i] = 0;
    }
  }
}
