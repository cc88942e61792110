// Recognises DDL as SQLAlchemy's compiler writes it.
// CREATE TABLE stands over several lines with tabs, the rest on one line.
// Invariant: returns undefined for what is not DDL. Not here: statements on rows (recognise-sqlalchemy.ts).
// Source: DDLCompiler.visit_create_table and its siblings in sqlalchemy/sql/compiler.py.

import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import type { Recognition } from '../shape/shape.js';
import { hashSet, isKind, isNewline, isUpper, isWord, W } from '../shape/words.js';
import { isPlainName, needsQuotes } from './sqlalchemy-names.js';

const NO: Recognition = { fit: 'no', construct: '', readsFolded: false };

export function recogniseSqlalchemyDdl(tokens: SqlTokens, at: number): Recognition | undefined {
  const verb = tokens.hash[at];
  if (verb !== W.create && verb !== W.drop && verb !== W.alter && verb !== W.comment) return undefined;
  if (!isUpper(tokens, at) || isKind(tokens, tokens.count - 1, TokenKind.semicolon)) return NO;
  // \nCREATE TABLE, \nDROP TABLE: the compiler begins these with a line break.
  const ownLine = at === 0 && tokens.gap[0] === Gap.newline;
  let name = at + 1;
  while (isKind(tokens, name, TokenKind.word) && isUpper(tokens, name)) name++;
  if (name >= tokens.count || !isRightName(tokens, name)) return NO;
  if (ownLine) return { fit: isTabbed(tokens, name) ? 'sure' : 'likely', construct: 'core', readsFolded: false };
  if (isNewline(tokens.gap[at]) || !hasOneLineForm(tokens, at, name)) return NO;
  for (let i = name; i < tokens.count; i++) {
    if (isNewline(tokens.gap[i]) || tokens.gap[i] === Gap.tab || tokens.gap[i] === Gap.spaces) return NO;
    if (tokens.kind[i] === TokenKind.quotedIdentifier && !needsQuotes(tokens, i)) return NO;
  }
  // ALTER TABLE t ADD …, CREATE INDEX i ON t (c), CREATE TYPE t AS ENUM, DROP …: as anyone writes them.
  return { fit: 'possible', construct: 'core', readsFolded: false };
}

const ONE_LINE_OBJECTS = hashSet('index sequence type domain schema');

/** ALTER TABLE, CREATE INDEX, COMMENT ON and the like; tables begin on a line of their own, and DROP INDEX does. */
function hasOneLineForm(tokens: SqlTokens, at: number, name: number): boolean {
  const verb = tokens.hash[at];
  if (verb === W.comment) return true;
  for (let i = at + 1; i < name; i++) {
    if (ONE_LINE_OBJECTS.has(tokens.hash[i])) return verb !== W.drop || tokens.hash[i] !== W.index;
    if (tokens.hash[i] === W.table) return verb === W.alter;
  }
  return false;
}

function isRightName(tokens: SqlTokens, index: number): boolean {
  return isKind(tokens, index, TokenKind.word)
    ? isPlainName(tokens, index)
    : isKind(tokens, index, TokenKind.quotedIdentifier) && needsQuotes(tokens, index);
}

/** t (\n\tid INTEGER, … */
function isTabbed(tokens: SqlTokens, name: number): boolean {
  for (let i = name; i < tokens.count && i < name + 6; i++) {
    if (!isKind(tokens, i, TokenKind.leftParen)) continue;
    // "(\n\t"
    const { bytes, end } = tokens;
    return bytes[end[i]] === 0x0a && bytes[end[i] + 1] === 0x09;
  }
  return isWord(tokens, name - 1, W.table) && tokens.count === name + 1;
}
