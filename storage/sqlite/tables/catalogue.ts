// The catalogue of statement texts: a first text per fingerprint, its variants, and its bound.
// Up to 20 variants are kept.
// Invariant: an entry outlives its rollups; only the least recently seen go, and only beyond the bound.
// Not here: rollups (flush-writer.ts), how texts become fingerprints.

import { limits } from '../../../config/limits.js';
import type { CatalogueEntry } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';

/** Texts kept per fingerprint beside the first one. */

const INSERT = `INSERT INTO statement (fingerprint, query, summary, command, key_hash, grammar) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (fingerprint) DO NOTHING`;
const IS_KNOWN = `SELECT 1 FROM statement WHERE fingerprint = ? AND key_hash = ?
  UNION ALL SELECT 1 FROM statement_variant WHERE fingerprint = ? AND key_hash = ?`;
const INSERT_VARIANT = `INSERT INTO statement_variant (fingerprint, key_hash, query) SELECT ?, ?, ?
  WHERE (SELECT count(*) FROM statement_variant WHERE fingerprint = ?) < ${limits.variantsMax}`;
const COUNT_DROPPED = 'UPDATE statement SET variants_dropped = variants_dropped + 1 WHERE fingerprint = ?';

export function writeCatalogueEntry(rows: Rows, entry: CatalogueEntry): void {
  const { fingerprint, query, keyHash } = entry;
  if (rows.run(INSERT, fingerprint, query, entry.summary, entry.command, keyHash, entry.grammar) > 0) return;
  if (rows.get(IS_KNOWN, fingerprint, keyHash, fingerprint, keyHash) !== undefined) return;
  if (rows.run(INSERT_VARIANT, fingerprint, keyHash, query, fingerprint) === 0) rows.run(COUNT_DROPPED, fingerprint);
}

const COUNT = 'SELECT count(*) AS count FROM statement';
const SEEN = `SELECT fingerprint, max(last_seen_ms) AS seenMs FROM statement_source WHERE fingerprint > ?
  GROUP BY fingerprint ORDER BY fingerprint LIMIT ?`;
const SEEN_LAST = 'SELECT max(last_seen_ms) AS seenMs FROM statement_source WHERE fingerprint = ?';
const FORGET = [
  'DELETE FROM statement WHERE fingerprint = ?',
  'DELETE FROM statement_variant WHERE fingerprint = ?',
  'DELETE FROM statement_source WHERE fingerprint = ?',
  'DELETE FROM rollup WHERE span_s = 0 AND bucket_min = 0 AND series_id IN (SELECT series_id FROM series WHERE fingerprint = ?)',
  'DELETE FROM rollup_error WHERE span_s = 0 AND bucket_min = 0 AND series_id IN (SELECT series_id FROM series WHERE fingerprint = ?)',
  'DELETE FROM tag_rollup WHERE span_s = 0 AND bucket_min = 0 AND tag_series_id IN (SELECT tag_series_id FROM tag_series WHERE fingerprint = ?)',
  'DELETE FROM request_statement_rollup WHERE span_s = 0 AND bucket_min = 0 AND tag_series_id IN (SELECT tag_series_id FROM tag_series WHERE fingerprint = ?)',
  'DELETE FROM series WHERE fingerprint = ?',
  'DELETE FROM tag_series WHERE fingerprint = ?',
];

export interface SeenStatement {
  fingerprint: string;
  /** Unix ms, by any source. */
  seenMs: number;
}

export function catalogueEntries(rows: Rows): number {
  return rows.get<{ count: number }>(COUNT)!.count;
}

/** The next of all statements, in the order of fingerprints. */
export function seenAfter(rows: Rows, after: string, count: number): SeenStatement[] {
  return rows.all<SeenStatement>(SEEN, after, count);
}

/**
 * Removes a statement that was last seen before `beforeMs` (Unix ms). Its series go too, so no bucket from `beforeMs`
 * on may name them: a row without its series cannot be read. Returns false where it came again.
 */
export function forgetStatement(rows: Rows, fingerprint: string, beforeMs: number): boolean {
  const seenMs = rows.get<{ seenMs: number | null }>(SEEN_LAST, fingerprint)?.seenMs ?? beforeMs;
  if (seenMs >= beforeMs) return false;
  for (const sql of FORGET) rows.run(sql, fingerprint);
  return true;
}
