// Parses and prints addresses: HOST:PORT or unix:PATH.
// Invariant: formatAddress(parseAddress(text)) names the same place as text.
// Not here: name resolution, sockets, the kinds that an option accepts (config/options.ts).

import { UsageError } from './errors.js';

export interface TcpAddress {
  readonly kind: 'tcp';
  /** Name or IP address, without the brackets of IPv6. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

export interface UnixAddress {
  readonly kind: 'unix';
  readonly path: string;
}

export type Address = TcpAddress | UnixAddress;

const FORMS = 'write HOST:PORT, for instance 127.0.0.1:6433 or [::1]:6433';

/** Reads `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`. Throws UsageError naming `where`. */
export function parseAddress(text: string, where = ''): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (path === '') throw new UsageError(`"${text}" names no path`, { where, hint: 'write unix:/path/of/the/socket' });
    return { kind: 'unix', path };
  }
  const parts = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^[\]:\s/@]+)):([0-9]{1,5})$/.exec(text);
  if (parts === null) throw new UsageError(`"${text}" is not an address`, { where, hint: FORMS });
  const port = Number(parts[3]);
  if (port > 65535) throw new UsageError(`port ${port} is over 65535`, { where, hint: FORMS });
  return { kind: 'tcp', host: parts[1] ?? parts[2], port };
}

/** As parseAddress, for TCP alone. */
export function parseTcpAddress(text: string, where = ''): TcpAddress {
  const address = parseAddress(text, where);
  if (address.kind !== 'tcp')
    throw new UsageError(`"${text}" is a Unix socket, TCP is needed here`, { where, hint: FORMS });
  return address;
}

export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** True when only this machine can reach it. Names other than localhost count as reachable from elsewhere. */
export function isLoopback(address: Address): boolean {
  if (address.kind === 'unix') return true;
  const host = address.host.toLowerCase();
  return host === 'localhost' || host === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}
