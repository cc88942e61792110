// Names of tables and the like in a text: where they end, and how people write them.
// Invariant: nothing that may be a literal is shown: a name without its end quote is `?`.
// Not here: which names matter (summary.ts).

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { typographicEnd } from '../sql/typographic-quotes.js';

/** One past the last token of the dotted name that starts at `at`. */
export function nameEnd(tokens: SqlTokens, at: number): number {
  let end = at + 1;
  while (end + 1 < tokens.count && tokens.kind[end] === TokenKind.dot && isNamePart(tokens.kind[end + 1])) end += 2;
  return end;
}

export function isNamePart(kind: number): boolean {
  return kind === TokenKind.word || kind === TokenKind.quotedIdentifier;
}

/** The name as written, without its quotes. Control characters, which could forge a line of output, become U+FFFD. */
export function nameText(tokens: SqlTokens, { at, end }: { at: number; end: number }): string {
  let name = '';
  for (let i = at; i < end; i++) {
    const text = tokens.text(i);
    // What has no end quote, or another one than SQL's, may hold anything.
    if ((tokens.unterminated && i === tokens.count - 1) || typographicEnd(tokens, i) !== -1) return `${name}?`;
    name += text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
  }
  if (name.startsWith('_django_curs_')) return '_django_curs_?';
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}
