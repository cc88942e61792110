// Defines an execution on its way into its unit of work.
// Invariant: no unit keeps it: what a unit keeps is written into its list when the session settles. Of a session that
// is settled already it serves once more for the next execution (analyzer/unit-feed.ts).
// Not here: which unit it is in (../units.ts), what is kept of it (statement-list.ts).

import type { UnitStatement, WorkUnit } from '../../../facts/work/unit.js';

export interface UnitExecution extends UnitStatement {
  /** ROLLBACK, where housekeeping is 'end'. */
  readonly isRollback: boolean;
  /** Its dimensions without the caller, as its comment gives them; '' = none. */
  readonly unitTagSet: string;
  /** Requests without a statement that its request's application counted before it. */
  readonly idleRequests: number;
  /** Undefined before it is taken. */
  unit: WorkUnit | undefined;
}

/** What a settled session says of an execution. */
export interface Settled {
  source: string;
  construct: string;
  /** Pool id. */
  pool: string;
  /** Rules of the user may add dimensions. */
  tagSet: string;
  unitTagSet: string;
}

export type UnfilledExecution = { -readonly [Name in keyof UnitExecution]: UnitExecution[Name] };

/** All of its fields are to be filled in. NaN, so that a field holds any number from the start. */
export function unfilledExecution(): UnfilledExecution {
  return {
    fingerprint: '',
    session: '',
    startMs: Number.NaN,
    endMs: Number.NaN,
    serviceNs: Number.NaN,
    rows: Number.NaN,
    sqlstate: '',
    command: '',
    batched: false,
    reads: '',
    housekeeping: '',
    transactionBefore: '',
    transactionAfter: '',
    parameterHash: Number.NaN,
    parameterCount: 0,
    parametersCut: false,
    source: '',
    construct: '',
    pool: '',
    tagSet: '',
    isRollback: false,
    unitTagSet: '',
    idleRequests: 0,
    unit: undefined,
  };
}
