// Sets a mark from outside of the observer, which goes on writing meanwhile.
// Invariant: one short transaction adds one row; it never changes the schema and makes no checkpoint.
// Not here: marks that the observer sets itself (flush-writer.ts).

import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { MarkRow } from '../../../facts/flush.js';
import { databasePath } from '../file/data-directory.js';
import { makeStoreError, storeError } from '../file/failures.js';
import { openDatabase } from '../file/open-database.js';
import { Rows } from '../file/rows.js';
import { identityOf, requireCurrent } from '../file/schema.js';
import { writeMark } from '../tables/marks.js';

/** The observer's transactions take milliseconds; rolling up takes some tens. */
const BUSY_MS = 5_000;

/** Throws StoreError: missing, newer-schema, older-schema, corrupt, busy, full, unwritable. */
export function setMark(dataDir: string, mark: MarkRow): void {
  const path = databasePath(dataDir);
  if (!existsSync(path)) throw makeStoreError('missing', `there is no database in ${dataDir}`);
  let db: Database.Database | undefined;
  try {
    const opened = openDatabase(path, { fileMustExist: true, timeout: BUSY_MS });
    db = opened;
    requireCurrent(identityOf(opened), path);
    opened.pragma('wal_autocheckpoint = 0');
    opened.transaction(() => writeMark(new Rows(opened), mark)).immediate();
  } catch (error) {
    throw storeError(error, `writing a mark to ${path}`);
  } finally {
    db?.close();
  }
}
