// Makes and opens the files of the data directory for their owner alone, never through a link.
// Invariant: a link that somebody planted in a directory open to others leads to no file of ours.
// Not here: whether the directory is open to others (config/process/data-rights.ts), what is in the files.

import { chmodSync, closeSync, constants, lstatSync, openSync } from 'node:fs';
import { makeStoreError, storeError } from './failures.js';

/** Reading and writing, made where it is missing. Windows has no O_NOFOLLOW. */
const WRITABLE = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/** Opens a file that is not SQLite's. Throws the system's error; ELOOP for a link. */
export function openPrivateFile(path: string): number {
  return openSync(path, WRITABLE, 0o600);
}

/**
 * Makes the file, or takes its group's and others' rights away; SQLite gives -wal and -shm the mode of the database.
 * A file that exists is not opened: closing it again would drop every POSIX lock that this process has on it.
 * Throws StoreError 'unwritable' for a link too.
 */
export function makePrivateFile(path: string): void {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) closeSync(openPrivateFile(path));
    else if (found.isSymbolicLink()) refuseLink(path);
    else if ((found.mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    throw storeError(error, `opening ${path} for writing`);
  }
}

/** SQLite opens the companions of a database by itself, and follows links. Throws StoreError 'unwritable'. */
export function refuseLinkedCompanions(path: string): void {
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (lstatSync(path + suffix, { throwIfNoEntry: false })?.isSymbolicLink() === true) refuseLink(path + suffix);
  }
}

function refuseLink(path: string): never {
  throw makeStoreError('unwritable', `${path} is a symbolic link, which pgwitness does not follow`);
}
