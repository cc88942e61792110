// Runs SQL and returns rows, with every statement prepared once per connection.
// Invariant: SQL text comes from storage/ only, values always by binding.
// Not here: opening (open-writer.ts, read/reader.ts).

import type Database from 'better-sqlite3';

export type SqlValue = string | number | null | Uint8Array;

export class Rows {
  readonly #db: Database.Database;
  readonly #prepared = new Map<string, Database.Statement<unknown[]>>();

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Every row, as objects by column name. The caller names the shape that its SELECT gives. */
  all<Row>(sql: string, ...values: readonly SqlValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** The first row, or undefined. */
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  /** Row by row, so that memory does not grow with them. Nothing else may use the connection until it is done. */
  iterate<Row>(sql: string, ...values: readonly SqlValue[]): IterableIterator<Row> {
    return this.#statement(sql).iterate(...values) as IterableIterator<Row>;
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: readonly SqlValue[]): number {
    return this.#statement(sql).run(...values).changes;
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}
