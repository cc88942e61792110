// Follows the transaction that is open on one connection: its start and its number of statements.
// Invariant: a transaction ends exactly once, with the execution after which the server says that none is open. BEGIN,
// COMMIT and ROLLBACK are not among its statements; a single statement without BEGIN is no transaction. Source of the
// states: ReadyForQuery of the protocol. Not here: counts per pool (pools/pools.ts).

/** A transaction that ended, with COMMIT or ROLLBACK. */
export interface EndedTransaction {
  readonly statements: number;
  readonly durationMs: number;
}

export interface TransactionState {
  /** Unix ms; 0 = none is open. */
  startedMs: number;
  statements: number;
}

const FRAME: ReadonlySet<string> = new Set(['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION']);

export class TransactionWatch {
  readonly state: TransactionState;

  constructor(state: TransactionState = { startedMs: 0, statements: 0 }) {
    this.state = { ...state };
  }

  /** Place of the next statement: 1 for the first after BEGIN, 0 outside of a transaction. */
  get nextPosition(): number {
    return this.state.startedMs === 0 ? 0 : this.state.statements + 1;
  }

  /** `openAfter` undefined = the server has not said yet. Returns the transaction that this execution ended. */
  executed(execution: {
    completedAtMs: number;
    serviceNs: number;
    /** Command tag. */
    command: string;
    openAfter: boolean | undefined;
  }): EndedTransaction | undefined {
    const { state } = this;
    const counts = FRAME.has(execution.command) ? 0 : 1;
    const isOpen = state.startedMs !== 0;
    if (execution.openAfter === false) {
      if (!isOpen) return undefined;
      const ended = {
        statements: state.statements + counts,
        durationMs: Math.max(0, execution.completedAtMs - state.startedMs),
      };
      state.startedMs = 0;
      state.statements = 0;
      return ended;
    }
    // In a pipeline the status comes after all statements, so BEGIN's own tag has to open the transaction.
    if (!isOpen && (execution.openAfter === true || execution.command === 'BEGIN')) {
      state.startedMs = execution.completedAtMs - execution.serviceNs / 1e6;
      state.statements = counts;
    } else if (isOpen) state.statements += counts;
    return undefined;
  }
}
