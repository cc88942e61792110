// The one door to libpg-query: the id of a key, and the tree of a text.
// Invariants: the same key has the same id on every machine, so nothing that depends on stack size or timing
// reaches the grammar. Only 16 hexadecimal digits are believed, because libpg-query returns the text of some errors
// (with literals) as if it were a result. Not here: how keys are made (make-key.ts) and kept (fingerprint.ts).

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { fingerprintSync, loadModule, parseSync } from 'libpg-query';
import { sqlOfKey } from './key-marks.js';

/** A longer key costs the grammar milliseconds: it gets an id of its own. */
export const GRAMMAR_BYTES_MAX = 65_536;
/** Deeper nesting, and longer chains of UNION, end in a stack overflow whose limit is not the same everywhere. */
export const GRAMMAR_DEPTH_MAX = 256;
export const GRAMMAR_SET_OPERATIONS_MAX = 64;

/** What made the ids: stored beside them, since another grammar gives others. */
export const GRAMMAR = grammarVersion();

const FINGERPRINT = /^[0-9a-f]{16}$/;

export async function loadGrammar(): Promise<void> {
  // The optimising compiler takes 90 MB for the parser's largest functions, keeps them, and speeds up no first sight.
  setFlagsFromString('--liftoff-only');
  await loadModule();
}

/** sha256 of the key's bytes, 64 hexadecimal digits. */
export function hashOfKey(key: string): string {
  return createHash('sha256').update(key, 'latin1').digest('hex');
}

/** pg_query's fingerprint of the key, or null where the grammar cannot read it. loadGrammar() comes first. */
export function fingerprintOfKey(key: string): string | null {
  if (key.length > GRAMMAR_BYTES_MAX) return null;
  try {
    const result: unknown = fingerprintSync(sqlOfKey(key));
    return typeof result === 'string' && FINGERPRINT.test(result) ? result : null;
  } catch {
    return null;
  }
}

/** The parse tree of a text, or null where the grammar cannot read it. Not for the statement path: it is dear. */
export function treeOfSql(sql: string): unknown {
  if (sql.length > GRAMMAR_BYTES_MAX) return null;
  try {
    return parseSync(sql);
  } catch {
    return null;
  }
}

function grammarVersion(): string {
  const manifest = createRequire(import.meta.url)('libpg-query/package.json') as {
    version: string;
    'x-publish'?: { pgVersion?: string };
  };
  return `libpg-query ${manifest.version}, PostgreSQL ${manifest['x-publish']?.pgVersion ?? manifest.version.split('.')[0]}`;
}
