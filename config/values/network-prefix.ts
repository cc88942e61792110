// Checks networks written as CIDR, and tests addresses for them.
// Invariant: an IPv4 address that a listener on :: writes as ::ffff:10.1.2.3 counts as the IPv4 address.
// Not here: networks of pools (analyzer/sessions/networks.ts) and of rules (analyzer/attribution/rules/rule-user.ts).

import { BlockList, isIP } from 'node:net';

/** True for 10.1.0.0/16 or fd00::/8. */
export function isPrefix(prefix: string): boolean {
  const [address, bits, ...rest] = prefix.split('/');
  const version = isIP(address);
  return (
    version !== 0 && rest.length === 0 && /^[0-9]{1,3}$/.test(bits ?? '') && Number(bits) <= (version === 4 ? 32 : 128)
  );
}

/** `prefix` must have passed isPrefix. Text that is no address, as a Unix socket's '', is in no network. */
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
