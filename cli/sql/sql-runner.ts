// The form of all that runs a person's SQL, on a data directory or on the store of a fleet.
// Invariant: nothing is written, an answer is bounded, and a statement that runs can be stopped.
// Not here: the two that do it (sql-process.ts, sql-fleet.ts), reading and printing (../commands/sql.ts).

export type SqlValue = string | number | bigint | boolean | null | Uint8Array | object;

export interface SqlAnswer {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly SqlValue[]>;
  /** There were more rows than rowsMax. */
  readonly truncated: boolean;
}

export interface RunQuestion {
  readonly sql: string;
  readonly rowsMax: number;
  /** 0 = as long as it takes. */
  readonly timeoutMs: number;
  /** timeoutMs as it was written, for messages. */
  readonly limit: string;
}

export interface SqlRunner {
  /** Lists what can be asked. */
  readonly tablesSql: string;
  /** Rejects with RuntimeError where there is nothing to ask. */
  open(): Promise<void>;
  /** Rejects with UsageError for a mistake in the statement, RuntimeError for all else, `cancel` included. */
  run(question: RunQuestion): Promise<SqlAnswer>;
  /** Stops the statement that runs. Returns false if none does. */
  cancel(): boolean;
  close(): void;
}

/** What a timer of Node can wait at most: 24 days. */
export const TIMER_MAX_MS = 2 ** 31 - 1;
