// Defines what is told of units of work: each to a listener, and how many there were.
// Not here: who listens (analyzer/findings/findings.ts), when it is told (units.ts).

import type { WorkUnit } from '../../facts/work/unit.js';

export interface UnitsListener {
  /** A unit ended, with its statements. It is not kept. */
  unitEnded(unit: WorkUnit): void;
  /** A unit lasts, is one for good, and its statements have their sources. `idleSessions`: in a transaction. */
  unitGoesOn(unit: WorkUnit, now: { nowMs: number; idleSessions: ReadonlySet<string> }): void;
  /** A unit is quiet with an open transaction: most of its statements are given up now. */
  unitRests(unit: WorkUnit): void;
}

export interface UnitsCounters {
  unitsTotal: number;
  /** Units that ended early, because too many were open. */
  unitsCutTotal: number;
  /** Executions that are in the sums of their unit alone. */
  unitStatementsDroppedTotal: number;
}
