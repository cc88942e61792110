// The statements of one text: split at `;` outside parentheses and BEGIN ATOMIC bodies.
// Invariant: ranges are in text order, do not overlap, and each holds at least one token. Between them are only
// `;`, space and comments. Not here: what the server made of them; the caller compares with its completions.
// Source of the rule: psql's scanner (src/fe_utils/psqlscan.l), which counts BEGIN, CASE and END after CREATE
// FUNCTION or PROCEDURE.

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { W } from './keywords.js';

export interface StatementRange {
  /** First byte: the one after the previous `;`, so that leading comments belong to the statement. */
  start: number;
  /** One past the last byte: the `;` or the end of the text. */
  end: number;
}

/** The statements of the text in `tokens` that are not empty. */
export function splitStatements(tokens: SqlTokens): StatementRange[] {
  const { kind, hash, count } = tokens;
  const ranges: StatementRange[] = [];
  let firstToken = 0;
  let firstByte = 0;
  let parentheses = 0;
  let blocks = 0;
  for (let i = 0; i < count; i++) {
    switch (kind[i]) {
      case TokenKind.leftParen:
        parentheses++;
        break;
      case TokenKind.rightParen:
        if (parentheses > 0) parentheses--;
        break;
      case TokenKind.word:
        if (hash[firstToken] !== W.create) break;
        if (hash[i] === W.begin && hash[i + 1] === W.atomic) blocks++;
        else if (blocks > 0 && hash[i] === W.case) blocks++;
        else if (blocks > 0 && hash[i] === W.end) blocks--;
        break;
      case TokenKind.semicolon:
        if (parentheses > 0 || blocks > 0) break;
        if (i > firstToken) ranges.push({ start: firstByte, end: tokens.start[i] });
        firstToken = i + 1;
        firstByte = tokens.end[i];
        break;
    }
  }
  if (count > firstToken) ranges.push({ start: firstByte, end: tokens.bytes.length });
  return ranges;
}
