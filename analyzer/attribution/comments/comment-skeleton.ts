// The skeleton of a comment: its bytes with one mark for each value that names a request.
// A trace id makes every comment another one. Without it they repeat, and what is known of one is known of all.
// Invariant: two comments with one skeleton have the same items, except what the marked values hold. A marked value has
// plain characters only, so it holds no end mark, and nothing to decode or unescape. Linear; allocates nothing.
// Not here: what items say (sql-comment.ts), what is kept by skeleton (analyzer/texts/comment-tags-cache.ts).

import { WrittenWords } from '../../sql/written-words.js';
import { COMMENT_BYTES_MAX } from './sql-comment.js';

/** A byte that no comment with a skeleton holds. */
const MARK = 0x01;
/** Values with a mark, and the bytes of one: as of an id. What goes beyond is copied. */
const MARKED_MAX = 8;
const MARKED_BYTES_MAX = 128;

const SPACE = 0x20;
const QUOTE = 0x27;
const COMMA = 0x2c;
const COLON = 0x3a;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/**
 * What a byte may be, in bits: white space around a comment; the first of a key; in a key; in a marked value; in any
 * value with quotes, and in any without, which it neither ends nor escapes.
 */
const WHITE = 1;
const BEGINS_KEY = 2;
const IN_KEY = 4;
const PLAIN = 8;
const IN_QUOTES = 16;
const UNQUOTED = 32;
const KINDS = kinds();

function kinds(): Uint8Array {
  const table = new Uint8Array(256).fill(IN_QUOTES | UNQUOTED);
  table[MARK] = 0;
  table[QUOTE] = table[BACKSLASH] = UNQUOTED;
  table[COMMA] = IN_QUOTES;
  const set = (characters: string, kind: number): void => {
    for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] |= kind;
  };
  set(' \t\n\v\f\r', WHITE);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  set(`${letters}${letters.toUpperCase()}_`, BEGINS_KEY | IN_KEY | PLAIN);
  set('0123456789.-', IN_KEY | PLAIN);
  set('%', IN_KEY);
  set(':=+/~', PLAIN);
  return table;
}

export class CommentSkeleton extends WrittenWords {
  /** Items that were seen whole; of a comment of items all of them. */
  items = 0;
  /** Values that have a mark, in order: of which item, and where they are in the text of the last read(). */
  marked = 0;
  readonly markedItem = new Int32Array(MARKED_MAX);
  readonly markedFrom = new Int32Array(MARKED_MAX);
  readonly markedTo = new Int32Array(MARKED_MAX);
  /** By their length. */
  readonly #keys: (Uint8Array[] | undefined)[] = [];
  #text: Uint8Array = new Uint8Array(0);
  #at = 0;
  #to = 0;

  /** `keys`: of the values that get a mark. ASCII. */
  constructor(keys: Iterable<string>) {
    super(COMMENT_BYTES_MAX);
    for (const key of keys) {
      this.#keys[key.length] ??= [];
      this.#keys[key.length]!.push(Buffer.from(key));
    }
  }

  /** [start, end) of `text`, which is between the marks of a comment. False if it has no skeleton. */
  read(text: Uint8Array, start: number, end: number): boolean {
    if (end - start > COMMENT_BYTES_MAX) return false;
    this.#text = text;
    this.#at = start;
    this.#to = this.marked = this.items = 0;
    this.#copyWhile(WHITE, end);
    while (this.#at < end && this.#copyItem(end));
    // Behind the last item: white space, or something that makes the whole comment prose.
    if (!this.#copyTo(end)) return false;
    this.finish(this.#to);
    return true;
  }

  /** With the comma behind it. False where there is none: the comment ends, or holds no items. */
  #copyItem(end: number): boolean {
    const text = this.#text;
    const from = this.#at;
    if ((KINDS[text[from]] & BEGINS_KEY) === 0) return false;
    this.#copyWhile(IN_KEY, end);
    const sign = this.#at;
    if (sign >= end || (text[sign] !== EQUALS && text[sign] !== COLON)) return false;
    this.#copyByte();
    const isQuoted = this.#at < end && text[this.#at] === QUOTE;
    if (isQuoted) this.#copyByte();
    if (!(this.#isMarked(from, sign) && this.#mark(isQuoted, end)) && !this.#copyValue(isQuoted, end)) return false;
    this.items++;
    while (this.#at < end && text[this.#at] === SPACE) this.#copyByte();
    if (this.#at >= end || text[this.#at] !== COMMA) return false;
    do this.#copyByte();
    while (this.#at < end && text[this.#at] === SPACE);
    return true;
  }

  #isMarked(from: number, to: number): boolean {
    const keys = this.#keys[to - from];
    if (keys === undefined) return false;
    for (const key of keys) {
      let at = 0;
      while (at < key.length && this.#text[from + at] === key[at]) at++;
      if (at === key.length) return true;
    }
    return false;
  }

  /** False where a value is not plain, and nothing is written. */
  #mark(isQuoted: boolean, end: number): boolean {
    const text = this.#text;
    const from = this.#at;
    let to = from;
    while (to < end && (KINDS[text[to]] & PLAIN) !== 0) to++;
    if (to === from || to - from > MARKED_BYTES_MAX || this.marked === MARKED_MAX) return false;
    if (isQuoted) {
      if (to === end || text[to] !== QUOTE) return false;
    } else {
      let next = to;
      while (next < end && text[next] === SPACE) next++;
      if (next < end && text[next] !== COMMA) return false;
    }
    this.markedItem[this.marked] = this.items;
    this.markedFrom[this.marked] = from;
    this.markedTo[this.marked++] = to;
    this.bytes[this.#to++] = MARK;
    this.#at = to;
    if (isQuoted) this.#copyByte();
    return true;
  }

  /** With its closing quote, or up to a comma. False: it has none, or there is a byte that is a mark. */
  #copyValue(isQuoted: boolean, end: number): boolean {
    const text = this.#text;
    const kind = isQuoted ? IN_QUOTES : UNQUOTED;
    this.#copyWhile(kind, end);
    while (this.#at < end && text[this.#at] === BACKSLASH) {
      this.#copyByte();
      if (this.#at < end && text[this.#at] !== MARK) this.#copyByte();
      this.#copyWhile(kind, end);
    }
    if (this.#at >= end) return !isQuoted;
    if (text[this.#at] === MARK) return false;
    if (isQuoted) this.#copyByte();
    return true;
  }

  #copyWhile(kind: number, end: number): void {
    const text = this.#text;
    const out = this.bytes;
    let to = this.#to;
    let at = this.#at;
    while (at < end && (KINDS[text[at]] & kind) !== 0) out[to++] = text[at++];
    this.#to = to;
    this.#at = at;
  }

  /** False at a byte that is a mark. */
  #copyTo(end: number): boolean {
    for (; this.#at < end; this.#copyByte()) if (this.#text[this.#at] === MARK) return false;
    return true;
  }

  #copyByte(): void {
    this.bytes[this.#to++] = this.#text[this.#at++];
  }
}
