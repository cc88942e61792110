// The transaction that is open on one connection: since when, and how many statements it has run.
// Invariant: a transaction is told exactly once, by the execution after which the server says that none is open; BEGIN, COMMIT and ROLLBACK
// are not among its statements. Transactions of a single statement without BEGIN are none.
// Source of the states: ReadyForQuery of the protocol. Not here: counts per pool (pools/pools.ts).

/** One that ended, with COMMIT or ROLLBACK. */
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
    // Pipelined behind BEGIN the state comes later than the statements: BEGIN alone says it then.
    if (!isOpen && (execution.openAfter === true || execution.command === 'BEGIN')) {
      state.startedMs = execution.completedAtMs - execution.serviceNs / 1e6;
      state.statements = counts;
    } else if (isOpen) state.statements += counts;
    return undefined;
  }
}
