// Counts of connections that exist, by address, and the refusals of further ones.

import { describe, expect, test } from 'vitest';
import { Admission, addressOf } from '../../proxy/listen/admission.js';

const CAPS = {
  connectionsMax: 4,
  connectionsPerAddressMax: 2,
  connectionsPreAuthMax: 2,
  connectionsCancelReserve: 1,
};

describe('sessions', () => {
  test('an address has its own cap, the others theirs, all together one', () => {
    const admission = new Admission();
    const began = ['a', 'a', 'a', 'b', 'b', 'c'].map((address) => admission.begin(address, CAPS) ?? 'began');
    expect(began).toEqual(['began', 'began', 'max_connections_per_address', 'began', 'began', 'max_connections']);
    expect(admission.refusedTotal).toMatchObject({ max_connections: 1, max_connections_per_address: 1 });
  });

  test('a place that is free again is given, to the same address and to another', () => {
    const admission = new Admission();
    for (const address of ['a', 'a', 'b', 'b']) admission.begin(address, CAPS);
    admission.end('a');
    expect(admission.begin('a', CAPS)).toBeUndefined();
    admission.end('b');
    expect(admission.begin('c', CAPS)).toBeUndefined();
  });

  test.each([
    ['without a cap of its own', 'a', 0],
    ['over a Unix socket, which has no address', '', 1],
  ])('an address %s takes what there is', (_name, address, connectionsPerAddressMax) => {
    const admission = new Admission();
    const began = Array.from({ length: 5 }, () => admission.begin(address, { ...CAPS, connectionsPerAddressMax }));
    expect(began).toEqual([undefined, undefined, undefined, undefined, 'max_connections']);
  });
});

test('before login: free, then for cancel requests alone, then none', () => {
  const admission = new Admission();
  expect(Array.from({ length: 4 }, () => admission.arrive(CAPS))).toEqual(['free', 'free', 'reserved', 'none']);
  admission.leave();
  expect(admission.arrive(CAPS)).toBe('reserved');
  expect(admission.refusedTotal.not_logged_in).toBe(1);
});

test('an IPv4 client has one address on every listener', () => {
  expect(addressOf('::ffff:10.0.0.7')).toBe(addressOf('10.0.0.7'));
  expect(addressOf('2001:db8::7')).toBe('2001:db8::7');
  expect(addressOf(undefined)).toBe('');
});
