// Which configured network a client address falls into. Invariant: the first network of the configuration that holds the address wins;
// an address in none is ''. Not here: what that means for pools.

import { BlockList, isIPv6 } from 'node:net';

export interface ClientNetwork {
  readonly name: string;
  /** CIDR: 10.1.0.0/16, fd00::/8. */
  readonly prefix: string;
}

export function networkFinder(networks: readonly ClientNetwork[]): (clientAddress: string) => string {
  if (networks.length === 0) return () => '';
  const lists = networks.map(({ name, prefix }) => {
    const [address, bits] = prefix.split('/');
    const list = new BlockList();
    list.addSubnet(address, Number(bits), familyOf(address));
    return { name, list };
  });
  return (clientAddress) => {
    // An IPv4 client of a listener on :: is written ::ffff:10.1.2.3.
    const address = clientAddress.replace(/^::ffff:(?=[0-9.]+$)/i, '');
    if (address === '') return '';
    return lists.find(({ list }) => list.check(address, familyOf(address)))?.name ?? '';
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
