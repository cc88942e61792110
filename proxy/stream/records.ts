// Numbers of the record kinds and of the words in records, shared by writer and reader.
// Invariant: such a list only grows at its end; any other change raises SCHEMA_VERSION (observation.ts).
// Not here: the bytes (writer.ts, reader.ts).

import type { CloseReason, TransactionStatus } from './observation.js';

export const RecordKind = {
  sessionOpened: 1,
  sessionReady: 2,
  statement: 3,
  statementRunning: 4,
  sessionClosed: 5,
  loss: 6,
  relayStatus: 7,
  resyncBegin: 8,
  resyncEnd: 9,
  textDefined: 10,
  textForgotten: 11,
  statementLost: 12,
} as const;

export const STATUSES: readonly TransactionStatus[] = ['', 'I', 'T', 'E'];
export const COPIES = ['', 'in', 'out', 'both'] as const;
export const CLOSE_REASONS: readonly CloseReason[] = ['client', 'server', 'relay'];
/** Commands sent as one byte. Any other is sent as text. */
export const COMMANDS: readonly string[] = (
  ',SELECT,INSERT,UPDATE,DELETE,BEGIN,COMMIT,ROLLBACK,SET,SHOW,SAVEPOINT,RELEASE,FETCH,DECLARE CURSOR,CLOSE CURSOR' +
  ',COPY,MERGE,PREPARE,DEALLOCATE,DEALLOCATE ALL,DISCARD ALL,LISTEN,NOTIFY,UNLISTEN,CREATE TABLE,CREATE INDEX' +
  ',ALTER TABLE,DROP TABLE,TRUNCATE TABLE,START TRANSACTION,EXPLAIN,DO,CALL,RESET,LOCK TABLE,VACUUM,ANALYZE'
).split(',');
export const COMMAND_OTHER = 255;
export const COMMAND_CODES = new Map(COMMANDS.map((command, code) => [command, code]));
