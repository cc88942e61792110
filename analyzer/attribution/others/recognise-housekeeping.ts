// Recognises statements that serve the session.
// These are transactions, settings, pings, and look-ups of drivers and dialects.
// Invariant: only a whole text of one statement is housekeeping; a text with more behind its semicolon is not, except
// known resets.
// Not here: the verdict (rule-housekeeping.ts).

import { type SqlTokens, TokenKind, wordHash } from '../../sql/tokens.js';
import type { Clue } from '../shape/clues.js';
import type { Housekeeping } from '../shape/shape.js';
import { isKind, isLower, isText, isWord, startsWith, W } from '../shape/words.js';
import { savepointClue, savepointNameAt } from './recognise-names.js';

export interface HousekeepingAnswer {
  housekeeping: Housekeeping;
  clue: Clue | '';
  readsFolded: boolean;
}

function answer(housekeeping: Housekeeping, clue: Clue | '' = '', readsFolded = false): HousekeepingAnswer {
  return { housekeeping, clue, readsFolded };
}

export function recogniseHousekeeping(tokens: SqlTokens): HousekeepingAnswer | undefined {
  if (isEmpty(tokens)) return answer('empty');
  if (isWord(tokens, 0, W.select) && isWord(tokens, 1, W.pg_advisory_unlock_all))
    return answer('reset', 'asyncpg-reset');
  if (hasMore(tokens)) return undefined;
  switch (tokens.hash[0]) {
    case W.begin:
    case W.commit:
    case W.end:
    case W.abort:
    case W.rollback:
    case W.start:
      return transaction(tokens);
    case W.savepoint:
    case W.release:
      return answer('savepoint', savepointClue(tokens, savepointNameAt(tokens)), true);
    case W.prepare:
      return isWord(tokens, 1, W.transaction) ? answer('end') : undefined;
    case W.set:
      return setting(tokens);
    case W.reset:
      return answer('setting');
    case W.show:
      return answer('setting', showClue(tokens));
    case W.discard:
      return answer('reset', 'discard-all');
    case W.unlisten:
      return answer('reset');
    case W.deallocate:
      return answer('prepared');
    case W.close:
      return answer('cursor', '', true);
    case W.select:
    case W.with:
      return query(tokens);
    default:
      return undefined;
  }
}

/** Nothing, or semicolons alone: SQLAlchemy pings with one on psycopg 3 and asyncpg, psycopg_pool with nothing. */
function isEmpty(tokens: SqlTokens): boolean {
  for (let i = 0; i < tokens.count; i++) if (tokens.kind[i] !== TokenKind.semicolon) return false;
  return true;
}

/** A statement behind a semicolon. */
function hasMore(tokens: SqlTokens): boolean {
  for (let i = 0; i < tokens.count - 1; i++) if (tokens.kind[i] === TokenKind.semicolon) return true;
  return false;
}

function transaction(tokens: SqlTokens): HousekeepingAnswer {
  const name = savepointNameAt(tokens);
  if (name >= 0) return answer('savepoint', savepointClue(tokens, name), true);
  const begins = isWord(tokens, 0, W.begin) || isWord(tokens, 0, W.start);
  return answer(begins ? 'begin' : 'end', isWord(tokens, 0, W.rollback) ? 'rollback' : '');
}

function setting(tokens: SqlTokens): HousekeepingAnswer {
  if (isPoolerSetting(tokens)) return answer('setting', 'pooler');
  const isZone = isWord(tokens, 1, W.time) && isWord(tokens, 2, W.zone) && isKind(tokens, 3, TokenKind.string);
  return answer('setting', isZone && tokens.count === 4 ? 'set-timezone' : '');
}

const POOLER_SETTINGS = ['DateStyle', 'TimeZone', 'IntervalStyle', 'standard_conforming_strings'];

/** SET TimeZone='UTC'; as PgBouncer gives a connection the settings of its next client. */
function isPoolerSetting(tokens: SqlTokens): boolean {
  return (
    tokens.count === 5 &&
    isKind(tokens, 2, TokenKind.operator) &&
    tokens.gap[2] === 0 &&
    tokens.gap[3] === 0 &&
    isKind(tokens, 3, TokenKind.string) &&
    isKind(tokens, 4, TokenKind.semicolon) &&
    POOLER_SETTINGS.some((name) => isText(tokens, 1, name))
  );
}

/** show transaction isolation level, show standard_conforming_strings: in lower case they are SQLAlchemy's. */
function showClue(tokens: SqlTokens): Clue | '' {
  const asked =
    isWord(tokens, 1, W.standard_conforming_strings) ||
    (isWord(tokens, 1, W.transaction) && isWord(tokens, 2, W.isolation));
  return asked && isLower(tokens, 0) ? 'dialect-lookup' : '';
}

/** First words of look-ups in the catalogue of types, by driver. */
const TYPE_LOOKUPS: readonly (readonly number[])[] = [
  'select t oid typarray from pg_type',
  'select oid typarray from pg_type',
  'select typarray from pg_type',
  'select t oid typarray attname',
  'select typname as name oid typarray as array_oid',
  'select t typname as name t oid as oid',
  'select t oid t typelem as elemtype',
  'with recursive typeinfo_tree',
].map((words) => words.split(' ').map(wordHash));

/** SELECT current_setting('jit') AS cur, set_config('jit', 'off', false) AS new: asyncpg, before it looks types up. */
const JIT_OFF = 'select current_setting as cur set_config'.split(' ').map(wordHash);
const JIT_OFF_TOKENS = 18;

function query(tokens: SqlTokens): HousekeepingAnswer | undefined {
  if (isWord(tokens, 0, W.select) && isKind(tokens, 1, TokenKind.number) && lastOf(tokens) === 1) {
    // Another number folds to the same key as the ping.
    return isText(tokens, 1, '1') ? answer('ping', 'ping', true) : answer('', '', true);
  }
  const behindSchema = isWord(tokens, 1, W.pg_catalog) && isKind(tokens, 2, TokenKind.dot) ? 3 : 1;
  if (isWord(tokens, behindSchema, W.set_config) && isLastCall(tokens, behindSchema + 1)) {
    const isZone = startsWith(tokens, behindSchema + 2, "'TimeZone'");
    return answer('setting', isZone ? 'set-timezone' : '', true);
  }
  if (isWord(tokens, behindSchema, W.version) && isLastCall(tokens, behindSchema + 1)) {
    return answer('lookup', behindSchema === 3 && isLower(tokens, 0) ? 'sqlalchemy-init' : '');
  }
  if (isWord(tokens, 1, W.current_schema) && isLastCall(tokens, 2)) {
    return answer('lookup', isLower(tokens, 0) ? 'dialect-lookup' : '');
  }
  if (tokens.count === JIT_OFF_TOKENS && wordsBegin(tokens, JIT_OFF)) return answer('setting');
  for (const words of TYPE_LOOKUPS) if (wordsBegin(tokens, words)) return answer('lookup');
  return undefined;
}

/** A call's parentheses reach from `open` to the end of the text. */
function isLastCall(tokens: SqlTokens, open: number): boolean {
  return isKind(tokens, open, TokenKind.leftParen) && isKind(tokens, lastOf(tokens), TokenKind.rightParen);
}

/** Index of the last token, a closing semicolon aside. */
function lastOf(tokens: SqlTokens): number {
  return tokens.count - 1 - (isKind(tokens, tokens.count - 1, TokenKind.semicolon) ? 1 : 0);
}

function wordsBegin(tokens: SqlTokens, words: readonly number[]): boolean {
  let i = 0;
  for (const word of words) {
    while (i < tokens.count && tokens.kind[i] !== TokenKind.word) i++;
    if (!isWord(tokens, i, word)) return false;
    i++;
  }
  return true;
}
