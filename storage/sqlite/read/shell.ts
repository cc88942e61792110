// Runs SQL of people on the database: one statement at a time, read-only, with histogram functions.
// Invariant: neither the database nor any other file is written; an answer is bounded.
// Not here: printing (cli/commands/sql.ts).

import Database from 'better-sqlite3';
import { LogHistogram } from '../../../facts/histogram.js';
import { databasePath } from '../file/data-directory.js';
import { storeError } from '../file/failures.js';
import { mergeHistograms } from '../file/histogram-sql-function.js';
import { openReader } from './reader.js';

export type ShellValue = string | number | bigint | null | Uint8Array;

export interface ShellAnswer {
  readonly columns: readonly string[];
  readonly rows: ReadonlyArray<readonly ShellValue[]>;
  /** There were more rows than rowsMax. */
  readonly truncated: boolean;
}

/** A statement that SQLite refuses, or that would write; the message is for people. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
}

const BUSY_MS = 2_000;

export class SqlShell {
  readonly #db: Database.Database;
  readonly #path: string;

  /** Throws StoreError where there is no database of ours. */
  constructor(dataDir: string) {
    // The reader checks whose file it is, and its version.
    openReader(dataDir).close();
    this.#path = databasePath(dataDir);
    try {
      this.#db = new Database(this.#path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
      this.#db.pragma('query_only = ON');
      registerFunctions(this.#db);
    } catch (error) {
      throw storeError(error, `opening ${this.#path}`);
    }
  }

  /** Runs one statement. Throws ShellError for a mistake in it, StoreError for the disk. */
  run(sql: string, { rowsMax }: { rowsMax: number }): ShellAnswer {
    let statement: Database.Statement<unknown[]>;
    try {
      statement = this.#db.prepare(sql);
    } catch (error) {
      throw new ShellError(messageOf(error), { cause: error });
    }
    if (!statement.reader || !statement.readonly) {
      throw new ShellError('only statements that read are run here: SELECT, WITH, EXPLAIN, PRAGMA table_info(…)');
    }
    try {
      const rows: ShellValue[][] = [];
      for (const row of statement.raw().iterate()) {
        if (rows.length === rowsMax) return { columns: columnsOf(statement), rows, truncated: true };
        rows.push(row as ShellValue[]);
      }
      return { columns: columnsOf(statement), rows, truncated: false };
    } catch (error) {
      if (error instanceof RangeError || isMistake(error)) throw new ShellError(messageOf(error), { cause: error });
      throw storeError(error, `reading ${this.#path}`);
    }
  }

  close(): void {
    this.#db.close();
  }
}

/**
 * percentile(histogram, p): nearest-rank percentile in ns, p in percent (95) or as a share (0.95), within 1 %.
 * merge_histograms(a, b), and merged(histogram) as an aggregate of it: percentile(merged(histogram), 95).
 */
function registerFunctions(db: Database.Database): void {
  db.function('percentile', { deterministic: true }, (histogram: unknown, p: unknown) => {
    if (histogram === null || p === null) return null;
    if (!(histogram instanceof Uint8Array)) throw new RangeError('percentile(histogram, p) takes a histogram column');
    if (typeof p !== 'number' || !(p > 0 && p <= 100))
      throw new RangeError('percentile(histogram, p): p is 95 or 0.95');
    const decoded = new LogHistogram();
    decoded.mergeEncoded(histogram);
    return decoded.count === 0 ? null : decoded.percentile(p <= 1 ? p : p / 100);
  });
  db.function('merge_histograms', { deterministic: true }, (one: unknown, other: unknown) => {
    if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) {
      throw new RangeError('merge_histograms(a, b) takes two histogram columns');
    }
    return mergeHistograms(one, other);
  });
  db.aggregate('merged', {
    start: () => new LogHistogram(),
    step: (sum: LogHistogram, histogram: unknown) => {
      if (histogram instanceof Uint8Array) sum.mergeEncoded(histogram);
      return sum;
    },
    result: (sum: LogHistogram) => Buffer.from(sum.encode()),
  });
}

function columnsOf(statement: Database.Statement<unknown[]>): string[] {
  return statement.columns().map(({ name }) => name);
}

/** SQLITE_ERROR is what SQLite says of a statement; the rest it says of the disk. */
function isMistake(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'SQLITE_ERROR';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
