// One statement in a slot of five minutes, and before: kinds over time look at it.
// Not here: keeping it (../statement-histories.ts), the rules (../kinds/errors-rise.ts, slower-than-itself.ts).

import type { Occurrence } from '../../../facts/finding.js';

export interface StatementSlot {
  readonly fingerprint: string;
  readonly source: string;
  readonly pools: readonly string[];
  /** In this slot, calls and errors. */
  readonly executions: number;
  /** But those of circumstances (kind.ts). */
  readonly errors: number;
  readonly serviceNs: number;
  /** Measured one by one, and of these the ones beyond what 97.7 % of the past, and of its slow hours, took. */
  readonly timed: number;
  readonly slow: number;
  readonly before: {
    /** Half of them forgotten each day. */
    readonly executions: number;
    readonly errors: number;
    readonly serviceNs: number;
    readonly timed: number;
    /** Since its first execution. */
    readonly ms: number;
  };
}

/** A kind that compares a statement with its own past. */
export type LookOverTime = (slot: StatementSlot) => Occurrence | undefined;

/** Less of a past is none. */
const PAST_MS_MIN = 30 * 60_000;
const PAST_EXECUTIONS_MIN = 200;

export function hasPast({ before }: StatementSlot): boolean {
  return before.ms >= PAST_MS_MIN && before.executions >= PAST_EXECUTIONS_MIN;
}

/** Of its executions, and times the share of before. */
const ERRORS_SHARE_MIN = 0.05;
const ERRORS_RISE_MIN = 5;

/** As if one more had failed: a past without errors is no promise. */
export function errorsBefore({ before }: StatementSlot): number {
  return (before.errors + 1) / (before.executions + 1);
}

/** It fails far more often than before; it may be chance. */
export function hasRisen(slot: StatementSlot): boolean {
  const now = slot.errors / slot.executions;
  return now >= ERRORS_SHARE_MIN && now >= errorsBefore(slot) * ERRORS_RISE_MIN;
}
