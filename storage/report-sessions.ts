// The sessions that are open now, as of the last flush: to be compared with those the server has.
// Not here: pools and their counts (report-pools.ts), the server's side (server/activity.ts).

import { type OpenSessionRow, openSessions } from './sqlite/query-sessions.js';
import type { Reader } from './sqlite/reader.js';

/** Authenticated ones, oldest first. */
export type OpenSession = Readonly<OpenSessionRow>;

/** Throws StoreError. */
export function reportSessions(reader: Reader): OpenSession[] {
  return reader.read((rows) => openSessions(rows));
}
