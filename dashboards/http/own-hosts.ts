// Decides whether the Host header of a request names this server.
// Invariant: a name that an attacker's DNS may point at this address is never ours, and neither is an IP address that
// is not the one the request came to.
// Not here: which requests need a host of ours (guard.ts).

import { isIP } from 'node:net';
import { isLoopback } from '../../config/values/address.js';

export interface OwnHosts {
  /** The host of --http. */
  readonly listen: string;
  /** Those of --http-host: names or IP addresses, in lower case. */
  readonly named: readonly string[];
}

/** `local`: the address of this machine that the request came to. */
export function isOwnHost(header: string | undefined, { own, local }: { own: OwnHosts; local: string }): boolean {
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::[0-9]{1,5})?$/.exec(header ?? '');
  if (parts === null) return false;
  const host = plain(parts[1] ?? parts[2]);
  if (isLoopback({ kind: 'tcp', host, port: 0 })) return true;
  return [own.listen, ...own.named, local].some((ours) => plain(ours) === host);
}

/** One spelling for each address: `[0:0::1]` is `::1`, and `::ffff:10.0.0.7` is `10.0.0.7`. */
function plain(host: string): string {
  const name = host.toLowerCase();
  if (isIP(name) !== 6) return name;
  const canonical = new URL(`http://[${name.split('%', 1)[0]}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [mapped[1], mapped[2]].map((group) => Number.parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
