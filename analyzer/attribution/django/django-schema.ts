// Recognises DDL in the form of Django's schema editor.
// That is one line, upper-case keywords, quoted names, lower-case types.
// Invariant: returns undefined for any other text.
// Not here: other SQL that Django writes itself (django-own-sql.ts).
// Source: sql_… templates in django/db/backends/{base,postgresql}/schema.py, contrib/postgres/operations.py,
// createcachetable.py.

import type { Construct } from '../../../facts/verdict.js';
import { Gap, type SqlTokens, TokenKind } from '../../sql/tokens.js';
import type { Fit, Recognition } from '../shape/shape.js';
import { hashSet, isKeyword, isKind, isNewline, isUpper, isWord, W } from '../shape/words.js';

function answer(fit: Fit, construct: Construct): Recognition {
  return { fit, construct, readsFolded: false };
}

const SCHEMA_OBJECTS = hashSet('table index extension collation sequence database view column');

/** Types that Django has its own lower-case names for; in upper case another hand wrote them. */
const LOWER_CASE_TYPES = hashSet(`
  serial bigserial smallserial integer int bigint smallint varchar char character text boolean bool date time timestamp
  timestamptz interval numeric decimal double real float uuid json jsonb inet bytea
`);

export function recogniseDjangoSchema(tokens: SqlTokens, at: number): Recognition | undefined {
  if (!isUpper(tokens, at) || isNewline(tokens.gap[at])) return undefined;
  let i = at + 1;
  let object = 0;
  while (i < tokens.count && tokens.kind[i] === TokenKind.word) {
    if (!isUpper(tokens, i)) return undefined;
    if (SCHEMA_OBJECTS.has(tokens.hash[i])) object = tokens.hash[i];
    // Only extensions are created "if not exists".
    if (tokens.hash[i] === W.not && object !== W.extension) return undefined;
    i++;
  }
  if (object === 0 || !isKind(tokens, i, TokenKind.quotedIdentifier)) return undefined;
  if (isWord(tokens, at, W.create) && object === W.table) {
    // createcachetable writes its columns on lines of their own.
    if (isCacheTable(tokens, i + 2)) return answer('sure', 'internal');
    if (!hasColumns(tokens, i)) return undefined;
  }
  return isOneLine(tokens, at, i + 1)
    ? answer(hasNames(tokens, i + 1) || object === W.extension ? 'likely' : 'possible', 'migration')
    : undefined;
}

const CACHE_COLUMNS = ['"cache_key"', '"value"', '"expires"'];

function isCacheTable(tokens: SqlTokens, i: number): boolean {
  return isKind(tokens, i, TokenKind.quotedIdentifier) && CACHE_COLUMNS.includes(tokens.text(i));
}

/** "t" ("c" type …, or "s"."t" (…: a list of columns follows the name, and not AS SELECT or LIKE. */
function hasColumns(tokens: SqlTokens, name: number): boolean {
  let i = name + 1;
  while (isKind(tokens, i, TokenKind.dot)) i += 2;
  if (i >= tokens.count) return true;
  // A partition has no columns of its own: psqlextra's schema editor.
  if (isKeyword(tokens, i, W.partition)) return true;
  if (!isKind(tokens, i, TokenKind.leftParen)) return false;
  return !isWord(tokens, i + 1, W.like);
}

/** Spaced as the editor does, no foreign type, and no semicolon at the end. */
function isOneLine(tokens: SqlTokens, at: number, from: number): boolean {
  for (let i = from; i < tokens.count; i++) {
    if (isNewline(tokens.gap[i]) || tokens.gap[i] === Gap.tab) return false;
    const kind = tokens.kind[i];
    if (kind === TokenKind.word && isForeignType(tokens, i)) return false;
    const isTight = kind === TokenKind.quotedIdentifier && tokens.gap[i] === Gap.none;
    if (isTight && isKind(tokens, i - 1, TokenKind.comma)) return false;
    // The editor ends no statement with a semicolon, but for two it joins and one of createcachetable.
    if (kind === TokenKind.semicolon && i === tokens.count - 1 && tokens.hash[at] !== W.create) return false;
  }
  return true;
}

/** "c" VARCHAR(30): Django writes its types in lower case. */
function isForeignType(tokens: SqlTokens, i: number): boolean {
  return (
    isKind(tokens, i - 1, TokenKind.quotedIdentifier) && LOWER_CASE_TYPES.has(tokens.hash[i]) && isUpper(tokens, i)
  );
}

function hasNames(tokens: SqlTokens, from: number): boolean {
  for (let i = from; i < tokens.count; i++) if (tokens.kind[i] === TokenKind.quotedIdentifier) return true;
  return false;
}
