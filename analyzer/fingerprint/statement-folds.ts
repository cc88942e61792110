// Folds by place: names of savepoints, cursors and prepared statements, and values of SET.
// Invariant: reads only the tokens of the one statement, once. Not here: folds by kind, such as literals
// (make-key.ts).
// Source of the forms: PostgreSQL's reference pages of FETCH, MOVE, CLOSE, DECLARE, SAVEPOINT, RELEASE, ROLLBACK
// TO, PREPARE, EXECUTE, DEALLOCATE, SET, ALTER ROLE, ALTER DATABASE, ALTER SYSTEM.

import { type SqlTokens, TokenKind } from '../sql/tokens.js';
import { W } from './keywords.js';

export class StatementFolds {
  /** Token that is a name to fold; -1 for none. */
  nameAt = -1;
  /** Tokens [valueFrom, valueTo) are one value to fold; -1 for none. */
  valueFrom = -1;
  valueTo = -1;

  /** Reads the statement whose first token is `first`; `count` is one past the last token of the text to look at. */
  find(tokens: SqlTokens, { first, count }: { first: number; count: number }): void {
    this.nameAt = -1;
    this.valueFrom = -1;
    this.valueTo = -1;
    const verbAt = tokens.hash[first] === W.explain ? explainedAt(tokens, { first, count }) : first;
    switch (tokens.hash[verbAt]) {
      case W.declare:
      case W.prepare:
      case W.execute:
        if (tokens.hash[verbAt + 1] !== W.transaction) this.#fold(tokens, { at: verbAt + 1, end: count });
        break;
      case W.fetch:
      case W.move:
      case W.close:
      case W.savepoint:
      case W.release:
      case W.deallocate: {
        const end = statementEnd(tokens, { from: verbAt, count });
        if (end - 1 > verbAt && tokens.hash[end - 1] !== W.all) this.#fold(tokens, { at: end - 1, end });
        break;
      }
      case W.rollback: {
        const end = statementEnd(tokens, { from: verbAt, count });
        if (indexOf(tokens, W.to, { from: verbAt, end }) !== -1) this.#fold(tokens, { at: end - 1, end });
        break;
      }
      case W.set:
        this.#setting(tokens, { at: verbAt + 1, end: statementEnd(tokens, { from: verbAt, count }) });
        break;
      case W.alter:
        if (isSettable(tokens.hash[verbAt + 1])) {
          const end = statementEnd(tokens, { from: verbAt, count });
          const set = indexOf(tokens, W.set, { from: verbAt, end });
          if (set !== -1) this.#setting(tokens, { at: set + 1, end });
        }
        break;
      case W.create: {
        const end = statementEnd(tokens, { from: verbAt, count });
        const execute = indexOf(tokens, W.execute, { from: verbAt, end });
        if (execute > 0 && tokens.hash[execute - 1] === W.as) this.#fold(tokens, { at: execute + 1, end });
        break;
      }
    }
  }

  #fold(tokens: SqlTokens, { at, end }: { at: number; end: number }): void {
    if (at < end && isName(tokens, at)) this.nameAt = at;
  }

  /** `at` is the token after SET. */
  #setting(tokens: SqlTokens, { at, end }: { at: number; end: number }): void {
    const { hash, kind } = tokens;
    const isScope = hash[at] === W.local || hash[at] === W.session;
    if (isScope && hash[at + 1] !== W.to && isName(tokens, at + 1)) at++;
    let value = -1;
    if (hash[at] === W.time && hash[at + 1] === W.zone) value = at + 2;
    else if (
      (hash[at] === W.role || hash[at] === W.authorization) &&
      hash[at + 1] !== W.to &&
      !isEquals(tokens, at + 1)
    )
      value = at + 1;
    else if (hash[at] !== W.transaction) {
      for (let i = at + 1; i < end && value === -1; i++) {
        if (hash[i] === W.to || isEquals(tokens, i)) value = i + 1;
        else if (kind[i] !== TokenKind.dot && kind[i - 1] !== TokenKind.dot) break;
      }
    }
    if (value === -1 || value >= end) return;
    const alone = value + 1 === end ? hash[value] : 0;
    if (alone === W.default || alone === W.local || alone === W.none) return;
    this.valueFrom = value;
    this.valueTo = end;
  }
}

/** The first token of the explained statement, or of whatever follows EXPLAIN and its options. */
export function explainedAt(tokens: SqlTokens, { first, count }: { first: number; count: number }): number {
  let at = first + 1;
  if (at < count && tokens.kind[at] === TokenKind.leftParen) {
    let depth = 0;
    for (; at < count && tokens.kind[at] !== TokenKind.semicolon; at++) {
      if (tokens.kind[at] === TokenKind.leftParen) depth++;
      else if (tokens.kind[at] === TokenKind.rightParen && --depth === 0) return at + 1;
    }
    return at;
  }
  while (at < count && isExplainOption(tokens.hash[at])) at++;
  return at;
}

function isExplainOption(hash: number): boolean {
  return hash === W.analyze || hash === W.analyse || hash === W.verbose;
}

function isSettable(hash: number): boolean {
  return hash === W.role || hash === W.user || hash === W.database || hash === W.system;
}

function isName(tokens: SqlTokens, at: number): boolean {
  return tokens.kind[at] === TokenKind.word || tokens.kind[at] === TokenKind.quotedIdentifier;
}

function isEquals(tokens: SqlTokens, at: number): boolean {
  return (
    tokens.kind[at] === TokenKind.operator &&
    tokens.end[at] - tokens.start[at] === 1 &&
    tokens.bytes[tokens.start[at]] === 0x3d
  );
}

function statementEnd(tokens: SqlTokens, { from, count }: { from: number; count: number }): number {
  let end = from;
  while (end < count && tokens.kind[end] !== TokenKind.semicolon) end++;
  return end;
}

function indexOf(tokens: SqlTokens, hash: number, { from, end }: { from: number; end: number }): number {
  for (let i = from; i < end; i++) if (tokens.hash[i] === hash) return i;
  return -1;
}
