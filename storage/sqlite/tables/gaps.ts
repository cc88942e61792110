// The table of gaps: stretches of time whose counts nobody can vouch for.
// Invariant: writing a gap twice changes nothing; the larger number of missing executions stays. Not here: what a gap
// is (facts/flush.ts).

import { minuteOf } from '../../../config/values/minute.js';
import type { GapReason, GapRow } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';

const UPSERT = `INSERT INTO gap (from_min, until_min, reason, executions) VALUES (?, ?, ?, ?)
  ON CONFLICT (from_min, until_min, reason) DO UPDATE SET executions = max(executions, excluded.executions)`;
const TOUCHING = 'SELECT from_min, until_min, reason, executions FROM gap WHERE from_min < ? AND until_min >= ?';
const DROP = 'DELETE FROM gap WHERE until_min < ?';

interface StoredGap {
  from_min: number;
  until_min: number;
  reason: GapReason;
  executions: number | null;
}

export function writeGap(rows: Rows, { fromMinute, untilMinute, reason, executions }: GapRow): void {
  rows.run(UPSERT, fromMinute, Math.max(fromMinute, untilMinute), reason, executions ?? null);
}

/** From the minute of one moment to that of another, both Unix ms. */
export function gapOf(reason: GapReason, fromMs: number, untilMs: number): GapRow {
  return { fromMinute: minuteOf(fromMs), untilMinute: minuteOf(untilMs), reason };
}

/** Gaps that touch [sinceMinute, untilMinute). */
export function gapsIn(rows: Rows, sinceMinute: number, untilMinute: number): GapRow[] {
  return rows.all<StoredGap>(TOUCHING, untilMinute, sinceMinute).map((gap) => ({
    fromMinute: gap.from_min,
    untilMinute: gap.until_min,
    reason: gap.reason,
    executions: gap.executions ?? undefined,
  }));
}

export function dropGaps(rows: Rows, beforeMinute: number): void {
  rows.run(DROP, beforeMinute);
}
