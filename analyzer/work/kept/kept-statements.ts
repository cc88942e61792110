// Lends the objects in which units keep their statements. They serve again and again.
// An object that lives for a second is what a garbage collector works on most.
// Invariant: of those that serve again one is lent once at a time, and holds nothing of a unit once it is back. An
// execution that waits for its session to settle outlives its unit: its object serves once.
// Not here: which unit a statement is in, and their order (statement-list.ts).

import type { UnitStatement, WorkUnit } from '../../../facts/work/unit.js';

/** An execution on its way through a unit. */
export interface UnitExecution extends UnitStatement {
  /** ROLLBACK, where housekeeping is 'end'. */
  readonly isRollback: boolean;
  /** Its dimensions without the caller, as its comment gives them; '' = none. */
  readonly unitTagSet: string;
  /** Requests without a statement that its request's application counted before it. */
  readonly idleRequests: number;
  /** Undefined before it is taken. */
  unit: WorkUnit | undefined;
  readonly servesAgain: boolean;
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

export type LentExecution = { -readonly [Name in keyof UnitExecution]: UnitExecution[Name] };

export class KeptStatements {
  readonly #max: number;
  readonly #free: UnitExecution[] = [];
  /** In units. */
  size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.size >= this.#max;
  }

  /** Hot path. `isSettled`: it is counted before the next one comes. All of its fields are to be filled in. */
  lend(isSettled: boolean): LentExecution {
    return (isSettled ? this.#free.pop() : undefined) ?? emptyExecution(isSettled);
  }

  /** No unit keeps it. It may be read until the next is lent. */
  giveBack(execution: UnitExecution): void {
    if (execution.servesAgain) this.#free.push(execution);
  }

  /** Their unit keeps the first `count` no longer. */
  giveBackAll(executions: readonly UnitExecution[], count: number): void {
    this.size -= count;
    for (let n = 0; n < count; n++) {
      const execution = executions[n];
      if (!execution.servesAgain) continue;
      execution.unit = undefined;
      this.#free.push(execution);
    }
  }
}

/** NaN, so that the field holds any number from the start. */
function emptyExecution(servesAgain: boolean): LentExecution {
  return {
    fingerprint: '',
    session: '',
    startMs: Number.NaN,
    endMs: Number.NaN,
    serviceNs: Number.NaN,
    rows: 0,
    sqlstate: '',
    command: '',
    batched: false,
    reads: '',
    housekeeping: '',
    transactionBefore: '',
    transactionAfter: '',
    transactionPosition: 0,
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
    servesAgain,
  };
}
