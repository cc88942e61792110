// Which configured network a client's address falls into.
// Invariant: the longest prefix wins, so the order in the file does not matter; an address in none is in ''.
// Not here: what a network does to a pool's identity (analyzer/pools).

import { BlockList, isIP } from 'node:net';
import type { Config } from './config.js';

/** The name of the network of a numeric address; '' for no network and for what is no address. */
export function networkFinder(networks: Config['clientNetworks']): (address: string) => string {
  const found = networks.map(({ name, prefix }) => {
    const [network, bits] = prefix.split('/');
    const list = new BlockList();
    list.addSubnet(network, Number(bits), familyOf(network));
    return { name, list, bits: Number(bits) + (isIP(network) === 4 ? 96 : 0) };
  });
  found.sort((a, b) => b.bits - a.bits);
  if (found.length === 0) return () => '';
  return (address) => {
    // A listener on :: sees IPv4 clients as ::ffff:10.1.2.3.
    const plain = address.replace(/^::ffff:(?=[0-9.]+$)/i, '');
    if (isIP(plain) === 0) return '';
    return found.find(({ list }) => list.check(plain, familyOf(plain)))?.name ?? '';
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
