// The tokens of one text: kinds and ranges in parallel arrays, and where the comments are.
// Invariant: tokens are in text order and do not overlap. The arrays are valid for [0, count); at [count] kind and
// hash are 0.
// One instance serves every text, so that no statement allocates; a caller that needs a token later copies it.
// Not here: finding tokens (sql-lexer.ts) and what they mean (fingerprint/make-key.ts, the recognisers).

/** Token kinds. Keywords are `word`; a keyword is told from a name by `hash` (see wordHash) and by place. */
export const TokenKind = {
  word: 1, // unquoted identifier or keyword
  quotedIdentifier: 2, // "…", U&"…"
  string: 3, // '…', E'…', B'…', X'…', N'…', U&'…', $tag$…$tag$
  number: 4,
  parameter: 5, // $1
  operator: 6, // a run of operator characters, and ?
  leftParen: 7,
  rightParen: 8,
  leftBracket: 9,
  rightBracket: 10,
  comma: 11,
  semicolon: 12,
  dot: 13,
  colon: 14, // : alone, :=
  cast: 15, // ::
  other: 16, // a control or otherwise impossible character; an unterminated comment
} as const;

/** White space before a token (before the first token: from the start of the text). Comments count as nothing here. */
export const Gap = {
  none: 0,
  space: 1, // one space
  spaces: 2, // several spaces, no newline or tab
  tab: 3, // tabs, no newline
  newline: 4, // exactly "\n"
  spaceNewline: 5, // exactly " \n" (SQLAlchemy's compiler)
  spaceNewlineSpace: 6, // exactly " \n " (SQLAlchemy's LIMIT)
  otherNewline: 7, // anything else with a line break in it
} as const;

export const COMMENTS_MAX = 16;

/** Words, strings, numbers and parameters: one more byte may belong to such a token. */
const LAST_WORDLIKE: number = TokenKind.parameter;

export class SqlTokens {
  /** The text the ranges point into. Borrowed: valid until the next lex(). */
  bytes: Uint8Array = new Uint8Array(0);
  count = 0;
  kind = new Uint8Array(256);
  /** First byte. */
  start = new Int32Array(256);
  /** One past the last byte. */
  end = new Int32Array(256);
  /** wordHash of the lower-cased word for `word` tokens, 0 for others. */
  hash = new Int32Array(256);
  gap = new Uint8Array(256);
  /** Gap after the last token. */
  gapAtEnd: number = Gap.none;
  /** Comments found, ranges with their delimiters; at most COMMENTS_MAX kept (the first ones and always the last). */
  commentCount = 0;
  commentStart = new Int32Array(COMMENTS_MAX);
  commentEnd = new Int32Array(COMMENTS_MAX);
  /** Index of the first token after the comment. */
  commentBeforeToken = new Int32Array(COMMENTS_MAX);
  /** A string, quoted identifier or comment has no end mark: the last token reaches to the end of the text. */
  unterminated = false;

  /**
   * The text went on, but from its last byte on nobody can say what is a literal: that is a token without its end
   * mark. It begins with the last token where that may go on as well.
   */
  endInDoubt(): void {
    const last = this.count - 1;
    const mayGoOn =
      this.unterminated || (last >= 0 && this.end[last] === this.bytes.length && this.kind[last] <= LAST_WORDLIKE);
    this.unterminated = true;
    if (mayGoOn) return;
    if (this.count === this.kind.length) this.grow();
    this.kind[this.count] = TokenKind.other;
    this.start[this.count] = this.bytes.length;
    this.end[this.count] = this.bytes.length;
    this.hash[this.count] = 0;
    this.gap[this.count] = this.gapAtEnd;
    this.count++;
    this.gapAtEnd = Gap.none;
    if (this.count === this.kind.length) this.grow();
    this.kind[this.count] = 0;
    this.hash[this.count] = 0;
  }

  /** Doubles the arrays. */
  grow(): void {
    const size = this.kind.length * 2;
    this.kind = extended(this.kind, new Uint8Array(size));
    this.start = extended(this.start, new Int32Array(size));
    this.end = extended(this.end, new Int32Array(size));
    this.hash = extended(this.hash, new Int32Array(size));
    this.gap = extended(this.gap, new Uint8Array(size));
  }

  /** The token as text (UTF-8; what is not UTF-8 becomes U+FFFD). Allocates: for cold paths. */
  text(index: number): string {
    return Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + this.start[index],
      this.end[index] - this.start[index],
    ).toString('utf8');
  }
}

/** U&'…' or U&"…", which UESCAPE may follow. */
export function isUnicodeEscaped(tokens: SqlTokens, at: number): boolean {
  const { kind, start, bytes } = tokens;
  if (kind[at] !== TokenKind.string && kind[at] !== TokenKind.quotedIdentifier) return false;
  return (bytes[start[at]] | 0x20) === 0x75 && bytes[start[at] + 1] === 0x26;
}

function extended<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}

/** Hash of an ASCII word in lower case. Use it as `tokens.hash[i] === W.select`. */
export function wordHash(word: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < word.length; i++) hash = wordHashStep(hash, word.charCodeAt(i));
  return hash === 0 ? 1 : hash;
}

/** One step of wordHash (FNV-1a over the lower-cased byte), for the lexer's loop. */
function wordHashStep(hash: number, byte: number): number {
  const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
  return Math.imul(hash ^ lower, 0x01000193);
}
