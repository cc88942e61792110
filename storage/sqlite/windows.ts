// statement_windows: what the views read, kept for four periods, rewritten where it changed.
// Invariant: after refreshWindows the table says what a report over the same time would say at that moment.
// Not here: when to refresh (upkeep.ts), the reports themselves.

import { latencyOf } from '../latency.js';
import type { StatementFacts } from '../report-types.js';
import { addHistograms, groupSeries } from '../statement-facts.js';
import { frameOf } from './frame.js';
import { seriesSums } from './query-statements.js';
import type { Rows } from './rows.js';

/** Length of each period; undefined = the whole life of the file. Bounds snap outward to minutes, or to what is kept. */
const PERIODS_MS: ReadonlyArray<readonly [period: string, lengthMs: number | undefined]> = [
  ['1h', 3_600_000],
  ['24h', 86_400_000],
  ['7d', 7 * 86_400_000],
  ['all', undefined],
];

interface WindowRow {
  fingerprint: string;
  source: string;
  calls: number;
  batched_calls: number;
  errors: number;
  rows: number;
  total_ns: number;
}

const READ = `SELECT fingerprint, source, calls, batched_calls, errors, rows, total_ns FROM statement_windows WHERE period = ?`;
const WRITE = 'INSERT OR REPLACE INTO statement_windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const DELETE = 'DELETE FROM statement_windows WHERE period = ? AND fingerprint = ? AND source = ?';

/** Inside a transaction. */
export function refreshWindows(rows: Rows, nowMs: number): void {
  for (const [period, lengthMs] of PERIODS_MS) {
    refreshPeriod(rows, period, lengthMs === undefined ? undefined : nowMs - lengthMs);
  }
}

function refreshPeriod(rows: Rows, period: string, sinceMs: number | undefined): void {
  const { segments } = frameOf(rows, { sinceMs });
  const grouped = groupSeries(seriesSums(rows, segments, {}));
  const present = new Map<string, WindowRow>();
  for (const row of rows.all<WindowRow>(READ, period)) present.set(`${row.fingerprint}\0${row.source}`, row);
  const changed = new Set<StatementFacts>();
  for (const facts of grouped.facts) {
    const key = `${facts.fingerprint}\0${facts.source}`;
    const row = present.get(key);
    if (row === undefined || !saysTheSame(row, facts)) changed.add(facts);
    present.delete(key);
  }
  // Histograms are the dear part, so only those of statements that moved are read.
  addHistograms(rows, grouped, { table: 'rollup', segments, only: changed });
  for (const facts of changed) writeRow(rows, period, facts);
  for (const row of present.values()) rows.run(DELETE, period, row.fingerprint, row.source);
}

/** Total time in ns tells even windows apart that slid over as many calls as they gained. */
function saysTheSame(row: WindowRow, facts: StatementFacts): boolean {
  return (
    row.total_ns === facts.serviceTotalNs &&
    row.calls === facts.calls &&
    row.batched_calls === facts.batchedCalls &&
    row.errors === facts.errors &&
    row.rows === facts.rows
  );
}

function writeRow(rows: Rows, period: string, facts: StatementFacts): void {
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
