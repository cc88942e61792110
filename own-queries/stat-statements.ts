// Reads the counts of pg_stat_statements in one database, added up by our fingerprint.
// Invariant: only top-level statements are counted, and entries with the same fingerprint are one count.
// Not here: comparing (reconcile.ts), texts that no client sent (text-origin.ts, function-bodies.ts).
// Source: PostgreSQL contrib/pg_stat_statements, versions 1.9 (PostgreSQL 14) and
// later.

import { Fingerprinter } from '../analyzer/fingerprint/fingerprint.js';
import { nameUseOf } from '../analyzer/fingerprint/sql-session.js';
import { limits } from '../config/limits.js';
import { RuntimeError } from '../config/values/errors.js';
import { topLevelFunctionStatements } from './function-bodies.js';
import type { ServerConnection } from './own-connection.js';
import { type Origin, originOf } from './text-origin.js';

export interface ServerCount {
  readonly query: string;
  /** First keyword, upper case. */
  readonly command: string;
  readonly calls: number;
  readonly rows: number;
  /** Where the text comes from, if no application sends it. */
  readonly origin?: Origin;
  /** It is lower than at the beginning of the window, so its increase is not known. */
  readonly beganAnew?: boolean;
}

export interface ServerSnapshot {
  /** "17.10". */
  readonly version: string;
  readonly major: number;
  readonly database: string;
  /** Last reset of all entries, Unix ms: also a crash, and a restart that did not save them. */
  readonly statsResetMs: number;
  /** Times the server dropped entries because there were more than pg_stat_statements.max. */
  readonly deallocations: number;
  readonly trackUtility: boolean;
  /** By fingerprint. */
  readonly counts: ReadonlyMap<string, ServerCount>;
}

const FIND_EXTENSION =
  "SELECT n.nspname, e.extversion FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";
const SETTINGS =
  "SELECT current_setting('pg_stat_statements.track', true), current_setting('pg_stat_statements.track_utility', true), current_database()";
/**
 * Characters of a text that is read whole. The server writes `$100000` where a client wrote `1`, so a text that the
 * relay keeps whole is never longer than this. Of a longer one only as much is read as the relay keeps.
 */
const TEXT_CHARS_MAX = 8 * limits.textHeadBytesMax;
const TEXT = `CASE WHEN length(s.query) <= ${TEXT_CHARS_MAX} THEN s.query
  ELSE left(s.query, ${limits.textHeadBytesMax}) || right(s.query, ${limits.textTailBytesMax}) END, length(s.query) > ${TEXT_CHARS_MAX}`;
const HIDDEN = '<insufficient privilege>';

/** Throws RuntimeError if the server does not count, or hides its counts from this user. */
export async function readStatStatements(connection: ServerConnection): Promise<ServerSnapshot> {
  const [extension] = await connection.query(FIND_EXTENSION);
  if (extension === undefined) {
    throw new RuntimeError('pg_stat_statements is not installed in this database', {
      hint: 'add it to shared_preload_libraries, restart, and run CREATE EXTENSION pg_stat_statements here',
    });
  }
  const schema = `"${String(extension[0]).replaceAll('"', '""')}"`;
  const [settings] = await connection.query(SETTINGS);
  if (settings[0] === 'none') {
    throw new RuntimeError('the server counts nothing, because pg_stat_statements.track is none', {
      hint: 'set it to top',
    });
  }
  const infoSql = `SELECT dealloc, extract(epoch FROM stats_reset) * 1000 FROM ${schema}.pg_stat_statements_info`;
  const entriesSql = `SELECT ${TEXT}, s.calls, s.rows FROM ${schema}.pg_stat_statements s JOIN pg_catalog.pg_database d ON d.oid = s.dbid WHERE s.toplevel AND d.datname = current_database()`;
  if (connection.major < 14) {
    throw new RuntimeError(`this server is version ${connection.version}`, {
      hint: 'reconcile needs PostgreSQL 14 or later',
    });
  }
  const [info] = await connection.query(infoSql);
  const entries = await connection.query(entriesSql);
  const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
  const trackUtility = settings[1] === 'on';
  const nested = await topLevelFunctionStatements(connection, { fingerprinter, trackUtility });
  // Where the server first saw them without our mark, it keeps them so.
  const own = new Set(
    [FIND_EXTENSION, SETTINGS, infoSql, entriesSql].map((sql) => identify(fingerprinter, sql, false).fingerprint),
  );
  const counts = new Map<string, ServerCount>();
  for (const [query, isCut, calls, rows] of entries) {
    if (query === HIDDEN) {
      throw new RuntimeError('the server hides the texts of other users', {
        hint: 'GRANT pg_read_all_stats TO this user',
      });
    }
    const identity = identify(fingerprinter, query ?? '', isCut === 't');
    const before = counts.get(identity.fingerprint);
    counts.set(identity.fingerprint, {
      query: before?.query ?? identity.query,
      command: identity.command,
      calls: (before?.calls ?? 0) + Number(calls),
      rows: (before?.rows ?? 0) + Number(rows),
      origin:
        before?.origin ??
        (own.has(identity.fingerprint) ? 'own-query' : originOf({ ...identity, raw: query ?? '' })) ??
        (nested.has(identity.fingerprint) ? 'function-body' : undefined),
    });
  }
  return {
    version: connection.version,
    major: connection.major,
    database: String(settings[2]),
    statsResetMs: Math.round(Number(info[1])),
    deallocations: Number(info[0]),
    trackUtility,
    counts,
  };
}

/**
 * From PostgreSQL 17 on, the server replaces the name in these statements by a parameter, which the grammar forbids
 * there.
 */
const NAMED = /^\s*(?:SAVEPOINT|RELEASE|ROLLBACK|DEALLOCATE|PREPARE\s+TRANSACTION|COMMIT\s+PREPARED)\b/i;
/** The name of a prepared transaction is a literal. */
const NAMED_BY_LITERAL = /^\s*\w+\s+(?:TRANSACTION|PREPARED)\b/i;

function asWritten(text: string): string {
  if (!NAMED.test(text)) return text;
  return text.replace(/\$\d+/, NAMED_BY_LITERAL.test(text) ? "'name'" : 'name');
}

/** The server counts EXECUTE under the text of its PREPARE; we count it under the prepared statement. */
function identify(fingerprinter: Fingerprinter, text: string, isCut: boolean) {
  // How much is missing does not matter, only that something is.
  const options = { backslashEscapes: false, missingBytes: isCut ? 1 : 0 };
  const bytes = isCut ? headAndTail(Buffer.from(text)) : Buffer.from(asWritten(text));
  const identity = fingerprinter.identify(bytes, options);
  if (identity.command !== 'PREPARE') return identity;
  const use = nameUseOf(fingerprinter.tokens);
  return use === undefined ? identity : fingerprinter.identify(bytes.subarray(use.bodyStart), options);
}

/** As many bytes as the relay keeps. */
function headAndTail(text: Buffer): Buffer {
  return Buffer.concat([text.subarray(0, limits.textHeadBytesMax), text.subarray(-limits.textTailBytesMax)]);
}
