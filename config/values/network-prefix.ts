// A network written as CIDR, and whether an address is in it. Invariant: an IPv4 address that a listener on :: writes as ::ffff:10.1.2.3 is the
// IPv4 address. Not here: what networks mean for pools (analyzer/sessions/networks.ts) or rules (analyzer/attribution/rules/rule-user.ts).

import { BlockList, isIP } from 'node:net';

/** 10.1.0.0/16, fd00::/8. */
export function isPrefix(prefix: string): boolean {
  const [address, bits, ...rest] = prefix.split('/');
  const version = isIP(address);
  return (
    version !== 0 && rest.length === 0 && /^[0-9]{1,3}$/.test(bits ?? '') && Number(bits) <= (version === 4 ? 32 : 128)
  );
}

/** The prefix was checked by isPrefix. What is no address (a Unix socket's '') is in no network. */
export function prefixTest(prefix: string): (clientAddress: string) => boolean {
  const [network, bits] = prefix.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(bits), familyOf(network));
  return (clientAddress) => {
    const address = clientAddress.replace(/^::ffff:(?=[0-9.]+$)/i, '');
    return isIP(address) !== 0 && list.check(address, familyOf(address));
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
