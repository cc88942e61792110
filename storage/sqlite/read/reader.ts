// Opens a store for reading: the door for all reports of the command line and of the HTTP API.
// Invariant: it never writes and never checkpoints. It holds a snapshot no longer than one report takes, so that the
// writer's log can be reused. Not here: the reports (reports/).

import { copyFileSync, existsSync, mkdtempSync, rmSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import type { StoredShipping } from '../../../facts/fleet/shipping-status.js';
import { DamagedHistogram } from '../../../facts/histogram.js';
import type { StoredFacts, StoreReader } from '../../reading/stored-facts.js';
import { DATABASE_FILE, databasePath } from '../file/data-directory.js';
import { codeOf, makeStoreError, storeError } from '../file/failures.js';
import { openDatabase } from '../file/open-database.js';
import { readNote } from '../file/reserve.js';
import { Rows } from '../file/rows.js';
import { identityOf, requireCurrent } from '../file/schema.js';
import { shippingOf } from './query-shipping.js';
import { sqliteFacts } from './sqlite-facts.js';

/** How long to wait while the writer recovers or closes the file. */
const BUSY_MS = 2000;

/** Throws StoreError: missing, newer-schema, older-schema, corrupt, io. */
export function openReader(dataDir: string): Reader {
  return new Reader(dataDir);
}

export class Reader implements StoreReader {
  readonly dataDir: string;
  #db: Database.Database;
  #rows: Rows;
  #stored: StoredFacts;
  #inode: number;
  #toldUnstoredMs: number | undefined;

  /** Use openReader. */
  constructor(dataDir: string) {
    this.dataDir = dataDir;
    requirePresent(dataDir);
    const path = databasePath(dataDir);
    this.#inode = inodeOf(path) ?? 0;
    this.#db = openFile(path);
    this.#rows = new Rows(this.#db);
    this.#stored = sqliteFacts(this.#rows);
  }

  get place(): string {
    return resolve(this.dataDir);
  }

  read<T>(work: (stored: StoredFacts) => T): T {
    return this.readRows(() => work(this.#stored));
  }

  /** Runs `work` on one snapshot of the database. Throws StoreError. */
  readRows<T>(work: (rows: Rows) => T): T {
    try {
      this.#reopenIfReplaced();
      return this.#db.transaction(() => work(this.#rows)).deferred();
    } catch (error) {
      // A mistake in the question is the caller's, not the disk's.
      if (codeOf(error) === '' && !(error instanceof DamagedHistogram)) throw error;
      throw storeError(error, `reading ${databasePath(this.dataDir)}`);
    }
  }

  /** Unix ms since when the writer could not store, or undefined while it can. */
  get unstoredSinceMs(): number | undefined {
    return this.#toldUnstoredMs ?? readNote(this.dataDir)?.fromMs;
  }

  /** The writer says so itself: its note may not have reached the disk. */
  tellUnstored(sinceMs: number | undefined): void {
    this.#toldUnstoredMs = sinceMs;
  }

  /** Sizes on disk, of the database and of its log. */
  sizes(): { databaseBytes: number; logBytes: number } {
    const path = databasePath(this.dataDir);
    const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    return { databaseBytes: size(path), logBytes: size(`${path}-wal`) };
  }

  shipping(): StoredShipping | undefined {
    return this.readRows((rows) => shippingOf(rows, this.dataDir));
  }

  /** A data directory is of one instance: it is read whole, whoever it is of (reports/groups/seen-identities.ts). */
  within(): this {
    return this;
  }

  close(): void {
    this.#db.close();
  }

  /** The writer moves a damaged file aside and begins a new one under the old name. */
  #reopenIfReplaced(): void {
    const path = databasePath(this.dataDir);
    const inode = inodeOf(path);
    if (inode === undefined || inode === this.#inode) return;
    this.#db.close();
    this.#db = openFile(path);
    this.#rows = new Rows(this.#db);
    this.#stored = sqliteFacts(this.#rows);
    this.#inode = inode;
  }
}

/** undefined = it is not there now. Throws StoreError. */
function inodeOf(path: string): number | undefined {
  return found(path)?.ino;
}

function found(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw storeError(error, `opening ${path}`);
  }
}

function requirePresent(dataDir: string): void {
  const directory = found(dataDir);
  if (directory === undefined) throw makeStoreError('missing', `there is no data directory ${dataDir}`);
  if (!directory.isDirectory()) throw makeStoreError('missing', `${dataDir} is not a directory`);
  if (!existsSync(databasePath(dataDir))) throw makeStoreError('missing', `there is no ${DATABASE_FILE} in ${dataDir}`);
}

function openFile(path: string): Database.Database {
  try {
    return openInPlace(path);
  } catch (error) {
    const code = codeOf(error);
    const needsDirectory = code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY');
    if (!needsDirectory) throw storeError(error, `opening ${path}`);
    try {
      return openCopy(path);
    } catch (copyError) {
      throw storeError(copyError, `opening ${path}`);
    }
  }
}

function openInPlace(path: string): Database.Database {
  const db = openDatabase(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  return checked(db, path);
}

/**
 * A database in WAL mode needs an index file beside it, which cannot be made in a read-only directory. A private copy
 * has the same content, the log's included.
 */
function openCopy(path: string): Database.Database {
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-'));
  try {
    const copy = join(directory, DATABASE_FILE);
    copyFileSync(path, copy);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
    const db = openDatabase(copy, { timeout: BUSY_MS });
    // Without WAL mode there is one file, and an open file needs no name.
    db.pragma('journal_mode = MEMORY');
    return checked(db, path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function checked(db: Database.Database, path: string): Database.Database {
  try {
    db.pragma('query_only = ON');
    requireCurrent(identityOf(db), path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
