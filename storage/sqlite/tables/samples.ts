// Slow executions and plans in the database.
// Invariant: of a statement at most SAMPLES_MAX executions are kept, its slowest, and one plan; no literal is in
// either.
// Not here: which executions are offered (analyzer/notable/samples.ts), where plans come from (own-queries/plans.ts).

import type { PlanRow, SlowSampleRow } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';
import { integer } from './rollup-tables.js';

const SAMPLES_MAX = 10;

const INSERT = 'INSERT OR REPLACE INTO slow_sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const KEEP_SLOWEST = `DELETE FROM slow_sample WHERE fingerprint = ? AND service_ns < (
  SELECT service_ns FROM slow_sample WHERE fingerprint = ? ORDER BY service_ns DESC LIMIT 1 OFFSET ${SAMPLES_MAX - 1})`;
const OF_STATEMENT = `SELECT s.fingerprint, s.source, at_ms AS atMs, service_ns AS serviceNs, wait_ns AS waitNs, rows, sqlstate,
    coalesce(p.name, s.pool_id) AS pool, tag_set AS tagSet, trace_id AS traceId, request_id AS requestId,
    transaction_position AS transactionPosition
  FROM slow_sample s LEFT JOIN pool p ON p.pool_id = s.pool_id
  WHERE s.fingerprint = ? ORDER BY service_ns DESC, at_ms`;
const UPSERT_PLAN = 'INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, ?)';
const PLAN = `SELECT fingerprint, at_ms AS atMs, server_version AS serverVersion, plan, problem FROM plan WHERE fingerprint = ?`;

/** Inside a transaction. */
export function writeSamples(rows: Rows, samples: Iterable<SlowSampleRow>): void {
  const touched = new Set<string>();
  for (const sample of samples) {
    touched.add(sample.fingerprint);
    rows.run(
      INSERT,
      sample.fingerprint,
      sample.source,
      integer(sample.atMs),
      integer(sample.serviceNs),
      integer(sample.waitNs),
      integer(sample.rows),
      sample.sqlstate,
      sample.pool,
      sample.tagSet,
      sample.traceId,
      sample.requestId,
      integer(sample.transactionPosition),
    );
  }
  for (const fingerprint of touched) rows.run(KEEP_SLOWEST, fingerprint, fingerprint);
}

/** Slowest first; `pool` is the pool's name. */
export function samplesOf(rows: Rows, fingerprint: string): SlowSampleRow[] {
  return rows.all<SlowSampleRow>(OF_STATEMENT, fingerprint);
}

export function writePlan(rows: Rows, plan: PlanRow): void {
  rows.run(UPSERT_PLAN, plan.fingerprint, integer(plan.atMs), plan.serverVersion, plan.plan, plan.problem);
}

export function planOf(rows: Rows, fingerprint: string): PlanRow | undefined {
  return rows.get<PlanRow>(PLAN, fingerprint);
}
