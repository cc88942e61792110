// The sessions that are open now, as of the last flush: to be compared with those the server has.
// Not here: pools and their counts (pools.ts), the server's side (postgres/activity.ts).

import { type OpenSessionRow, openSessions } from '../storage/sqlite/read/query-sessions.js';
import type { Reader } from '../storage/sqlite/read/reader.js';

/** Authenticated ones, oldest first. */
export type OpenSession = Readonly<OpenSessionRow>;

/** Throws StoreError. */
export function reportSessions(reader: Reader): OpenSession[] {
  return reader.read((rows) => openSessions(rows));
}
