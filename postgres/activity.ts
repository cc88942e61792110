// Who is connected to the server, and who of them is not seen by pgwitness.
// Invariant: a session is said to go past pgwitness only where the server had it before and after the witness was asked, and where the process
// ids that pgwitness saw are this server's at all; behind another pooler they are not, and the answer is "cannot tell".
// Not here: connecting (connection.ts), what was witnessed (reports/sessions.ts), printing.
// Source: PostgreSQL documentation, "pg_stat_activity"; protocol message BackendKeyData.

import type { ServerConnection } from './connection.js';

/** Client connections alike, counted; fields are '' where the server does not show them to this user. */
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
  /** Why it cannot be told; ''. */
  readonly reason: string;
  /** Sessions of clients on the server, our own left out. */
  readonly serverSessions: number;
  readonly witnessedSessions: number;
  /** Of the witnessed ones, those that the server knows. */
  readonly matchedSessions: number;
  /** Most connections first. */
  readonly bypassing: readonly Bypassing[];
}

// backend_type is hidden, like most else, from a user without pg_read_all_stats; background processes then show no database.
const ACTIVITY = `SELECT pid, coalesce(usename, ''), coalesce(datname, ''), coalesce(application_name, ''), coalesce(host(client_addr), '')
  FROM pg_catalog.pg_stat_activity
  WHERE pid <> pg_catalog.pg_backend_pid() AND datname IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'`;

/** The clients of all databases of the server, but for this connection itself. */
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

/** `before` and `after` the witnessed sessions were read, with time between for a new session to be stored. */
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
      'the server knows none of the sessions that pgwitness sees: there is another pooler between them, or this is another server';
    return { ...counts, outcome: 'cannot tell', reason, bypassing: [] };
  }
  const lasting = new Set(before.map(({ pid }) => pid));
  const past = after.filter((session) => lasting.has(session.pid) && !isSeen(session));
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
