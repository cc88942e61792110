// The JSON form of the open sessions, and back: /api/v1/sessions.
// Invariant: sessionsFromJson(sessionsJson(sessions)) are the sessions. Not here: the report (reports/sessions.ts).

import * as v from 'valibot';
import type { OpenSession } from '../sessions.js';

const schema = v.object({
  sessions: v.array(
    v.object({
      /** Process that serves it on the server, 0 where the server named none. */
      backend_pid: v.number(),
      pool: v.string(),
      user: v.string(),
      database: v.string(),
      opened_at: v.pipe(v.string(), v.isoTimestamp()),
    }),
  ),
});

export type SessionsJson = v.InferOutput<typeof schema>;

export function sessionsJson(sessions: readonly OpenSession[]): SessionsJson {
  return {
    sessions: sessions.map(({ backendPid, pool, user, database, openedAtMs }) => ({
      backend_pid: backendPid,
      pool,
      user,
      database,
      opened_at: new Date(openedAtMs).toISOString(),
    })),
  };
}

/** Throws valibot's ValiError on what sessionsJson did not make. */
export function sessionsFromJson(value: unknown): OpenSession[] {
  return v.parse(schema, value).sessions.map(({ backend_pid, opened_at, ...rest }) => ({
    ...rest,
    backendPid: backend_pid,
    openedAtMs: Date.parse(opened_at),
  }));
}
