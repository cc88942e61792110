// Which configured network a client address falls into. Invariant: the first network of the configuration that holds the address wins;
// an address in none is ''. Not here: what that means for pools.

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
