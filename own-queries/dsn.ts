// Reads the address of a Postgres from a postgres:// URL and libpq's environment variables.
// Invariant: no error repeats a password. Not here: connecting (own-connection.ts).
// Source: PostgreSQL documentation, "Connection URIs" and "Environment Variables" of libpq.

import { userInfo } from 'node:os';
import { UsageError } from '../config/values/errors.js';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

export interface ServerAddress {
  /** Host name, IP address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** '' = none. */
  readonly password: string;
  readonly sslMode: SslMode;
  /** File with the certificates to trust; '' = those of the system. */
  readonly sslRootCert: string;
}

const HINT = 'write postgres://user@host:5432/database; the password may come from PGPASSWORD';

/** Throws UsageError naming `where`. */
export function parseDsn(text: string, context: { where: string; env: NodeJS.ProcessEnv }): ServerAddress {
  const { where, env } = context;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')) {
    throw new UsageError('this is not a postgres:// address', { where, hint: HINT });
  }
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  for (const name of url.searchParams.keys()) {
    if (['host', 'port', 'user', 'dbname', 'sslmode', 'sslrootcert'].includes(name)) continue;
    throw new UsageError(`"${name}" is not known`, {
      where,
      hint: 'known: host, port, user, dbname, sslmode, sslrootcert',
    });
  }
  const user = decoded(url.username) || parameter('user') || env.PGUSER || userInfo().username;
  const sslMode = parameter('sslmode') ?? env.PGSSLMODE ?? 'prefer';
  return {
    host: decoded(url.hostname).replace(/^\[|\]$/g, '') || parameter('host') || env.PGHOST || '127.0.0.1',
    port: portOf(url.port || parameter('port') || env.PGPORT || '5432', where),
    user,
    database: decoded(url.pathname.slice(1)) || parameter('dbname') || env.PGDATABASE || user,
    password: decoded(url.password) || env.PGPASSWORD || '',
    sslMode: sslModeOf(sslMode, where),
    sslRootCert: parameter('sslrootcert') ?? env.PGSSLROOTCERT ?? '',
  };
}

/** "host:5432/database", for messages. */
export function shownAddress({ host, port, database }: ServerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function portOf(text: string, where: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`"${text}" is not a port`, { where, hint: HINT });
}

function sslModeOf(text: string, where: string): SslMode {
  const mode = SSL_MODES.find((known) => known === text);
  if (mode !== undefined) return mode;
  throw new UsageError(`"${text}" is not an sslmode`, { where, hint: `use one of ${SSL_MODES.join(', ')}` });
}
