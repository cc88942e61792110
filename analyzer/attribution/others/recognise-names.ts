// Tells libraries apart by the names they give to savepoints and cursors.
// Invariant: the name itself never leaves this file. Names are folded in keys, so every such text is looked at.
// Not here: prepared-statement names of the protocol (connection-profile.ts).
// Source: django/db/backends/base/base.py savepoint(), postgresql/base.py chunked_cursor(); sqlalchemy/engine/base.py
// _savepoint_impl(), dialects/postgresql/_psycopg_common.py; psycopg/transaction.py; asyncpg/transaction.py.

import { type SqlTokens, TokenKind } from '../../sql/tokens.js';
import type { Clue } from '../shape/clues.js';
import { isKind, isWord, startsWith, W } from '../shape/words.js';

/** Index of the savepoint's name in SAVEPOINT, RELEASE [SAVEPOINT], ROLLBACK … TO [SAVEPOINT]; -1 for other texts. */
export function savepointNameAt(tokens: SqlTokens): number {
  if (isWord(tokens, 0, W.savepoint)) return 1;
  if (isWord(tokens, 0, W.release)) return isWord(tokens, 1, W.savepoint) ? 2 : 1;
  if (!isWord(tokens, 0, W.rollback)) return -1;
  const to = isWord(tokens, 1, W.to) ? 1 : isWord(tokens, 2, W.to) ? 2 : -1;
  if (to < 0) return -1;
  return isWord(tokens, to + 1, W.savepoint) ? to + 2 : to + 1;
}

export function savepointClue(tokens: SqlTokens, index: number): Clue | '' {
  if (startsWith(tokens, index, 'sa_savepoint_')) return 'sqlalchemy-savepoint';
  if (startsWith(tokens, index, '"_pg3_')) return 'psycopg3-savepoint';
  if (startsWith(tokens, index, '__asyncpg_savepoint_')) return 'asyncpg-savepoint';
  return isDjangoSavepoint(tokens, index) ? 'django-savepoint' : '';
}

/** "s" and 32 hexadecimal digits: peewee's. */
export function isPeeweeSavepoint(tokens: SqlTokens, index: number): boolean {
  if (!startsWith(tokens, index, '"s') || tokens.end[index] - tokens.start[index] !== 35) return false;
  for (let at = tokens.start[index] + 2; at < tokens.end[index] - 1; at++) {
    const byte = tokens.bytes[at];
    if (!((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102))) return false;
  }
  return true;
}

/** "s140309073522752_x1" */
function isDjangoSavepoint(tokens: SqlTokens, index: number): boolean {
  if (!startsWith(tokens, index, '"s')) return false;
  const { bytes } = tokens;
  let at = digitsEnd(bytes, tokens.start[index] + 2);
  if (at === tokens.start[index] + 2 || bytes[at] !== 0x5f || bytes[at + 1] !== 0x78) return false;
  at = digitsEnd(bytes, at + 2);
  return at === tokens.end[index] - 1;
}

function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] >= 48 && bytes[at] <= 57) at++;
  return at;
}

/** Index of the cursor's name in DECLARE, FETCH, MOVE, CLOSE; -1 for other texts. */
export function cursorNameAt(tokens: SqlTokens): number {
  if (isWord(tokens, 0, W.declare) || isWord(tokens, 0, W.close)) return 1;
  if (!isWord(tokens, 0, W.fetch) && !isWord(tokens, 0, W.move)) return -1;
  let i = 1;
  while (
    i < tokens.count &&
    !isWord(tokens, i, W.from) &&
    !isWord(tokens, i, W.in) &&
    !isKind(tokens, i, TokenKind.quotedIdentifier)
  )
    i++;
  if (i >= tokens.count) return tokens.count - 1;
  return isKind(tokens, i, TokenKind.quotedIdentifier) ? i : i + 1;
}

export function cursorClue(tokens: SqlTokens, index: number): Clue | '' {
  if (startsWith(tokens, index, '"_django_curs_')) return 'django-cursor';
  return isSqlalchemyCursor(tokens, index) ? 'sqlalchemy-cursor' : '';
}

/** "c_7f20bb2cc290_90": the address of the execution context and a counter, in hexadecimal. */
function isSqlalchemyCursor(tokens: SqlTokens, index: number): boolean {
  if (!startsWith(tokens, index, '"c_')) return false;
  const { bytes } = tokens;
  const end = tokens.end[index] - 1;
  let underscores = 0;
  for (let at = tokens.start[index] + 3; at < end; at++) {
    const byte = bytes[at];
    if (byte === 0x5f) underscores++;
    else if (!((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102))) return false;
  }
  return underscores === 1 && end - tokens.start[index] >= 8;
}

/** Index of the statement inside DECLARE … CURSOR … FOR, or -1. */
export function declaredAt(tokens: SqlTokens): number {
  if (!isWord(tokens, 0, W.declare)) return -1;
  for (let i = 2; i < tokens.count && i < 14; i++) if (isWord(tokens, i, W.for)) return i + 1;
  return -1;
}
