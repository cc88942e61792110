// Keeps statement_windows, which the views read: four periods, rewritten where they changed.
// It goes over some statements at a time.
// Invariant: after refreshSlice the table says of its statements in that period what a report would say then.
// Not here: when to refresh (upkeep.ts), the reports themselves.

import type { StatementFacts } from '../../../facts/answers.js';
import { latencyOf } from '../../../facts/latency.js';
import { emptyFacts, keyOf } from '../../../facts/statement-facts.js';
import type { Segment } from '../../reading/levels.js';
import { addHistograms, type FactsById, seriesOf } from '../../reading/series-to-facts.js';
import { spanOf } from '../../reading/span.js';
import type { StoredFacts } from '../../reading/stored-facts.js';
import type { Rows } from '../file/rows.js';
import { seriesTotals } from '../read/series-totals.js';
import { sqliteFacts } from '../read/sqlite-facts.js';
import { totalSql } from '../tables/saturating.js';

/** Length of each period; undefined = the whole life of the file. Bounds snap outward to the buckets that exist. */
const PERIODS_MS = { '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, all: undefined } as const;
export type Period = keyof typeof PERIODS_MS;
export const PERIODS = Object.keys(PERIODS_MS) as Period[];

/** Sums of the current period. They are compared inside SQL, so that only rows that changed leave it. */
const MAKE_SUMS = `CREATE TEMP TABLE IF NOT EXISTS window_sums (
  fingerprint TEXT, source TEXT, calls INTEGER, batched_calls INTEGER, errors INTEGER, rows INTEGER,
  total_ns INTEGER, min_ns INTEGER, max_ns INTEGER, PRIMARY KEY (fingerprint, source)) WITHOUT ROWID`;

/** In the order of the table's columns. */
const WINDOW_SUMS = ['calls', 'batched_calls', 'errors', 'rows', 'total_ns'].map(totalSql).join(', ');

const TOTALS = ['calls', 'batched_calls', 'errors', 'rows', 'total_ns', 'min_ns', 'max_ns'] as const;

/** Total time in ns differs even when a window lost as many calls as it gained. */
const CHANGED = `SELECT n.* FROM temp.window_sums n LEFT JOIN statement_windows w
    ON w.period = ? AND w.fingerprint = n.fingerprint AND w.source = n.source
  WHERE (w.calls, w.batched_calls, w.errors, w.rows, w.total_ns) IS NOT (n.calls, n.batched_calls, n.errors, n.rows, n.total_ns)`;

/** The first text after every fingerprint: they are in ASCII. */
const BEHIND_ALL = '\u{10ffff}';
const NEXT = 'SELECT DISTINCT fingerprint FROM series WHERE fingerprint > ? ORDER BY fingerprint LIMIT ?';

const DELETE_GONE = `DELETE FROM statement_windows WHERE period = ? AND fingerprint > ? AND fingerprint <= ?
  AND NOT EXISTS (SELECT 1 FROM temp.window_sums n
    WHERE n.fingerprint = statement_windows.fingerprint AND n.source = statement_windows.source)`;

const WRITE = 'INSERT OR REPLACE INTO statement_windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

interface SumRow {
  fingerprint: string;
  source: string;
  calls: number;
  batched_calls: number;
  errors: number;
  rows: number;
  total_ns: number;
  min_ns: number | null;
  max_ns: number;
}

export interface WindowSlice {
  period: Period;
  nowMs: number;
  /** The last fingerprint of the slice before; '' = from the first one. */
  after: string;
  statementsMax: number;
}

export function hasMoreStatements(rows: Rows, than: number): boolean {
  return rows.all(NEXT, '', than + 1).length > than;
}

/** Inside a transaction. Returns the last fingerprint of the slice; undefined = the period is done. */
export function refreshSlice(rows: Rows, { period, nowMs, after, statementsMax }: WindowSlice): string | undefined {
  const lengthMs = PERIODS_MS[period];
  const next = rows.all<{ fingerprint: string }>(NEXT, after, statementsMax);
  const fingerprints = next.map(({ fingerprint }) => fingerprint);
  const stored = sqliteFacts(rows);
  const { segments } = spanOf(stored, { sinceMs: lengthMs === undefined ? undefined : nowMs - lengthMs });
  fillSums(rows, segments, fingerprints);
  const changed = factsOf(stored, rows.all<SumRow>(CHANGED, period));
  // Reading histograms costs most, so only those of statements that changed are read.
  const ofChanged = [...new Set(changed.facts.map(({ fingerprint }) => fingerprint))];
  addHistograms(stored, changed, { table: 'rollup', segments, fingerprints: ofChanged });
  for (const facts of changed.facts) writeRow(rows, period, facts);
  const last = fingerprints.length < statementsMax ? undefined : fingerprints.at(-1);
  rows.run(DELETE_GONE, period, after, last ?? BEHIND_ALL);
  rows.run('DELETE FROM temp.window_sums');
  return last;
}

function fillSums(rows: Rows, segments: readonly Segment[], fingerprints: readonly string[]): void {
  rows.run(MAKE_SUMS);
  const totals = seriesTotals(segments, { totals: TOTALS, filter: { fingerprints } });
  if (totals === undefined) return;
  rows.run(
    `INSERT INTO temp.window_sums SELECT s.fingerprint, s.source, ${WINDOW_SUMS}, min(min_ns), max(max_ns)
      FROM (${totals.sql}) r JOIN series s ON s.series_id = r.series_id GROUP BY s.fingerprint, s.source`,
    ...totals.values,
  );
}

function factsOf(stored: StoredFacts, sums: readonly SumRow[]): FactsById {
  const byKey = new Map<string, StatementFacts>();
  for (const row of sums) {
    const facts = emptyFacts(row.fingerprint, row.source);
    facts.calls = row.calls;
    facts.batchedCalls = row.batched_calls;
    facts.errors = row.errors;
    facts.rows = row.rows;
    facts.serviceTotalNs = row.total_ns;
    facts.serviceMinNs = row.min_ns ?? Number.POSITIVE_INFINITY;
    facts.serviceMaxNs = row.max_ns;
    byKey.set(keyOf(row), facts);
  }
  return seriesOf(stored, byKey, {});
}

function writeRow(rows: Rows, period: Period, facts: StatementFacts): void {
  const latency = latencyOf(facts);
  rows.run(
    WRITE,
    period,
    facts.fingerprint,
    facts.source,
    facts.calls,
    facts.batchedCalls,
    facts.errors,
    facts.rows,
    facts.serviceTotalNs,
    Math.round(latency.meanNs),
    rounded(latency.minNs),
    rounded(latency.maxNs),
    rounded(latency.p50Ns),
    rounded(latency.p95Ns),
    rounded(latency.p99Ns),
  );
}

function rounded(ns: number | null): number | null {
  return ns === null ? null : Math.round(ns);
}
