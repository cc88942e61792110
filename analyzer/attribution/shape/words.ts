// Holds keyword hashes and small questions about single tokens, shared by the recognisers.
// Invariant: nothing here allocates; every question about a token beyond the last one is answered "no".
// Not here: which token may follow which (the recognisers).

import { Gap, type SqlTokens, TokenKind, wordHash } from '../../sql/tokens.js';

/** Hash of each word given, under its own name. */
function hashesOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name) => [name, wordHash(name)])) as Record<Name, number>;
}

/** Words the recognisers ask for by name: `tokens.hash[i] === W.select`. */
export const W = hashesOf([
  ...['abort', 'all', 'alter', 'and', 'as', 'asc', 'begin', 'between', 'by', 'call', 'close', 'collate'],
  ...['comment', 'commit', 'conflict', 'constraints', 'copy', 'count', 'create', 'current_schema', 'deallocate'],
  ...['declare', 'default', 'delete', 'desc', 'discard', 'distinct', 'do', 'drop', 'end', 'except', 'excluded'],
  ...['exists', 'explain', 'extension', 'fetch', 'first', 'for', 'from', 'group', 'having', 'immediate', 'index'],
  ...['imp_sen', 'in', 'inner', 'insert', 'intersect', 'into', 'is', 'isolation', 'join', 'last', 'left'],
  ...[
    'limit',
    'locked',
    'like',
    'materialized',
    'move',
    'nextval',
    'not',
    'nothing',
    'nowait',
    'partition',
    'pg_database',
    'datname',
    'null',
    'of',
    'offset',
  ],
  ...[
    'on',
    'or',
    'order',
    'outer',
    'over',
    'pg_advisory_unlock_all',
    'pg_catalog',
    'pg_extension',
    'pg_get_serial_sequence',
  ],
  ...['prepare', 'recursive', 'release', 'reset', 'returning', 'rollback', 'savepoint', 'select', 'set'],
  ...['set_config', 'setval', 'show', 'skip', 'standard_conforming_strings', 'start', 'table', 'time', 'to'],
  ...['transaction', 'truncate', 'union', 'unlisten', 'unnest', 'update', 'using', 'values', 'version'],
  ...['where', 'with', 'within', 'zone'],
] as const);

/** A set of word hashes, built once. */
export function hashSet(names: string): ReadonlySet<number> {
  return new Set(names.trim().split(/\s+/).map(wordHash));
}

/** The word at `index`, in any case. */
export function isWord(tokens: SqlTokens, index: number, hash: number): boolean {
  return index < tokens.count && tokens.hash[index] === hash;
}

/** Upper-case letters throughout (digits and underscores do not count against it). */
export function isUpper(tokens: SqlTokens, index: number): boolean {
  if (index >= tokens.count) return false;
  const { bytes } = tokens;
  for (let at = tokens.start[index]; at < tokens.end[index]; at++)
    if (bytes[at] >= 97 && bytes[at] <= 122) return false;
  return true;
}

/** Holds no upper-case letter. */
export function isLower(tokens: SqlTokens, index: number): boolean {
  if (index >= tokens.count) return false;
  const { bytes } = tokens;
  for (let at = tokens.start[index]; at < tokens.end[index]; at++) if (bytes[at] >= 65 && bytes[at] <= 90) return false;
  return true;
}

/** The keyword at `index`, written in upper case. */
export function isKeyword(tokens: SqlTokens, index: number, hash: number): boolean {
  return index < tokens.count && tokens.hash[index] === hash && isUpper(tokens, index);
}

export function isKind(tokens: SqlTokens, index: number, kind: number): boolean {
  return index < tokens.count && tokens.kind[index] === kind;
}

/** A string, a number or a parameter. */
export function isValue(tokens: SqlTokens, index: number): boolean {
  if (index >= tokens.count) return false;
  const kind = tokens.kind[index];
  return kind === TokenKind.string || kind === TokenKind.number || kind === TokenKind.parameter;
}

/** The token is exactly these ASCII bytes. */
export function isText(tokens: SqlTokens, index: number, text: string): boolean {
  return (
    index < tokens.count && tokens.end[index] - tokens.start[index] === text.length && startsWith(tokens, index, text)
  );
}

/** The token begins with these ASCII bytes. */
export function startsWith(tokens: SqlTokens, index: number, text: string): boolean {
  if (index >= tokens.count) return false;
  const { bytes } = tokens;
  const start = tokens.start[index];
  if (tokens.end[index] - start < text.length) return false;
  for (let k = 0; k < text.length; k++) if (bytes[start + k] !== text.charCodeAt(k)) return false;
  return true;
}

/** The gap before the token holds a line break. */
export function isNewline(gap: number): boolean {
  return gap >= Gap.newline;
}

/** Index just past the parenthesis that closes the one at `index`, or `count` where it is never closed. */
export function afterParens(tokens: SqlTokens, index: number): number {
  let depth = 0;
  for (let i = index; i < tokens.count; i++) {
    if (tokens.kind[i] === TokenKind.leftParen) depth++;
    else if (tokens.kind[i] === TokenKind.rightParen && --depth === 0) return i + 1;
  }
  return tokens.count;
}

/** callproc() of psycopg2 and of Django on psycopg 3: SELECT * FROM name(values). */
export function isCallproc(tokens: SqlTokens, at: number): boolean {
  const isCall =
    isKeyword(tokens, at, W.select) &&
    isText(tokens, at + 1, '*') &&
    isKeyword(tokens, at + 2, W.from) &&
    (isKind(tokens, at + 3, TokenKind.quotedIdentifier) || isKind(tokens, at + 3, TokenKind.word)) &&
    isKind(tokens, at + 4, TokenKind.leftParen) &&
    tokens.gap[at + 4] === Gap.none;
  return (
    isCall && afterParens(tokens, at + 4) === tokens.count && tokens.kind[tokens.count - 1] === TokenKind.rightParen
  );
}

/** The words of the text, anything else between them skipped, begin with these. */
export function beginsWith(tokens: SqlTokens, at: number, words: readonly number[]): boolean {
  let i = at;
  for (const word of words) {
    while (i < tokens.count && tokens.kind[i] !== TokenKind.word) i++;
    if (!isWord(tokens, i, word)) return false;
    i++;
  }
  return true;
}
