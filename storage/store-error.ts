// The errors of a store, each with a closed code and a hint for the person who reads it.
// Invariant: when one is thrown by flush(), nothing of that flush was stored. Not here: how SQLite says it
// (sqlite/file/failures.ts) or ClickHouse (clickhouse/connection/failures.ts).

export type StoreErrorCode =
  /** Another process writes to this data directory. */
  | 'locked'
  /** The directory or the file cannot be made or written. */
  | 'unwritable'
  /** No room on the disk, or the file reached its limit. */
  | 'full'
  /** Somebody else holds the file for a moment: try again. */
  | 'busy'
  /** A lock that this process could not give back: opening the file again frees it, or the end of the process. */
  | 'stuck'
  /** The file was made by a later version. */
  | 'newer-schema'
  /** The file was made by an earlier version, and nothing of this one has written to it since. */
  | 'older-schema'
  /** The file is damaged or is no database of ours. */
  | 'corrupt'
  /** There is nothing to read: no directory, or no database in it. */
  | 'missing'
  /** The rows do not fit the tables: trying again is in vain. */
  | 'refused'
  /** A store elsewhere does not answer. */
  | 'unreachable'
  /** A store elsewhere does not let us in, or we do not trust it. */
  | 'denied'
  /** Anything else the disk said, or a store elsewhere. */
  | 'io';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** What to do about it; one sentence in plain words. */
  readonly hint: string;

  constructor(code: StoreErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
