// Tells the log how far a store of an older version is brought up to date.
// Invariant: each step is told when it begins, in a message of its own, since the log leaves out what repeats; and the
// end with the whole time.
// Not here: the steps (storage/migrations/), applying them (storage/sqlite/file/migrate.ts).

import type { Log } from '../config/log.js';
import type { SqliteStoreOptions } from '../storage/sqlite/sqlite-store.js';

type Step = Parameters<NonNullable<SqliteStoreOptions['onMigrating']>>[0];

export class MigrationLog {
  readonly #log: Log;
  readonly #now: () => number;
  #begunMs: number | undefined;
  #schema = 0;

  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  begins({ to, newest }: Step): void {
    this.#begunMs ??= this.#now();
    this.#schema = to;
    this.#log.info(`bringing the database up to date: schema ${to} of ${newest}`, { schema: to, newest });
  }

  /** The store is open. */
  ended(): void {
    if (this.#begunMs === undefined) return;
    const seconds = Number(((this.#now() - this.#begunMs) / 1000).toFixed(1));
    this.#log.info('the database is up to date', { schema: this.#schema, seconds });
  }
}
