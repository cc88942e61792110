// Finds the statements of functions that the server runs at top level: of deferred triggers.
// Invariant: a statement is known by its fingerprint; a body that is not understood yields none. Bodies are bounded.
// Not here: the rule (server-rules.ts). Sources: PostgreSQL src/backend/commands/trigger.c (deferred triggers run at
// COMMIT), pg_stat_statements.c (before 17, utility statements open no level with track_utility off).

import type { Fingerprinter } from '../analyzer/fingerprint/fingerprint.js';
import { lex } from '../analyzer/sql/sql-lexer.js';
import { SqlTokens, TokenKind, wordHash } from '../analyzer/sql/tokens.js';
import type { ServerConnection } from './own-connection.js';

const BODY_CHARS_MAX = 65_536;
const BODIES_MAX = 1_000;

const OF_DEFERRED_TRIGGERS = `SELECT DISTINCT left(p.prosrc, ${BODY_CHARS_MAX})
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_trigger t ON t.tgfoid = p.oid
  WHERE t.tgdeferrable AND NOT t.tgisinternal LIMIT ${BODIES_MAX}`;
const OF_ALL = `SELECT DISTINCT left(p.prosrc, ${BODY_CHARS_MAX})
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE l.lanname IN ('sql', 'plpgsql') AND n.nspname NOT IN ('pg_catalog', 'information_schema') LIMIT ${BODIES_MAX}`;

/** Fingerprints. Throws as connection.query does. */
export async function topLevelFunctionStatements(
  connection: ServerConnection,
  options: { fingerprinter: Fingerprinter; trackUtility: boolean },
): Promise<ReadonlySet<string>> {
  const { fingerprinter, trackUtility } = options;
  const bodies = await connection.query(!trackUtility && connection.major < 17 ? OF_ALL : OF_DEFERRED_TRIGGERS);
  const found = new Set<string>();
  for (const [body] of bodies) {
    for (const statement of statementsOfBody(body ?? '')) {
      const { fingerprint } = fingerprinter.identify(Buffer.from(statement), IDENTIFY);
      // What the grammar does not read has the body's words, and is no statement.
      if (!fingerprint.startsWith('x')) found.add(fingerprint);
    }
  }
  return found;
}

const IDENTIFY = { backslashEscapes: false, missingBytes: 0 } as const;
const VERBS = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with', 'perform'].map(wordHash));
const PERFORM = wordHash('perform');
const INTO = wordHash('into');
const STRICT = wordHash('strict');
/** INSERT INTO and MERGE INTO name a table; any other INTO of PL/pgSQL names variables. */
const BEFORE_TABLE = new Set(['insert', 'merge'].map(wordHash));
const ENDS = new Set(['loop', 'then'].map(wordHash));

/** Of a body in SQL or PL/pgSQL, as the server sees them: PERFORM is SELECT, INTO variables is left out. */
export function statementsOfBody(body: string): string[] {
  const tokens = new SqlTokens();
  lex(Buffer.from(body), tokens);
  const statements: string[] = [];
  let words: string[] | undefined;
  let depth = 0;
  const end = (): void => {
    if (words !== undefined) statements.push(words.join(' '));
    words = undefined;
  };
  for (let at = 0; at < tokens.count; at++) {
    const kind = tokens.kind[at];
    const hash = tokens.hash[at];
    if (kind === TokenKind.leftParen) depth++;
    else if (kind === TokenKind.rightParen) depth--;
    if (kind === TokenKind.semicolon || (depth === 0 && ENDS.has(hash))) {
      end();
      depth = 0;
    } else if (words === undefined) {
      if (depth === 0 && VERBS.has(hash)) words = [hash === PERFORM ? 'SELECT' : tokens.text(at)];
    } else if (depth === 0 && hash === INTO && !BEFORE_TABLE.has(tokens.hash[at - 1]))
      at = afterTargets(tokens, at) - 1;
    else words.push(tokens.text(at));
  }
  end();
  return statements;
}

/** INTO [STRICT] a, b.c */
function afterTargets({ kind, hash }: SqlTokens, into: number): number {
  let at = into + 1;
  if (hash[at] === STRICT) at++;
  for (;;) {
    at++;
    if (kind[at] !== TokenKind.comma && kind[at] !== TokenKind.dot) return at;
    at++;
  }
}
