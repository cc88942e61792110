// Reads addresses of databases as URLs, and writes them with another server in them.
// Invariant: user, password, database and every parameter that does not name the server stay as they were written.
// Not here: the environment they stand in (database-env.ts).
// Source: PostgreSQL documentation, "Connection URIs".

import type { TcpAddress } from '../../config/values/address.js';
import { UsageError } from '../../config/values/errors.js';

export interface DatabaseUrl {
  /** '' where the URL does not say. */
  readonly host: string;
  readonly port: string;
  /** sslmode, or ssl as asyncpg and node take it. */
  readonly tls: string | undefined;
  readonly root: string | undefined;
  /** The same database, at another address. */
  at(address: TcpAddress): string;
}

/** SQLAlchemy names a driver behind the dialect, and Django's packages have names of their own. */
const URL_PARTS =
  /^((?:postgres(?:ql)?|postgis|pgsql|psql|timescale(?:gis)?)(?:\+\w+)?:\/\/)(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/i;

/** Names of the server that the loopback address takes the place of, and what holds for its TLS alone. */
const REPLACED = new Set([
  'host',
  'hostaddr',
  'port',
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslnegotiation',
  'channel_binding',
  'gssencmode',
]);
/** They would be shown to pgwitness, which has no use for them. */
const CERTIFICATES = ['sslcert', 'sslkey'];

export function isDatabaseUrl(text: string): boolean {
  return URL_PARTS.test(text);
}

/** `where` names the text in errors, which never repeat it. Throws UsageError. */
export function readDatabaseUrl(text: string, where: string): DatabaseUrl {
  const parts = URL_PARTS.exec(text);
  if (parts === null)
    throw new UsageError('this is not a postgres:// address', {
      where,
      hint: 'write postgres://user@host:5432/database',
    });
  const [, scheme, user, place, path, query = '', rest = ''] = parts;
  const parameters = query === '' ? [] : query.split('&').map((pair) => pair.split('=') as [string, string?]);
  const asked = (name: string): string | undefined => {
    const value = parameters.find(([key]) => key === name)?.[1];
    return value === undefined ? undefined : decoded(value);
  };
  for (const name of CERTIFICATES) {
    if (asked(name) === undefined) continue;
    const hint = 'log in with a password where pgwitness stands between';
    throw new UsageError(`${name}: a certificate of the client ends at pgwitness`, { where, hint });
  }
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::([^:]*))?$/.exec(place) ?? [
    '',
    undefined,
    place,
  ];
  return {
    host: asked('hostaddr') || decoded(bracketed ?? plain) || asked('host') || '',
    port: port || asked('port') || '',
    tls: asked('sslmode') ?? asked('ssl'),
    root: asked('sslrootcert'),
    at({ host, port: to }) {
      const kept = parameters.filter(([name]) => !REPLACED.has(name)).map((pair) => pair.join('='));
      // Only where it was said: not every driver knows the word.
      if (asked('sslmode') !== undefined) kept.push('sslmode=disable');
      const query = kept.length === 0 ? '' : `?${kept.join('&')}`;
      return `${scheme}${user === undefined ? '' : `${user}@`}${host}:${to}${path}${query}${rest}`;
    },
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
