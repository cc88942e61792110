// The sessions that are open now, as of the last flush, to be compared with those of the server.
// Invariant: only authenticated ones are in the answer. Not here: pools (pools.ts), the server's side
// (own-queries/activity.ts).

import type { OpenSessionRow } from '../storage/reading/pool-rows.js';
import type { StoreReader } from '../storage/reading/stored-facts.js';

/** Authenticated ones, oldest first. */
export type OpenSession = Readonly<OpenSessionRow>;

/** Throws StoreError. */
export function reportSessions(reader: StoreReader): OpenSession[] {
  return reader.read((stored) => stored.openSessions());
}
