// Strings between the quotes of prose: ‘…’, “…”, «…», 「…」, as word processors put them into SQL.
// To Postgres such a quote is a letter, so what is between two of them is words; to its author it is a string.
// Invariant: a span that begins with such a quote is hidden up to the next word that ends with one, else to the end
// of the statement.
// Not here: the lexer, which knows no such strings.

import { type SqlTokens, TokenKind } from './tokens.js';

/** First bytes of these quotes in UTF-8, for a look before the call. */
export const QUOTE_LEADS = new Uint8Array(256);
const QUOTES = '‘’‚‛“”„‟′″‹›«»´「」『』＂＇';
const BY_BYTES = new Set<number>();
for (const quote of QUOTES) {
  const bytes = Buffer.from(quote);
  QUOTE_LEADS[bytes[0]] = 1;
  BY_BYTES.add(bytes.length === 2 ? bytes.readUInt16BE() : bytes.readUIntBE(0, 3));
}

/** The last token of a span that begins at the word `at`; -1 where none begins. */
export function typographicEnd(tokens: SqlTokens, at: number): number {
  const { kind, start, end, count } = tokens;
  const length = quoteLength(tokens.bytes, start[at]);
  if (length === 0) return -1;
  let to = at;
  for (; to < count && kind[to] !== TokenKind.semicolon; to++) {
    if (kind[to] !== TokenKind.word) continue;
    const from = to === at ? start[at] + length : start[to];
    if (endsWithQuote(tokens.bytes, from, end[to])) return to;
  }
  return to - 1;
}

function quoteLength(bytes: Uint8Array, at: number): number {
  if (at + 1 < bytes.length && BY_BYTES.has((bytes[at] << 8) | bytes[at + 1])) return 2;
  const three = at + 2 < bytes.length && BY_BYTES.has((bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]);
  return three ? 3 : 0;
}

function endsWithQuote(bytes: Uint8Array, from: number, end: number): boolean {
  return (
    (end - 2 >= from && quoteLength(bytes, end - 2) === 2) || (end - 3 >= from && quoteLength(bytes, end - 3) === 3)
  );
}
