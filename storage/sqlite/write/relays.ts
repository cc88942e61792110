// Relays and their open sessions in the store, also of those that are gone.
// Invariant: a gap is made once for each relay that ended without a word.
// Not here: who runs (observer/accounts/relays.ts), writing how far they came (flush-writer.ts).

import type { GapRow, StoredSession } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';
import { gapOf, writeGap } from '../tables/gaps.js';

const LAST_SEQUENCE = 'SELECT last_sequence AS sequence FROM relay_progress WHERE relay_id = ?';
const SESSION_COLUMNS = `relay_id AS relayId, session_id AS sessionId, state, coalesce(
  (SELECT updated_ms FROM relay_progress AS progress WHERE progress.relay_id = open_session.relay_id), 0) AS storedMs`;
const OPEN_SESSIONS = `SELECT ${SESSION_COLUMNS} FROM open_session WHERE relay_id = ? ORDER BY session_id`;
const TAKE_ORPHANS = `DELETE FROM open_session WHERE relay_id NOT IN (SELECT value FROM json_each(?)) RETURNING ${SESSION_COLUMNS}`;

const CLOSE_ORPHANS = `UPDATE relay_progress SET ended = 1
  WHERE ended = 0 AND relay_id NOT IN (SELECT value FROM json_each(?)) RETURNING updated_ms AS updatedMs`;

export function lastSequenceOf(rows: Rows, relayId: string): number {
  return rows.get<{ sequence: number }>(LAST_SEQUENCE, relayId)?.sequence ?? 0;
}

export function openSessionsOf(rows: Rows, relayId: string): StoredSession[] {
  return rows.all<StoredSession>(OPEN_SESSIONS, relayId);
}

/** Removes and returns the sessions of relays that no longer run. */
export function takeOrphanSessions(rows: Rows, running: readonly string[]): StoredSession[] {
  return rows.all<StoredSession>(TAKE_ORPHANS, JSON.stringify(running));
}

/** Inside a transaction. */
export function closeOrphanRelays(rows: Rows, running: readonly string[], nowMs: number): GapRow[] {
  const orphans = rows.all<{ updatedMs: number }>(CLOSE_ORPHANS, JSON.stringify(running));
  const gaps = orphans.map(({ updatedMs }) => gapOf('killed', updatedMs, nowMs));
  for (const gap of gaps) writeGap(rows, gap);
  return gaps;
}
