// Reads the address of a fleet's store from a clickhouse:// URL and the environment.
// Invariant: no password is in an address, because addresses are seen in lists of processes; no error repeats one.
// Not here: connecting (client.ts).

import { readFileSync } from 'node:fs';
import { UsageError } from '../../../config/values/errors.js';

export interface StoreAddress {
  /** http://host:port or https://host:port; the first one that answers serves, all of them are of one cluster. */
  readonly nodes: readonly [string, ...string[]];
  readonly database: string;
  readonly user: string;
  /** '' = none. */
  readonly password: string;
  /** PEM of the authorities to trust; undefined = the public ones. */
  readonly authorities?: Buffer;
  /** Of the query string, but for what is above: what a reader asks for by it is the reader's. */
  readonly parameters: ReadonlyMap<string, string>;
}

const HINT =
  'write clickhouse://user@host:8123/database, or clickhouses:// for TLS; the password comes from PGWITNESS_STORE_PASSWORD or PGWITNESS_STORE_PASSWORD_FILE';
const FORM = /^(clickhouses?):\/\/(?:([^@/?]*)@)?([^/?#]+)(?:\/([^/?#]*))?(?:\?(.*))?$/;
const PORTS = { clickhouse: 8123, clickhouses: 8443 } as const;

/** As parseStoreAddress, without looking at the environment or at files: for the check of an option. */
export function requireStoreAddress(text: string, where: string): void {
  partsOf(text, where);
}

/** Throws UsageError naming `where`. Reads files that are named. */
export function parseStoreAddress(
  text: string,
  { where, env }: { where: string; env: NodeJS.ProcessEnv },
): StoreAddress {
  const { nodes, user, database, parameters } = partsOf(text, where);
  const { ca, ...others } = Object.fromEntries(parameters);
  if (ca !== undefined && !nodes[0].startsWith('https:')) {
    throw new UsageError('"ca" is for clickhouses:// alone', { where, hint: HINT });
  }
  return {
    nodes,
    database,
    user: user || env.PGWITNESS_STORE_USER || 'default',
    password: passwordOf(env),
    ...(ca === undefined ? {} : { authorities: contentOf(ca, `ca of ${where}`) }),
    parameters: new Map(Object.entries(others)),
  };
}

/** "host:8123,host2:8123/database", for messages. */
export function shownStore({ nodes, database }: Pick<StoreAddress, 'nodes' | 'database'>): string {
  return `${nodes.map((node) => node.replace(/^https?:\/\//, '')).join(',')}/${database}`;
}

function partsOf(text: string, where: string) {
  const parts = FORM.exec(text);
  if (parts === null) throw new UsageError('this is not an address of ClickHouse', { where, hint: HINT });
  const [, scheme, user = '', hosts, database = '', query = ''] = parts;
  const [beforeQuery] = text.split('?');
  // A password with a / in it looks like a host and a database.
  if (user.includes(':') || beforeQuery.lastIndexOf('@') > scheme.length + '://'.length + user.length) {
    throw new UsageError('the address holds a password', {
      where,
      hint: 'leave it out and set PGWITNESS_STORE_PASSWORD, or PGWITNESS_STORE_PASSWORD_FILE',
    });
  }
  const nodes = hosts.split(',').map((host) => nodeOf(scheme as keyof typeof PORTS, host, where));
  const name = decoded(database) || 'pgwitness';
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) {
    throw new UsageError(`"${name}" is not a name of a database`, { where, hint: 'letters, digits and "_"' });
  }
  return {
    nodes: nodes as [string, ...string[]],
    user: decoded(user),
    database: name,
    parameters: new URLSearchParams(query),
  };
}

function nodeOf(scheme: keyof typeof PORTS, host: string, where: string): string {
  const url = `${scheme === 'clickhouses' ? 'https' : 'http'}://${host}`;
  if (!URL.canParse(url)) throw new UsageError('after // stands what is not a host with a port', { where, hint: HINT });
  const { protocol, hostname } = new URL(url);
  // A standard port of HTTP is no port in URL.
  const port = /:(\d+)$/.exec(host)?.[1] ?? PORTS[scheme];
  return `${protocol}//${hostname}:${port}`;
}

function passwordOf(env: NodeJS.ProcessEnv): string {
  const file = env.PGWITNESS_STORE_PASSWORD_FILE ?? '';
  if (file !== '') return contentOf(file, 'PGWITNESS_STORE_PASSWORD_FILE').toString().trim();
  return env.PGWITNESS_STORE_PASSWORD ?? '';
}

function contentOf(file: string, where: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`${file} cannot be read (${reason})`, {
      where,
      hint: 'check its path and mode',
      cause: error,
    });
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
