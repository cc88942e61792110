// Opens SQLite's connections: its one call, with its errors as ours.
// Invariant: what it throws is a StoreError, or SQLite's error with its code. Not here: what is asked of a connection.

import { closeSync, openSync, readSync } from 'node:fs';
import Database from 'better-sqlite3';
import { makeStoreError, storeError } from './failures.js';

/** Throws SQLite's error, or StoreError where it was not even asked. */
export function openDatabase(path: string, options?: Database.Options): Database.Database {
  try {
    return new Database(path, options);
  } catch (error) {
    // The driver's own word for a directory that it cannot look into.
    if (error instanceof TypeError) throw makeStoreError('unwritable', `opening ${path}: ${error.message}`, error);
    throw error;
  }
}

/** SQLite would notice too, but only after it has dropped the log beside the file. Throws StoreError. */
export function requireDatabaseHeader(path: string): void {
  const magic = Buffer.from('SQLite format 3\0');
  const head = Buffer.alloc(magic.length);
  let read: number;
  try {
    const file = openSync(path, 'r');
    try {
      read = readSync(file, head);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw storeError(error, `reading ${path}`);
  }
  if (read > 0 && !head.equals(magic)) throw makeStoreError('corrupt', `${path} is no SQLite database`);
}

/** Reads all of the database. Throws StoreError 'corrupt', or SQLite's error. */
export function requireSound(db: Database.Database, path: string): void {
  const answer = db.pragma('quick_check(1)', { simple: true });
  if (answer !== 'ok') throw makeStoreError('corrupt', `${path} is damaged`);
}

/** As requireSound, by a connection of its own, past what others keep in memory. Throws StoreError. */
export function requireSoundFile(path: string): void {
  let db: Database.Database | undefined;
  try {
    db = openDatabase(path, { readonly: true, fileMustExist: true });
    requireSound(db, path);
  } catch (error) {
    throw storeError(error, `checking ${path}`);
  } finally {
    db?.close();
  }
}
