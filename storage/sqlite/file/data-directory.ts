// The data directory: its files, its one writer, and moving a damaged database aside.
// Invariant: at most one process writes; the kernel gives the lock back when that process dies, however it dies.
// Not here: what is in the database.

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { codeOf, makeStoreError, storeError } from './failures.js';
import { openDatabase } from './open-database.js';
import { makePrivateFile, refuseLinkedCompanions } from './private-file.js';

/** The one database file in a data directory. */
export const DATABASE_FILE = 'witness.db';
const LOCK_FILE = 'witness.lock';
/** SQLite's companions of a database file: they belong to it and move with it. */
const COMPANIONS = ['', '-wal', '-shm'] as const;

export function databasePath(dataDir: string): string {
  return join(dataDir, DATABASE_FILE);
}

/** Makes the directory, for its owner alone. One that exists keeps its mode. Throws StoreError 'unwritable'. */
export function makeDataDirectory(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storeError(error, `making the data directory ${dataDir}`);
  }
}

export interface DirectoryLock {
  release(): void;
}

/**
 * Takes the directory for this process. Throws StoreError 'locked' at once when another process has it.
 * The lock is SQLite's exclusive lock (a POSIX record lock) on a small file of its own, so that it never stops a reader
 * of the database.
 */
export function lockDirectory(dataDir: string): DirectoryLock {
  const path = join(dataDir, LOCK_FILE);
  let db: Database.Database | undefined;
  try {
    makePrivateFile(path);
    refuseLinkedCompanions(path);
    db = openDatabase(path, { timeout: 0 });
    // Nothing is ever written to this file, so it needs no journal.
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) {
      throw makeStoreError('locked', `the data directory ${dataDir} is in use by another pgwitness`, error);
    }
    throw storeError(error, `locking ${path}`);
  }
  return { release: () => db.close() };
}

/**
 * Renames the database and its companions to "witness.db.damaged-<time>…". Returns the new path of the database.
 * The database must be closed. `atMs`: Unix ms.
 */
export function moveAside(dataDir: string, atMs: number): string {
  const path = databasePath(dataDir);
  const stamp = new Date(atMs).toISOString().replace(/[-:]/g, '').replace('.', '');
  let aside = `${path}.damaged-${stamp}`;
  for (let n = 2; existsSync(aside); n++) aside = `${path}.damaged-${stamp}-${n}`;
  try {
    for (const companion of COMPANIONS) {
      if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
    }
  } catch (error) {
    throw storeError(error, `moving the damaged ${path} aside`);
  }
  return aside;
}
