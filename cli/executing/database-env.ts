// Reads from the environment which databases a command would use, and names others in their place.
// Invariant: a database that is named in a way that cannot be replaced is refused; everything else of the environment
// stays. No error repeats a password.
// Not here: addresses as URLs (database-url.ts), running the command (command.ts).
// Source: PostgreSQL documentation, "Environment Variables" of libpq.

import { type Address, formatAddress, type TcpAddress } from '../../config/values/address.js';
import { UsageError } from '../../config/values/errors.js';
import type { UpstreamTlsMode } from '../../config/values/option-readers.js';
import { isDatabaseUrl, readDatabaseUrl } from './database-url.js';

/** A server that the command would have used. */
export interface Target {
  readonly upstream: Address;
  readonly mode: UpstreamTlsMode;
  /** '' = the public authorities. */
  readonly caFile: string;
}

export interface DatabaseEnv {
  /** Each server once. */
  readonly targets: readonly Target[];
  /** The environment in which each of them is at the address of the same place in the list. */
  at(addresses: readonly TcpAddress[]): NodeJS.ProcessEnv;
}

/** A place in the environment that names a server. */
interface Slot {
  readonly target: Target;
  set(env: NodeJS.ProcessEnv, address: TcpAddress): void;
}

/**
 * PGHOST and PGPORT, DATABASE_URL, and the variables of `names` (host and port by turns, or one with a whole URL).
 * Where nothing names a server it is 127.0.0.1:5432. Throws UsageError.
 */
export function readDatabaseEnv(env: NodeJS.ProcessEnv, names: readonly string[]): DatabaseEnv {
  const slots: Slot[] = [];
  const { DATABASE_URL = '' } = env;
  if (isDatabaseUrl(DATABASE_URL)) slots.push(urlSlot('DATABASE_URL', env));
  slots.push(...namedSlots(names, env));
  const libpq = ['PGHOST', 'PGHOSTADDR', 'PGPORT'].some((name) => (env[name] ?? '') !== '');
  if (libpq || slots.length === 0) slots.push(libpqSlot(env));
  const targets: Target[] = [];
  const places = slots.map(({ target }) => {
    const known = targets.findIndex((one) => keyOf(one) === keyOf(target));
    return known >= 0 ? known : targets.push(target) - 1;
  });
  return {
    targets,
    at(addresses) {
      const replaced = { ...env };
      for (const [index, { set }] of slots.entries()) set(replaced, addresses[places[index]]);
      for (const [name, instead] of STRICT) if (STRICT_VALUES.test(replaced[name] ?? '')) replaced[name] = instead;
      return replaced;
    },
  };
}

/** What a loopback connection without TLS cannot give; the leg to the server keeps what was asked for. */
const STRICT = [
  ['PGSSLMODE', 'prefer'],
  ['PGCHANNELBINDING', 'prefer'],
  ['PGGSSENCMODE', 'prefer'],
  ['PGSSLNEGOTIATION', 'postgres'],
] as const;
const STRICT_VALUES = /^(?:require|verify-ca|verify-full|direct)$/;

function keyOf({ upstream, mode, caFile }: Target): string {
  return `${formatAddress(upstream)} ${mode} ${caFile}`;
}

function libpqSlot(env: NodeJS.ProcessEnv): Slot {
  if ((env.PGSERVICE ?? '') !== '') {
    throw new UsageError('PGSERVICE names the server in a file, where it cannot be replaced', {
      where: 'PGSERVICE',
      hint: 'unset it and set PGHOST and PGPORT',
    });
  }
  const host = env.PGHOSTADDR || env.PGHOST || '127.0.0.1';
  return {
    target: targetOf({ host, port: env.PGPORT || '5432', where: 'PGHOST' }, env),
    set(replaced, { host: to, port }) {
      replaced.PGHOST = to;
      replaced.PGPORT = String(port);
      delete replaced.PGHOSTADDR;
    },
  };
}

function urlSlot(name: string, env: NodeJS.ProcessEnv): Slot {
  const url = readDatabaseUrl(env[name] ?? '', name);
  const host = url.host || env.PGHOSTADDR || env.PGHOST || '127.0.0.1';
  const where = name;
  return {
    target: targetOf({ host, port: url.port || env.PGPORT || '5432', where, tls: url.tls, root: url.root }, env),
    set(replaced, address) {
      replaced[name] = url.at(address);
    },
  };
}

function namedSlots(names: readonly string[], env: NodeJS.ProcessEnv): Slot[] {
  const slots: Slot[] = [];
  const rest = [...names];
  while (rest.length > 0) {
    const name = rest.shift()!;
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new UsageError(`"${name}" is not the name of a variable`, { where: '--env', hint: HINT });
    }
    if (isDatabaseUrl(env[name] ?? '')) {
      slots.push(urlSlot(name, env));
      continue;
    }
    const port = rest.shift();
    if (port === undefined) {
      throw new UsageError(`${name} holds no postgres:// address, and no variable for the port follows`, {
        where: '--env',
        hint: HINT,
      });
    }
    slots.push({
      target: targetOf({ host: env[name] || '127.0.0.1', port: env[port] || '5432', where: name }, env),
      set(replaced, { host, port: to }) {
        replaced[name] = host;
        replaced[port] = String(to);
      },
    });
  }
  return slots;
}

const HINT = 'write --env DB_HOST,DB_PORT, or --env MY_DATABASE_URL';

interface Named {
  readonly host: string;
  readonly port: string;
  readonly where: string;
  readonly tls?: string;
  readonly root?: string;
}

function targetOf({ host, port, where, tls, root }: Named, env: NodeJS.ProcessEnv): Target {
  if (`${host}${port}`.includes(',')) {
    throw new UsageError('several hosts are named, and pgwitness would have to choose', { where, hint: 'name one' });
  }
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(`"${port}" is not a port`, { where, hint: 'for instance 5432' });
  }
  // A path, or an abstract name, is the directory of a Unix socket.
  if (host.startsWith('/')) {
    return { upstream: { kind: 'unix', path: `${host}/.s.PGSQL.${port}` }, mode: 'disable', caFile: '' };
  }
  if (host.startsWith('@'))
    throw new UsageError('an abstract Unix socket cannot be replaced', { where, hint: 'name a directory or a host' });
  const file = (root ?? env.PGSSLROOTCERT ?? '').replace(/^system$/, '');
  const mode = modeOf(tls ?? env.PGSSLMODE ?? 'prefer', { where, hasRoot: file !== '' });
  return {
    upstream: { kind: 'tcp', host, port: Number(port) },
    mode,
    caFile: mode.startsWith('verify') ? file : '',
  };
}

/** libpq verifies the authority under `require` too, where a file of authorities is named. */
function modeOf(text: string, { where, hasRoot }: { where: string; hasRoot: boolean }): UpstreamTlsMode {
  if (text === 'allow' || text === 'prefer') return 'prefer';
  if (text === 'require' || text === 'true') return hasRoot ? 'verify-ca' : 'require';
  if (text === 'disable' || text === 'false') return 'disable';
  if (text === 'verify-ca' || text === 'verify-full') return text;
  throw new UsageError(`"${text}" is not an sslmode`, {
    where,
    hint: 'use disable, prefer, require, verify-ca or verify-full',
  });
}
