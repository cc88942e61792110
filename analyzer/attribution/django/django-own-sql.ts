// Recognises SQL that Django writes without its query compiler.
// That is its schema editor, introspection, flush, sequences, cache tables and callproc().
// Invariant: returns undefined for any other text, so that the compiler's grammar is asked next.
// Not here: SET TIME ZONE, savepoints and other housekeeping (recognise-housekeeping.ts).
// Source: django/db/backends/postgresql/{schema,introspection,operations,creation}.py, core/cache/backends/db.py,
// contrib/postgres/operations.py, core/management/commands/createcachetable.py.

import type { Construct } from '../../../facts/verdict.js';
import { Gap, type SqlTokens, TokenKind, wordHash } from '../../sql/tokens.js';
import type { Fit, Recognition } from '../shape/shape.js';
import {
  beginsWith,
  hashSet,
  isKeyword,
  isKind,
  isText,
  isUpper,
  isValue,
  isWord,
  startsWith,
  W,
} from '../shape/words.js';
import { recogniseDjangoSchema } from './django-schema.js';

function answer(fit: Fit, construct: Construct, readsFolded = false): Recognition {
  return { fit, construct, readsFolded };
}

export function recogniseDjangoOwnSql(tokens: SqlTokens, at: number): Recognition | undefined {
  switch (tokens.hash[at]) {
    case W.select:
      return ownSelect(tokens, at);
    case W.create:
    case W.alter:
    case W.drop:
    case W.comment:
      return recogniseDjangoSchema(tokens, at);
    case W.set:
      // SET CONSTRAINTS "fk" IMMEDIATE; ALTER TABLE … of the schema editor, in one text.
      return isWord(tokens, at + 1, W.constraints) &&
        isKind(tokens, at + 4, TokenKind.semicolon) &&
        at + 5 < tokens.count
        ? recogniseDjangoSchema(tokens, at + 5)
        : undefined;
    case W.truncate:
      return flush(tokens, at);
    case W.insert:
    case W.update:
    case W.delete:
      return cacheWrite(tokens, at) ?? backfill(tokens, at);
    default:
      return undefined;
  }
}

/** UPDATE "t" SET "c" = … WHERE "c" IS NULL; SET CONSTRAINTS ALL IMMEDIATE: the rows before NOT NULL. */
function backfill(tokens: SqlTokens, at: number): Recognition | undefined {
  const n = tokens.count;
  const joined = isWord(tokens, n - 1, W.immediate) && isWord(tokens, n - 3, W.constraints);
  const end = joined ? n - 5 : n;
  const isBackfill =
    isKeyword(tokens, at, W.update) &&
    isKind(tokens, at + 1, TokenKind.quotedIdentifier) &&
    isKind(tokens, at + 3, TokenKind.quotedIdentifier) &&
    isKeyword(tokens, end - 1, W.null) &&
    isKeyword(tokens, end - 2, W.is) &&
    isKind(tokens, end - 3, TokenKind.quotedIdentifier) &&
    isKeyword(tokens, end - 4, W.where);
  return isBackfill ? answer(joined ? 'sure' : 'likely', 'migration') : undefined;
}

/** TRUNCATE "a", "b" [RESTART IDENTITY] [CASCADE]; */
function flush(tokens: SqlTokens, at: number): Recognition | undefined {
  let i = at + 1;
  if (!isUpper(tokens, at)) return undefined;
  do {
    if (!isKind(tokens, i, TokenKind.quotedIdentifier))
      return i >= tokens.count ? answer('likely', 'internal') : undefined;
    i++;
  } while (i < tokens.count && tokens.kind[i++] === TokenKind.comma);
  return isKind(tokens, tokens.count - 1, TokenKind.semicolon) || tokens.unterminated
    ? answer('likely', 'internal')
    : undefined;
}

function ownSelect(tokens: SqlTokens, at: number): Recognition | undefined {
  if (isWord(tokens, at + 1, W.setval) && isWord(tokens, at + 3, W.pg_get_serial_sequence)) {
    const isReset =
      tokens.gap[at + 3] === Gap.none &&
      startsWith(tokens, at + 5, '\'"') &&
      isKind(tokens, tokens.count - 1, TokenKind.semicolon);
    return isReset ? answer('sure', 'internal') : undefined;
  }
  if (isText(tokens, at + 1, '*') && isWord(tokens, at + 2, W.from)) return starSelect(tokens, at + 3);
  if (isValue(tokens, at + 1) && isWord(tokens, at + 2, W.from) && isWord(tokens, at + 3, W.pg_extension)) {
    return answer('likely', 'migration');
  }
  if (isDatabaseLookup(tokens, at)) return answer('likely', 'internal');
  return cacheRead(tokens, at) ?? introspection(tokens, at);
}

/** SELECT 1 FROM pg_catalog.pg_database WHERE datname = 'test_shop', of the test runner with --keepdb. */
function isDatabaseLookup(tokens: SqlTokens, at: number): boolean {
  return (
    isValue(tokens, at + 1) &&
    isWord(tokens, at + 3, W.pg_catalog) &&
    isWord(tokens, at + 5, W.pg_database) &&
    isWord(tokens, at + 7, W.datname) &&
    isValue(tokens, at + 9) &&
    at + 10 === tokens.count &&
    isUpper(tokens, at)
  );
}

/** SELECT * FROM "t" LIMIT 1 of get_table_description(); SELECT * FROM "function"(…) of callproc(). */
function starSelect(tokens: SqlTokens, at: number): Recognition | undefined {
  if (isKind(tokens, at, TokenKind.quotedIdentifier)) {
    if (isKeyword(tokens, at + 1, W.limit) && at + 3 === tokens.count && isText(tokens, at + 2, '1')) {
      return answer('likely', 'introspection', true);
    }
    // Another number of rows folds to the same key.
    if (isWord(tokens, at + 1, W.limit)) return answer('no', '', true);
  }
  return undefined;
}

const CACHE_COLUMNS = ['"cache_key"', '"value"', '"expires"'];

function isCacheColumn(tokens: SqlTokens, i: number): boolean {
  return CACHE_COLUMNS.some((name) => isText(tokens, i, name));
}

/** DatabaseCache: SELECT "cache_key", "value", "expires" FROM "t" WHERE "cache_key" …. */
function cacheRead(tokens: SqlTokens, at: number): Recognition | undefined {
  if (!isCacheColumn(tokens, at + 1)) return undefined;
  let i = at + 2;
  while (isKind(tokens, i, TokenKind.comma) && isCacheColumn(tokens, i + 1)) i += 2;
  return isKeyword(tokens, i, W.from) && isKind(tokens, i + 1, TokenKind.quotedIdentifier)
    ? answer('sure', 'internal')
    : undefined;
}

const CACHE_WORDS = hashSet('expires cache_key');

/** DatabaseCache: INSERT INTO "t" ("cache_key", …), UPDATE "t" SET "value" = …, DELETE FROM "t" WHERE cache_key …. */
function cacheWrite(tokens: SqlTokens, at: number): Recognition | undefined {
  for (let i = at; i < tokens.count && i < at + 8; i++) {
    const isColumn = isCacheColumn(tokens, i) && !isKind(tokens, i - 1, TokenKind.dot);
    const isPlain =
      tokens.kind[i] === TokenKind.word && CACHE_WORDS.has(tokens.hash[i]) && isKeyword(tokens, i - 1, W.where);
    if (!isColumn && !isPlain) continue;
    const mentions = mentionsCacheKey(tokens, i);
    return mentions || isPlain ? answer('likely', 'internal') : undefined;
  }
  return undefined;
}

function mentionsCacheKey(tokens: SqlTokens, from: number): boolean {
  for (let i = from; i < tokens.count; i++) {
    if (isText(tokens, i, '"cache_key"') && !isKind(tokens, i - 1, TokenKind.dot)) return true;
    if (isText(tokens, i, '"expires"') && isKeyword(tokens, i - 1, W.where)) return true;
  }
  return false;
}

/** First words of the introspection statements, by version; what is not a word is left out. */
const INTROSPECTION: readonly (readonly number[])[] = [
  'select c relname case when c relispartition then',
  'select c relname case c relkind when',
  'select a attname as column_name not a attnotnull',
  'select s relname as sequence_name col attname',
  'select s relname as sequence_name a attname',
  'select a1 attname c2 relname a2 attname from pg_constraint',
  'select a1 attname c2 relname a2 attname con confdeltype from pg_constraint',
  'select kcu column_name ccu table_name ccu column_name',
  'select c conname array select attname from unnest',
  'select indexname array_agg attname order by arridx',
].map((words) => words.split(' ').map(wordHash));

function introspection(tokens: SqlTokens, at: number): Recognition | undefined {
  if (tokens.gap[at] !== Gap.otherNewline) return undefined;
  return INTROSPECTION.some((words) => beginsWith(tokens, at, words)) ? answer('sure', 'introspection') : undefined;
}
