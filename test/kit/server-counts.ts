// Reads pg_stat_statements by our fingerprint, to compare with what pgwitness counted.
// Invariant: the server's normalised texts are fingerprinted like any other text, so equal statements meet under one
// id.

import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import type { Postgres } from './postgres.js';
import type { Top } from './sidecar.js';

export interface Count {
  calls: number;
  rows: number;
}

/** Calls and rows per fingerprint in one database since the last reset. */
export async function serverCounts(postgres: Postgres, database: string): Promise<Map<string, Count>> {
  const rows = await postgres.query(
    `SELECT query, calls, rows FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE toplevel AND datname = '${database}'`,
    database,
  );
  const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
  const counts = new Map<string, Count>();
  for (const [query, calls, returned] of rows) {
    if (query?.includes('pg_stat_statements')) continue;
    const { fingerprint } = fingerprinter.identify(Buffer.from(query ?? ''), {
      backslashEscapes: false,
      missingBytes: 0,
    });
    add(counts, fingerprint, { calls: Number(calls), rows: Number(returned) });
  }
  return counts;
}

export async function resetServerCounts(postgres: Postgres, database: string): Promise<void> {
  await postgres.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements', database);
  await postgres.query('SELECT pg_stat_statements_reset()', database);
}

export function witnessedCounts(report: Top): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const { fingerprint, calls, rows } of report.statements) add(counts, fingerprint, { calls, rows });
  return counts;
}

export function sumOfCalls(counts: Map<string, Count>): number {
  let sum = 0;
  for (const { calls } of counts.values()) sum += calls;
  return sum;
}

function add(counts: Map<string, Count>, fingerprint: string, count: Count): void {
  const sum = counts.get(fingerprint) ?? { calls: 0, rows: 0 };
  counts.set(fingerprint, { calls: sum.calls + count.calls, rows: sum.rows + count.rows });
}
