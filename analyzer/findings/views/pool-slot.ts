// One pool in a slot of six hours: kinds about pools look at it.
// Not here: keeping it (../pool-histories.ts).

import type { Occurrence } from '../../../facts/finding.js';

export interface PoolSlot {
  /** Pool id. */
  readonly pool: string;
  /** Minutes in which it held a connection. */
  readonly minutes: number;
  /** The least of what it held at most in a minute. */
  readonly heldMin: number;
  /** Connections that ran a statement, or held a transaction, within one second, at most. */
  readonly usedMax: number;
  /** Slots before it, in a row, of which the same was found. */
  readonly alikeBefore: number;
}

export type LookAtPool = (slot: PoolSlot) => Occurrence | undefined;
