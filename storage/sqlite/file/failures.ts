// Translates errors of SQLite and of the file system into StoreErrors that a person can act on.
// Invariant: no message holds a value of a row, only paths and SQLite's own words. Not here: handling them
// (sqlite-store.ts).

import { DamagedHistogram } from '../../../facts/histogram.js';
import { StoreError, type StoreErrorCode } from '../../store-error.js';

/** Bytes of the journal that nobody packed. */
export class DamagedJournal extends RangeError {
  constructor() {
    super('an entry of the journal is damaged');
  }
}

/** Found damage that a second look finds again. */
export function isCertainDamage(error: unknown): boolean {
  return error instanceof DamagedHistogram || error instanceof DamagedJournal;
}

/** Those of a file. */
type FileErrorCode = Exclude<StoreErrorCode, 'unreachable' | 'denied'>;

const CODES: ReadonlyArray<readonly [prefix: string, code: FileErrorCode]> = [
  ['SQLITE_FULL', 'full'],
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
  ['SQLITE_BUSY', 'busy'],
  ['SQLITE_LOCKED', 'busy'],
  // A lock of this very process that could not be given back: SQLite waits for it, and nobody will (own-lock.ts).
  ['SQLITE_PROTOCOL', 'stuck'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_NOTADB', 'corrupt'],
  ['SQLITE_CANTOPEN', 'unwritable'],
  ['SQLITE_READONLY', 'unwritable'],
  ['SQLITE_PERM', 'unwritable'],
  ['EACCES', 'unwritable'],
  ['EPERM', 'unwritable'],
  ['EROFS', 'unwritable'],
  ['ENOTDIR', 'unwritable'],
  ['ELOOP', 'unwritable'],
  ['EEXIST', 'unwritable'],
  ['SQLITE_CONSTRAINT', 'refused'],
  ['SQLITE_MISMATCH', 'refused'],
  ['SQLITE_TOOBIG', 'refused'],
  ['SQLITE_RANGE', 'refused'],
  ['SQLITE_ERROR', 'refused'],
];

const HINTS: Readonly<Record<FileErrorCode, string>> = {
  locked: 'Stop that one, or give this one another --data directory.',
  unwritable: 'Check that the directory exists on a writable disk and belongs to the user that runs pgwitness.',
  full: 'Free some space on that disk, or lower the retention; what waits in memory is written when there is room.',
  busy: 'Another program holds the database for a moment; it is tried again by itself.',
  stuck: 'Check the disk and the log of the operating system; the observer starts again, which frees its locks.',
  'newer-schema': 'Use the version of pgwitness that wrote it, or another --data directory.',
  'older-schema':
    'Start pgwitness run (or observe) of this version with that --data directory: it brings the file up to date. Until then the version that wrote it reads it.',
  corrupt: 'The damaged file is kept beside a new one; nothing needs to be done.',
  missing: 'Has pgwitness run with this --data directory?',
  refused: 'This is a fault of pgwitness: please report it with this message.',
  io: 'Check the disk and the log of the operating system.',
};

/** The error code that SQLite or Node gave, '' for anything else. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function codeFor(found: string): FileErrorCode {
  return CODES.find(([prefix]) => found.startsWith(prefix))?.[1] ?? 'io';
}

/** `doing` names the attempt and the file: "writing to /data/witness.db". Throws every other error as it is. */
export function storeError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof DamagedHistogram || error instanceof DamagedJournal) {
    return makeStoreError('corrupt', `${doing}: ${error.message}`, error);
  }
  const found = codeOf(error);
  if (found === '') throw error;
  return makeStoreError(codeFor(found), `${doing}: ${(error as Error).message} (${found})`, error);
}

export function makeStoreError(code: FileErrorCode, message: string, cause?: unknown): StoreError {
  return new StoreError(code, message, { hint: HINTS[code], cause });
}

/** The database took no row of this statement, and never will: its disk has no part in it. */
export function isRefusal(error: unknown): boolean {
  return codeFor(codeOf(error)) === 'refused';
}
