// The writer's connection: one file, in WAL mode, with the schema of today, private to its owner.
// Invariant: what it returns can be written; a damaged or foreign file is moved aside whole and a new one begun.
// Not here: the directory's lock (data-directory.ts), what is written.

import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { StoreError } from '../../store-error.js';
import { databasePath, moveAside } from './data-directory.js';
import { storeError } from './failures.js';
import { registerHistogramFunctions } from './histogram-sql-function.js';
import { type MigrationStep, migrate } from './migrate.js';
import { openDatabase, requireDatabaseHeader, requireSound } from './open-database.js';
import { makePrivateFile, refuseLinkedCompanions } from './private-file.js';
import { identityOf, requireOurs } from './schema.js';

export interface OpenWriterOptions {
  dataDir: string;
  /** How long to wait for another program's lock. */
  busyMs: number;
  /** Pages of 4096 bytes that the file may have; undefined = as many as the disk holds. */
  pagesMax?: number;
  /** A damaged file was moved to `path`. */
  onMovedAside(path: string, reason: string): void;
  /** A file of an older version is brought up to date. */
  onMigrating?(step: MigrationStep): void;
}

/** The -wal file is cut to this when it starts anew. */
const JOURNAL_BYTES_MAX = 64 * 1024 * 1024;
/** A file that was not closed cleanly is checked up to this size: the check reads all of it. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024;

export interface Opening<T> {
  /** Somebody met damage in the file, so it is checked. */
  suspected: boolean;
  /** Makes the answer; what it reads of the file may be damaged too. */
  begin(db: Database.Database): T;
}

/** Throws StoreError; then nothing stays open. */
export function openWriter<T>(options: OpenWriterOptions, { suspected, begin }: Opening<T>): T {
  try {
    return openOnce(options, { suspected, begin });
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  // A read that fails once looks like damage too: it is believed when a second look finds the same.
  try {
    return openOnce(options, { suspected: true, begin });
  } catch (error) {
    if (!isDamage(error)) throw error;
    options.onMovedAside(moveAside(options.dataDir, Date.now()), error.message);
    return openOnce(options, { suspected: false, begin });
  }
}

function isDamage(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'corrupt';
}

function openOnce<T>(options: OpenWriterOptions, { suspected, begin }: Opening<T>): T {
  const path = databasePath(options.dataDir);
  let db: Database.Database | undefined;
  try {
    refuseLinkedCompanions(path);
    const unclean = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
    makePrivateFile(path);
    requireDatabaseHeader(path);
    db = openDatabase(path, { timeout: options.busyMs });
    const identity = identityOf(db);
    requireOurs(identity, path);
    const isChecked = (unclean || suspected) && !identity.empty && statSync(path).size <= CHECKED_BYTES_MAX;
    if (isChecked) requireSound(db, path);
    // Both can be chosen only while there is no table, and this one only before WAL mode writes the first page.
    if (identity.empty) db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma(`journal_size_limit = ${JOURNAL_BYTES_MAX}`);
    // Sorting must not depend on room on another disk.
    db.pragma('temp_store = MEMORY');
    if (options.pagesMax !== undefined) db.pragma(`max_page_count = ${options.pagesMax}`);
    registerHistogramFunctions(db);
    migrate(db, options.onMigrating);
    return begin(db);
  } catch (error) {
    db?.close();
    throw storeError(error, `opening ${path}`);
  }
}
