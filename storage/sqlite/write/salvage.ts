// Writes what can be written of a flush that the database refused, row by row.
// Invariant: a row is written whole or leaves no trace, and one that is refused is counted. Not here: when a flush is
// salvaged (sqlite-store.ts), how a row is written (flush-writer.ts).

import type Database from 'better-sqlite3';
import { type RefusedRows, STORE_REFUSED } from '../../store.js';
import { isRefusal } from '../file/failures.js';
import type { Rows } from '../file/rows.js';
import type { SeriesIds } from '../tables/series.js';

/** Executions of a row, and their minute. */
export interface RowExecutions {
  minute: number;
  executions: number;
}

const ADD_LOSS = `INSERT INTO loss (counter_id, minute_min, reason, count) VALUES ('store', ?, '${STORE_REFUSED}', ?)
  ON CONFLICT (minute_min, reason, counter_id) DO UPDATE SET count = count + excluded.count`;

export class Salvage {
  readonly #rows: Rows;
  readonly #series: SeriesIds;
  readonly #attempt: (write: () => void) => void;
  readonly #lost = new Map<number, number>();
  #refused = 0;
  #reason = '';

  constructor(db: Database.Database, rows: Rows, series: SeriesIds) {
    this.#rows = rows;
    this.#series = series;
    this.#attempt = db.transaction((write: () => void) => write());
  }

  /** Inside of a transaction. */
  each<Row>(rows: Iterable<Row>, write: (row: Row) => void, executionsOf?: (row: Row) => RowExecutions): void {
    for (const row of rows) {
      try {
        this.#attempt(() => write(row));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        // Ids that the row made went with it.
        this.#series.forget();
        this.#refused++;
        this.#reason ||= (error as Error).message;
        if (executionsOf === undefined) continue;
        const { minute, executions } = executionsOf(row);
        this.#lost.set(minute, (this.#lost.get(minute) ?? 0) + executions);
      }
    }
  }

  /** Counts what was given up as lost, inside of the same transaction. */
  end(): RefusedRows {
    let executions = 0;
    for (const [minute, count] of this.#lost) {
      executions += count;
      this.#rows.run(ADD_LOSS, minute, count);
    }
    return { rows: this.#refused, executions, reason: this.#reason };
  }
}
