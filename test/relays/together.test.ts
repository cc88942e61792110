// The figures of several relays, added up.
// Nothing falls when one goes, and nothing is told before all have spoken.

import { expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { Relays } from '../../observer/accounts/relays.js';
import { RELAY_STATUS, RELAY_STATUS_FIELDS, type RelayStatus } from '../../proxy/stream/relay-status.js';

function status(over: Partial<RelayStatus>): RelayStatus {
  return {
    kind: 'relay-status',
    atMs: 1,
    sessionsOpen: 2,
    sessionsTotal: 10,
    connectErrorsTotal: 0,
    clientBytesTotal: 100,
    serverBytesTotal: 200,
    sessionsAdrift: 0,
    sessionsOpaque: 0,
    adriftTotal: 0,
    opaqueTotal: 0,
    unmatchedReadyTotal: 0,
    skippedTotal: 0,
    functionCallsTotal: 0,
    observerRestartsTotal: 3,
    queueBytes: 5,
    loopLagNs: 1_000,
    cpuNs: 50,
    residentBytes: 60,
    ...over,
  } as RelayStatus;
}

function two(ended = {}): Relays {
  const relays = new Relays({ count: 2, ended });
  for (const id of ['a', 'b']) {
    relays.begins(id);
    relays.says(id, status({ loopLagNs: id === 'a' ? 1_000 : 9_000 }));
  }
  return relays;
}

test('counters and amounts are added up, the lag is the worst, restarts of the one observer are not doubled', () => {
  expect(two().together).toMatchObject({
    kind: 'relay-status',
    sessionsOpen: 4,
    sessionsTotal: 20,
    clientBytesTotal: 200,
    cpuNs: 100,
    residentBytes: 120,
    queueBytes: 10,
    loopLagNs: 9_000,
    observerRestartsTotal: 3,
    atMs: 1,
  });
});

test.each(RELAY_STATUS_FIELDS)(
  '%s of two relays is merged as declared, and outlives its relay only as a counter',
  (field) => {
    const { merge } = RELAY_STATUS[field];
    const relays = new Relays({ count: 2, ended: {} });
    for (const [id, value] of [
      ['a', 5],
      ['b', 7],
    ] as const) {
      relays.begins(id);
      relays.says(id, status({ [field]: value }));
    }
    expect(relays.together?.[field]).toBe(merge === 'maximum' ? 7 : 12);
    relays.ends('b');
    expect(relays.together?.[field]).toBe(merge === 'counter' ? 12 : 5);
  },
);

test('nothing is told before all that are expected have spoken', () => {
  const relays = new Relays({ count: 2, ended: {} });
  relays.begins('a');
  relays.says('a', status({}));
  expect(relays.together).toBeUndefined();
  expect(relays.complete).toBe(false);
  relays.begins('b');
  expect(relays.complete).toBe(true);
  relays.says('b', status({}));
  expect(relays.together?.sessionsTotal).toBe(20);
});

test('one that ends leaves its counters and takes its amounts', () => {
  const relays = two();
  relays.ends('a');
  expect(relays.together).toMatchObject({ sessionsTotal: 20, cpuNs: 100, sessionsOpen: 2, residentBytes: 60 });
  relays.begins('c');
  relays.says('c', status({ sessionsTotal: 1, sessionsOpen: 1 }));
  expect(relays.together).toMatchObject({ sessionsTotal: 21, sessionsOpen: 3 });
});

test('one that comes back under its name is not counted twice', () => {
  const relays = two();
  relays.ends('a');
  relays.begins('a');
  relays.says('a', status({ sessionsTotal: 12 }));
  expect(relays.together?.sessionsTotal).toBe(22);
});

test('however many come and go, no counter falls', () => {
  const relays = two({ sessionsTotal: 1_000 });
  for (let i = 0; i < limits.relaysMax * 2; i++) {
    const id = `relay ${i}`;
    relays.begins(id);
    relays.says(id, status({}));
    relays.ends(id);
    expect(relays.together?.sessionsTotal).toBe(1_000 + 20 + 10 * (i + 1));
  }
  expect(relays.connected).toEqual(['a', 'b']);
});
