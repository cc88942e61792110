// Finds the sessions of a server that bypass pgwitness.
// Invariant: a session is listed only if the server had it before and after pgwitness was asked, and if the process
// ids that pgwitness saw belong to this server. Behind another pooler they do not, and the outcome is "cannot tell".
// Not here: connecting (own-connection.ts), the sessions that pgwitness sees (reports/sessions.ts), printing
// (cli/views/bypass.ts).
// Source: PostgreSQL documentation, "pg_stat_activity"; protocol message BackendKeyData.

import type { ServerConnection } from './own-connection.js';
import { OWN_NAMES } from './own-names.js';

/** Number of client connections that are alike; fields are '' if the server hides them from this user. */
export interface Bypassing {
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  /** '' for a Unix socket too. */
  readonly clientAddress: string;
  readonly connections: number;
}

export interface ServerSession {
  readonly pid: number;
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  readonly clientAddress: string;
}

export interface WitnessedSession {
  readonly backendPid: number;
  readonly user: string;
  readonly database: string;
}

export interface BypassReport {
  readonly outcome: 'listed' | 'cannot tell';
  /** Why the outcome is "cannot tell"; else ''. */
  readonly reason: string;
  /** Client sessions of the server, without our own. */
  readonly serverSessions: number;
  readonly witnessedSessions: number;
  /** Witnessed sessions that the server knows. */
  readonly matchedSessions: number;
  /** Most connections first. */
  readonly bypassing: readonly Bypassing[];
}

// A user without pg_read_all_stats does not see backend_type; background processes then have no database or, as
// those of autovacuum, no user.
const ACTIVITY = `SELECT pid, coalesce(usename, ''), coalesce(datname, ''), coalesce(application_name, ''), coalesce(host(client_addr), '')
  FROM pg_catalog.pg_stat_activity
  WHERE pid <> pg_catalog.pg_backend_pid() AND datname IS NOT NULL AND usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'`;

/** Connections of pgwitness's own: they send what this folder holds. */
const OWN: ReadonlySet<string> = new Set(Object.values(OWN_NAMES));

/** The client sessions in all databases of the server, without this connection. */
export async function readActivity(connection: ServerConnection): Promise<ServerSession[]> {
  const rows = await connection.query(ACTIVITY);
  return rows.map(([pid, user, database, applicationName, clientAddress]) => ({
    pid: Number(pid),
    user: user ?? '',
    database: database ?? '',
    applicationName: applicationName ?? '',
    clientAddress: clientAddress ?? '',
  }));
}

/**
 * Read the server's sessions before and after the witnessed ones, with enough time between for new sessions to be
 * stored.
 */
export function compareActivity(
  witnessed: readonly WitnessedSession[],
  { before, after }: { before: readonly ServerSession[]; after: readonly ServerSession[] },
): BypassReport {
  const seen = new Map(witnessed.map((session) => [session.backendPid, session]));
  const isSeen = ({ pid, user, database }: ServerSession) => {
    const session = seen.get(pid);
    return session !== undefined && session.user === user && session.database === database;
  };
  const matched = new Set([...before, ...after].filter(isSeen).map(({ pid }) => pid)).size;
  const counts = { serverSessions: after.length, witnessedSessions: witnessed.length, matchedSessions: matched };
  if (witnessed.length > 0 && matched === 0) {
    const reason =
      'the server knows none of the sessions that pgwitness sees: either a pooler is between them, or this is another server';
    return { ...counts, outcome: 'cannot tell', reason, bypassing: [] };
  }
  const lasting = new Set(before.map(({ pid }) => pid));
  const past = after.filter(
    (session) => lasting.has(session.pid) && !isSeen(session) && !OWN.has(session.applicationName),
  );
  return { ...counts, outcome: 'listed', reason: '', bypassing: grouped(past) };
}

function grouped(sessions: readonly ServerSession[]): Bypassing[] {
  const groups = new Map<string, Bypassing>();
  for (const { user, database, applicationName, clientAddress } of sessions) {
    const key = [user, database, applicationName, clientAddress].join('\0');
    const connections = (groups.get(key)?.connections ?? 0) + 1;
    groups.set(key, { user, database, applicationName, clientAddress, connections });
  }
  return [...groups.values()].sort((a, b) => b.connections - a.connections);
}
