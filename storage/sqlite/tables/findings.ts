// Findings in the database: adding to them, reading them, dropping the oldest.
// Invariant: counts only grow; a finding that was strong stays strong; the newest ones keep an example.
// Not here: finding them (analyzer/findings/), their state and words (reports/findings.ts).

import type { FindingDelta, StoredFinding } from '../../../facts/finding.js';
import type { SampledUnit } from '../../../facts/rollup-row.js';
import type { Rows } from '../file/rows.js';
import { integer } from './rollup-tables.js';
import { plusSql } from './saturating.js';

const UPSERT = `INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (finding_id) DO UPDATE SET
    confidence = iif(confidence = 'strong', confidence, excluded.confidence),
    found = iif(found = 'direct', found, excluded.found),
    statements = excluded.statements,
    callers = iif(excluded.callers = '[]', callers, excluded.callers),
    units = ${plusSql('units', 'excluded.units')}, times = ${plusSql('times', 'excluded.times')},
    times_max = max(times_max, excluded.times_max), cost_ns = ${plusSql('cost_ns', 'excluded.cost_ns')},
    first_seen_ms = min(first_seen_ms, excluded.first_seen_ms), last_seen_ms = max(last_seen_ms, excluded.last_seen_ms),
    sample = coalesce(excluded.sample, sample)`;
const SEEN_IN = `SELECT finding_id AS id, kind, confidence, found, route, statements, pools, callers, units, times,
    times_max AS timesMax, cost_ns AS costNs, first_seen_ms AS firstMs, last_seen_ms AS lastMs
  FROM finding WHERE last_seen_ms >= ? AND first_seen_ms < ? ORDER BY last_seen_ms DESC LIMIT ?`;
const DROP_OLD = 'DELETE FROM finding WHERE last_seen_ms < ?';
/** Beyond it those go that were not seen for longest. */
const KEPT_MAX = 10_000;
const DROP_MANY = `DELETE FROM finding WHERE finding_id IN
  (SELECT finding_id FROM finding ORDER BY last_seen_ms DESC LIMIT -1 OFFSET ${KEPT_MAX})`;
const SAMPLE = 'SELECT sample FROM finding WHERE finding_id = ?';
/** Findings that keep their example: some 10 MiB. */
const SAMPLES_MAX = 1_000;
const DROP_SAMPLES = `UPDATE finding SET sample = NULL WHERE sample IS NOT NULL AND finding_id IN
  (SELECT finding_id FROM finding ORDER BY last_seen_ms DESC LIMIT -1 OFFSET ${SAMPLES_MAX})`;

/** Inside a transaction. */
export function writeFinding(rows: Rows, finding: FindingDelta): void {
  rows.run(
    UPSERT,
    finding.id,
    finding.kind,
    finding.confidence,
    finding.found,
    finding.route,
    JSON.stringify(finding.statements),
    JSON.stringify(finding.pools),
    JSON.stringify(finding.callers),
    integer(finding.units),
    integer(finding.times),
    integer(finding.timesMax),
    integer(finding.costNs),
    integer(finding.firstMs),
    integer(finding.lastMs),
    finding.sample === undefined ? null : JSON.stringify(finding.sample),
  );
}

/** Those seen in [sinceMs, untilMs), the newest first; their counts are of all time. */
export function findingsIn(
  rows: Rows,
  { sinceMs, untilMs }: { sinceMs: number; untilMs: number },
  newestMax = KEPT_MAX,
): StoredFinding[] {
  type Row = Omit<StoredFinding, 'statements' | 'pools' | 'callers'> &
    Record<'statements' | 'pools' | 'callers', string>;
  return rows.all<Row>(SEEN_IN, integer(sinceMs), integer(untilMs), newestMax).map((row) => ({
    ...row,
    statements: JSON.parse(row.statements) as StoredFinding['statements'],
    pools: JSON.parse(row.pools) as string[],
    callers: JSON.parse(row.callers) as string[],
  }));
}

/** Its pools are ids; undefined = none is kept. */
export function sampleOfFinding(rows: Rows, id: string): SampledUnit | undefined {
  const sample = rows.get<{ sample: string | null }>(SAMPLE, id)?.sample ?? null;
  return sample === null ? undefined : (JSON.parse(sample) as SampledUnit);
}

/** Inside a transaction. */
export function dropFindings(rows: Rows, beforeMs: number): void {
  rows.run(DROP_OLD, integer(beforeMs));
  rows.run(DROP_MANY);
  rows.run(DROP_SAMPLES);
}
