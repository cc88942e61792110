// Counts of connections that exist, by address, and the refusals of further ones.

import { describe, expect, test } from 'vitest';
import { Admission, type AdmissionLimits, addressOf, Ticket } from '../../proxy/listen/admission.js';

const CAPS = {
  connectionsMax: 4,
  connectionsPerAddressMax: 2,
  connectionsPreAuthMax: 100,
  connectionsCancelReserve: 1,
};

/** Connections of one listener, as it treats them. */
class House {
  readonly admission = new Admission();
  readonly evicted: string[] = [];
  readonly #caps: AdmissionLimits;

  constructor(caps: Partial<AdmissionLimits> = {}) {
    this.#caps = { ...CAPS, ...caps };
  }

  /** A connection that is accepted and says nothing. */
  accept(address: string, name = address): Ticket | string {
    const ticket = this.admission.arrive(
      {
        address,
        evict: () => {
          this.evicted.push(name);
          if (ticket instanceof Ticket) this.close(ticket);
        },
      },
      this.#caps,
    );
    return ticket;
  }

  /** A connection that logs in, or why it is refused. */
  login(address: string): Ticket | string {
    const ticket = this.accept(address);
    if (!(ticket instanceof Ticket)) return ticket;
    ticket.spoke();
    ticket.heard();
    const refusal = ticket.begin(this.#caps);
    if (refusal !== undefined) this.close(ticket);
    else ticket.leave();
    return refusal ?? ticket;
  }

  close(ticket: Ticket): void {
    ticket.leave();
    ticket.giveBack();
  }
}

const told = (outcome: Ticket | string) => (typeof outcome === 'string' ? outcome : 'began');
const turns = async () => {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
};

describe('sessions', () => {
  test('an address has its own cap, the others theirs, all together one', () => {
    const house = new House();
    const began = ['a', 'a', 'a', 'b', 'b', 'c'].map((address) => told(house.login(address)));
    expect(began).toEqual(['began', 'began', 'max_connections_per_address', 'began', 'began', 'max_connections']);
    expect(house.admission.refusedTotal).toMatchObject({ max_connections: 1, max_connections_per_address: 1 });
  });

  test('a place that is free again is given, to the same address and to another', () => {
    const house = new House();
    const [first, , third] = ['a', 'a', 'b', 'b'].map((address) => house.login(address) as Ticket);
    house.close(first);
    expect(told(house.login('a'))).toBe('began');
    house.close(third);
    expect(told(house.login('c'))).toBe('began');
  });

  test('giving back twice gives one place', () => {
    const house = new House({ connectionsMax: 1 });
    const first = house.login('a') as Ticket;
    house.close(first);
    house.close(first);
    expect(['a', 'a'].map((address) => told(house.login(address)))).toEqual(['began', 'max_connections']);
  });

  test.each([
    ['without a cap of its own', 'a', 0],
    ['over a Unix socket, which has no address', '', 1],
  ])('an address %s takes what there is', (_name, address, connectionsPerAddressMax) => {
    const house = new House({ connectionsPerAddressMax });
    const began = Array.from({ length: 5 }, () => told(house.login(address)));
    expect(began).toEqual(['began', 'began', 'began', 'began', 'max_connections']);
  });
});

describe('an address at its cap', () => {
  test('is counted from accept, and what is beyond may cancel', () => {
    const house = new House();
    house.accept('a');
    house.accept('a');
    const third = house.accept('a') as Ticket;
    expect(third.cancelsOnly).toBe(true);
    expect(house.accept('a')).toBe('max_connections_per_address');
    expect((house.accept('b') as Ticket).cancelsOnly).toBe(false);
    expect(third.begin(CAPS)).toBe('max_connections_per_address');
  });

  test('takes one that came beyond it, when a place became free before it asked', () => {
    const house = new House();
    const first = house.login('a') as Ticket;
    house.login('a');
    const third = house.accept('a') as Ticket;
    house.close(first);
    expect(third.begin(CAPS)).toBeUndefined();
    expect(told(house.login('a'))).toBe('max_connections_per_address');
    house.close(third);
    expect(told(house.login('a'))).toBe('began');
  });

  test('loses its own silent connections, and nobody else does', async () => {
    const house = new House();
    house.accept('b', 'of another');
    house.accept('a', 'first');
    house.accept('a', 'second');
    await turns();
    expect(told(house.login('a'))).toBe('began');
    expect(house.evicted).toEqual(['first']);
  });
});

describe('before login', () => {
  const caps = { connectionsPreAuthMax: 2, connectionsPerAddressMax: 0 };

  test('free, then for cancel requests alone, then none', () => {
    const house = new House(caps);
    const [first, second, third, fourth] = ['1', '2', '3', '4'].map((name) => house.accept('a', name));
    expect([first, second, third].map((ticket) => (ticket as Ticket).cancelsOnly)).toEqual([false, false, true]);
    expect(fourth).toBe('not_logged_in');
    expect((third as Ticket).begin(CAPS)).toBe('not_logged_in');
    house.close(first as Ticket);
    expect((house.accept('a') as Ticket).cancelsOnly).toBe(true);
  });

  test('the oldest that said nothing gives way', async () => {
    const house = new House(caps);
    (house.accept('a', 'spoke') as Ticket).spoke();
    house.accept('a', 'silent');
    await turns();
    expect((house.accept('a', 'next') as Ticket).cancelsOnly).toBe(false);
    expect(house.evicted).toEqual(['silent']);
    expect(house.admission.refusedTotal.not_logged_in).toBe(1);
  });

  test('then the oldest that said a part of its first packet; never one that said all of it', async () => {
    const house = new House(caps);
    (house.accept('a', 'said all') as Ticket).heard();
    (house.accept('a', 'said some') as Ticket).spoke();
    await turns();
    expect((house.accept('a', 'next') as Ticket).cancelsOnly).toBe(false);
    expect(house.evicted).toEqual(['said some']);
  });

  test('nobody gives way before the loop could read what it said', async () => {
    const house = new House(caps);
    house.accept('a', '1');
    house.accept('a', '2');
    expect((house.accept('a', '3') as Ticket).cancelsOnly).toBe(true);
    expect(house.evicted).toEqual([]);
    await turns();
    house.accept('a', '4');
    expect(house.evicted).toEqual(['1']);
  });
});

test('an IPv4 client has one address on every listener', () => {
  expect(addressOf('::ffff:10.0.0.7')).toBe(addressOf('10.0.0.7'));
  expect(addressOf('2001:db8::7')).toBe('2001:db8::7');
  expect(addressOf(undefined)).toBe('');
});
