// The comment at the very end of a cut text, where sqlcommenter and OpenTelemetry put tags.
// Invariant: there is one only if the end mark of a comment is the last thing before white space and `;`. Nothing
// else of the tail is read. Not here: comments of whole texts (sql/sql-lexer.ts).

import { COMMENTS_MAX, type SqlTokens } from '../sql/tokens.js';

/** Adds that comment to `tokens`, which hold the head of `text`, up to `headEnd`. */
export function keepTailComment(text: Uint8Array, { headEnd, tokens }: { headEnd: number; tokens: SqlTokens }): void {
  let end = text.length;
  while (end > headEnd && (text[end - 1] <= 0x20 || text[end - 1] === 0x3b)) end--;
  if (end - 4 < headEnd || text[end - 1] !== 0x2f || text[end - 2] !== 0x2a) return;
  for (let at = end - 4; at >= headEnd; at--) {
    if (text[at] !== 0x2f || text[at + 1] !== 0x2a) continue;
    const slot = Math.min(tokens.commentCount, COMMENTS_MAX - 1);
    tokens.commentStart[slot] = at;
    tokens.commentEnd[slot] = end;
    tokens.commentBeforeToken[slot] = tokens.count;
    tokens.commentCount = slot + 1;
    // The ranges found so far lie in the head, which is where `text` begins.
    tokens.bytes = text;
    return;
  }
}
