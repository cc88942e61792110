// The sessions that are open now, as of the last flush, to be compared with those of the server.
// Invariant: only authenticated ones are in the answer. Not here: pools (pools.ts), the server's side
// (own-queries/activity.ts).

import { type OpenSessionRow, openSessions } from '../storage/sqlite/read/query-sessions.js';
import type { Reader } from '../storage/sqlite/read/reader.js';

/** Authenticated ones, oldest first. */
export type OpenSession = Readonly<OpenSessionRow>;

/** Throws StoreError. */
export function reportSessions(reader: Reader): OpenSession[] {
  return reader.read((rows) => openSessions(rows));
}
