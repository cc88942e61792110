// The form of all that runs a person's SQL, on a data directory or a fleet's store, and its limit.
// Invariant: nothing is written, an answer is bounded, and a statement that runs can be stopped.
// Not here: the two that do it (sql-process.ts, sql-fleet.ts), reading and printing (../commands/sql.ts).

import { RuntimeError } from '../../config/values/errors.js';

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
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Gives `stop` what to tell a person once a statement has taken too long. Whoever waits for it clears the timer. */
export function startLimit(
  { timeoutMs, limit }: Pick<RunQuestion, 'timeoutMs' | 'limit'>,
  { hint, stop }: { hint: string; stop: (reason: RuntimeError) => void },
): NodeJS.Timeout {
  const late = () =>
    stop(new RuntimeError(`the statement took longer than ${limit} and was stopped`, { where: 'sql', hint }));
  return setTimeout(late, timeoutMs === 0 ? TIMER_MAX_MS : Math.min(timeoutMs, TIMER_MAX_MS));
}
