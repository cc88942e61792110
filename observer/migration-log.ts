// Tells the log how far a store of an older version is brought up to date.
// Invariant: the step that takes long is told when it begins, and the end with the whole time; quick steps in a row
// are no lines of their own, since the log leaves out what repeats.
// Not here: the steps (storage/migrations/), applying them (storage/sqlite/file/schema.ts).

import type { Log } from '../config/log.js';
import type { SqliteStoreOptions } from '../storage/sqlite/sqlite-store.js';

type Step = Parameters<NonNullable<SqliteStoreOptions['onMigrating']>>[0];

/** A step that begins sooner after the last line has no line: what came before it was quick. */
const LINE_EVERY_MS = 1_000;

export class MigrationLog {
  readonly #log: Log;
  readonly #now: () => number;
  #begunMs: number | undefined;
  #toldMs = 0;
  #schema = 0;

  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  begins({ to, newest }: Step): void {
    const nowMs = this.#now();
    this.#schema = to;
    if (this.#begunMs !== undefined && nowMs - this.#toldMs < LINE_EVERY_MS) return;
    this.#begunMs ??= nowMs;
    this.#toldMs = nowMs;
    this.#log.info('bringing the database up to date', { schema: to, newest });
  }

  /** The store is open. */
  ended(): void {
    if (this.#begunMs === undefined) return;
    const seconds = Number(((this.#now() - this.#begunMs) / 1000).toFixed(1));
    this.#log.info('the database is up to date', { schema: this.#schema, seconds });
  }
}
