// Writes what the journal holds into the tables, a slice at a time.
// Invariant: a slice and the note of it are one transaction; a slice that failed is written again, whole.
// Not here: what the journal holds (../journal/journal.ts), how a row is written (flush-writer.ts).

import type Database from 'better-sqlite3';
import type { RefusedRows } from '../../store.js';
import { isRefusal } from '../file/failures.js';
import type { Rows } from '../file/rows.js';
import type { Journal } from '../journal/journal.js';
import type { SeriesIds } from '../tables/series.js';
import type { FlushWriter } from './flush-writer.js';
import { Salvage } from './salvage.js';

export interface WritingOutParts {
  db: Database.Database;
  rows: Rows;
  series: SeriesIds;
  journal: Journal;
  writer: FlushWriter;
}

export class WritingOut {
  readonly #of: WritingOutParts;

  constructor(parts: WritingOutParts) {
    this.#of = parts;
  }

  /** Goes on for some milliseconds. */
  slice(nowMs: number): WrittenOut {
    return this.#slice(nowMs, false);
  }

  /** All that there is, due or not. Returns rows that the database refused for what they are. */
  all(): RefusedRows[] {
    const refused: RefusedRows[] = [];
    while (!this.#of.journal.isEmpty) {
      const slice = this.#slice(0, true);
      if (slice.refused !== undefined) refused.push(slice.refused);
    }
    return refused;
  }

  #slice(nowMs: number, hurries: boolean): WrittenOut {
    const { db, rows, series, journal, writer } = this.#of;
    const next = journal.next(nowMs, hurries);
    if (next === 'read' || next === 'nothing') return { rows: 0 };
    if (next === 'written') {
      db.transaction(() => journal.drop()).immediate();
      return { rows: 0 };
    }
    const write = (salvage?: Salvage): WrittenOut => {
      const refused = writer.writeOut(next, salvage);
      journal.wrote(next.rows);
      return { rows: next.rows, refused };
    };
    try {
      return db.transaction(() => write()).immediate();
    } catch (error) {
      // Ids that the transaction made went with it.
      series.forget();
      if (!isRefusal(error)) throw error;
      return db.transaction(() => write(new Salvage(db, rows, series))).immediate();
    }
  }
}

interface WrittenOut {
  /** Written to the tables. */
  rows: number;
  /** Rows that the database refused for what they are. */
  refused?: RefusedRows;
}
