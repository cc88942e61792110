// Queries for the open sessions that the observer stored, by their server process.
// Invariant: of a session's stored state only backendPid, poolId and the startup packet are read.
// Not here: restoring sessions (analyzer/sessions/).

import type { OpenSessionRow } from '../../reading/pool-rows.js';
import type { Rows } from '../file/rows.js';

const OPEN_SESSIONS = `SELECT json_extract(s.state, '$.backendPid') AS backendPid, coalesce(p.name, '') AS pool,
  json_extract(s.state, '$.user') AS user, json_extract(s.state, '$.database') AS database,
  json_extract(s.state, '$.facts.openedAtMs') AS openedAtMs
  FROM open_session s LEFT JOIN pool p ON p.pool_id = json_extract(s.state, '$.poolId')
  WHERE json_extract(s.state, '$.authenticated') ORDER BY openedAtMs`;

export function openSessions(rows: Rows): OpenSessionRow[] {
  return rows.all<OpenSessionRow>(OPEN_SESSIONS);
}
