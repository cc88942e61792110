// Tells a lock that this very process holds, and waits for, from one of another program.
// SQLite gives up a lock that the system did not take back, and waits for it from then on: nobody will free it.
// Invariant: a lock is this process's only where the system says so; where it says nothing (no Linux) it is not.
// Source: https://www.sqlite.org/walformat.html#wal_locks. Not here: what follows from it (../sqlite-store.ts).

import { readFileSync, statSync } from 'node:fs';
import type { StoreError } from '../../store-error.js';
import { makeStoreError } from './failures.js';

/** Of writing, among the locks in the file of shared memory. */
const WRITE_LOCK_BYTE = 120;
/** `1: POSIX  ADVISORY  WRITE 42 00:1b:7 120 120`: process, device and inode, first and last byte. */
const LINE = /POSIX +\w+ +WRITE (\d+) \w+:\w+:(\d+) (\d+) (\d+)$/;

/** What failed, as 'stuck' where waiting cannot help. @param path of the database: its writer is in no transaction. */
export function blamed(failure: StoreError, path: string): StoreError {
  if (failure.code !== 'busy' || !holdsWriteLock(path)) return failure;
  return makeStoreError('stuck', failure.message, failure);
}

function holdsWriteLock(path: string): boolean {
  try {
    const inode = String(statSync(`${path}-shm`).ino);
    return readFileSync('/proc/locks', 'latin1')
      .split('\n')
      .some((line) => {
        const [, holder, of, first, last] = LINE.exec(line) ?? [];
        if (holder !== String(process.pid) || of !== inode) return false;
        return Number(first) <= WRITE_LOCK_BYTE && WRITE_LOCK_BYTE <= Number(last);
      });
  } catch {
    return false;
  }
}
