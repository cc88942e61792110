// Finds the configured network of a client address.
// Invariant: the first network of the configuration that holds the address wins; an address in none gives ''. Not here:
// what a network means for pools (sessions.ts).

import { prefixTest } from '../../config/values/network-prefix.js';

export interface ClientNetwork {
  readonly name: string;
  /** CIDR: 10.1.0.0/16, fd00::/8. */
  readonly prefix: string;
}

export function networkFinder(networks: readonly ClientNetwork[]): (clientAddress: string) => string {
  if (networks.length === 0) return () => '';
  const tests = networks.map(({ name, prefix }) => ({ name, holds: prefixTest(prefix) }));
  return (clientAddress) => tests.find(({ holds }) => holds(clientAddress))?.name ?? '';
}
