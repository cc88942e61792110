// Who may still come: counts of connections that are there, by source.

import { describe, expect, test } from 'vitest';
import { Admission, sourceOf } from '../../proxy/listen/admission.js';

const CAPS = {
  connectionsMax: 4,
  connectionsPerSourceMax: 2,
  connectionsPreAuthMax: 2,
  connectionsCancelReserve: 1,
};

describe('sessions', () => {
  test('a source has its own cap, the others theirs, all together one', () => {
    const admission = new Admission();
    const began = ['a', 'a', 'a', 'b', 'b', 'c'].map((source) => admission.begin(source, CAPS) ?? 'began');
    expect(began).toEqual(['began', 'began', 'max_connections_per_source', 'began', 'began', 'max_connections']);
    expect(admission.refusedTotal).toMatchObject({ max_connections: 1, max_connections_per_source: 1 });
  });

  test('a place that is free again is given, to the same source and to another', () => {
    const admission = new Admission();
    for (const source of ['a', 'a', 'b', 'b']) admission.begin(source, CAPS);
    admission.end('a');
    expect(admission.begin('a', CAPS)).toBeUndefined();
    admission.end('b');
    expect(admission.begin('c', CAPS)).toBeUndefined();
  });

  test.each([
    ['without a cap of its own', 'a', 0],
    ['over a Unix socket, which has no address', '', 1],
  ])('a source %s takes what there is', (_name, source, connectionsPerSourceMax) => {
    const admission = new Admission();
    const began = Array.from({ length: 5 }, () => admission.begin(source, { ...CAPS, connectionsPerSourceMax }));
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
  expect(sourceOf('::ffff:10.0.0.7')).toBe(sourceOf('10.0.0.7'));
  expect(sourceOf('2001:db8::7')).toBe('2001:db8::7');
  expect(sourceOf(undefined)).toBe('');
});
