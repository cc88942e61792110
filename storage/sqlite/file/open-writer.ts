// The writer's connection: one file, in WAL mode, with the schema of today, private to its owner.
// Invariant: what it returns can be written; a damaged or foreign file is moved aside whole and a new one begun.
// Not here: the directory's lock (data-directory.ts), what is written.

import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { StoreError } from '../../store-error.js';
import { databasePath, moveAside } from './data-directory.js';
import { makeStoreError, storeError } from './failures.js';
import { registerHistogramFunctions } from './merge-histograms.js';
import { makePrivateFile, refuseLinkedCompanions } from './private-file.js';
import { identityOf, migrate, requireOurs } from './schema.js';

export interface OpenWriterOptions {
  dataDir: string;
  /** How long to wait for another program's lock. */
  busyMs: number;
  /** Pages of 4096 bytes that the file may have; undefined = as many as the disk holds. */
  pagesMax?: number;
  /** A damaged file was moved to `path`. */
  onMovedAside(path: string, reason: string): void;
}

/** The -wal file is cut to this when it starts anew. */
const JOURNAL_BYTES_MAX = 64 * 1024 * 1024;
/** A file that was not closed cleanly is checked up to this size: the check reads all of it. */
const CHECKED_BYTES_MAX = 64 * 1024 * 1024;

/** Throws StoreError. */
export function openWriter(options: OpenWriterOptions): Database.Database {
  try {
    return openOnce(options);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error;
    options.onMovedAside(moveAside(options.dataDir, Date.now()), error.message);
    return openOnce(options);
  }
}

function openOnce(options: OpenWriterOptions): Database.Database {
  const path = databasePath(options.dataDir);
  refuseLinkedCompanions(path);
  const unclean = existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
  makePrivateFile(path);
  requireDatabaseHeader(path);
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { timeout: options.busyMs });
    const identity = identityOf(db);
    requireOurs(identity, path);
    if (unclean && !identity.empty && statSync(path).size <= CHECKED_BYTES_MAX) check(db, path);
    // Both can be chosen only while there is no table, and this one only before WAL mode writes the first page.
    if (identity.empty) db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma(`journal_size_limit = ${JOURNAL_BYTES_MAX}`);
    // Sorting must not depend on room on another disk.
    db.pragma('temp_store = MEMORY');
    if (options.pagesMax !== undefined) db.pragma(`max_page_count = ${options.pagesMax}`);
    registerHistogramFunctions(db);
    migrate(db);
    return db;
  } catch (error) {
    db?.close();
    throw storeError(error, `opening ${path}`);
  }
}

/** SQLite would notice too, but only after it has dropped the log beside the file. */
function requireDatabaseHeader(path: string): void {
  const magic = Buffer.from('SQLite format 3\0');
  const head = Buffer.alloc(magic.length);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, head) > 0 && !head.equals(magic))
      throw makeStoreError('corrupt', `${path} is no SQLite database`);
  } finally {
    closeSync(file);
  }
}

function check(db: Database.Database, path: string): void {
  const answer = db.pragma('quick_check(1)', { simple: true });
  if (answer !== 'ok') throw makeStoreError('corrupt', `${path} is damaged`);
}
