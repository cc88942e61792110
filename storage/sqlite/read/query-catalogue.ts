// Queries for texts, verdicts, pool names and tags of the statements in a report.
// Invariant: looked up by fingerprint, so cost follows the rows shown, not the size of the catalogue. Not here: counts.

import type { StatementText, StatementVariant, StatementVerdict } from '../../reading/statement-rows.js';
import type { Rows } from '../file/rows.js';

const AMONG = 'IN (SELECT value FROM json_each(?))';

export function textsOf(rows: Rows, fingerprints: readonly string[]): StatementText[] {
  const sql = `SELECT fingerprint, query, summary FROM statement WHERE fingerprint ${AMONG}`;
  return rows.all<StatementText>(sql, JSON.stringify(fingerprints));
}

export function variantsOf(rows: Rows, fingerprints: readonly string[]): StatementVariant[] {
  const sql = `SELECT fingerprint, query FROM statement_variant WHERE fingerprint ${AMONG} ORDER BY fingerprint, query`;
  return rows.all<StatementVariant>(sql, JSON.stringify(fingerprints));
}

/** Those of most executions first. */
export function verdictsOf(rows: Rows, fingerprints: readonly string[]): StatementVerdict[] {
  const sql = `SELECT fingerprint, source, construct, confidence, first_seen_ms AS firstSeenMs, last_seen_ms AS lastSeenMs,
      calls + errors AS executions, evidence
    FROM statement_source WHERE fingerprint ${AMONG} ORDER BY executions DESC, construct`;
  return rows.all<StatementVerdict>(sql, JSON.stringify(fingerprints));
}

/** Of all time and sources. */
export function recordsOf(rows: Rows, fingerprints: readonly string[]): Map<string, { calls: number; errors: number }> {
  if (fingerprints.length === 0) return new Map();
  const sql = `SELECT fingerprint, sum(calls) AS calls, sum(errors) AS errors FROM statement_source
    WHERE fingerprint ${AMONG} GROUP BY fingerprint`;
  const found = rows.all<{ fingerprint: string; calls: number; errors: number }>(sql, JSON.stringify(fingerprints));
  return new Map(found.map(({ fingerprint, ...record }) => [fingerprint, record]));
}

export function poolNames(rows: Rows): Map<string, string> {
  const pools = rows.all<{ id: string; name: string }>('SELECT pool_id AS id, name FROM pool');
  return new Map(pools.map(({ id, name }) => [id, name]));
}
