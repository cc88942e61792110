// Counts the connections of all listeners of the process, and decides whether one more may come.
//
// It counts connections before their login, connections after their StartupMessage, and all of an address.
// Invariant: a ticket gives back what it took, once, so the counts are of connections that exist. A refusal is counted
// by its reason. Clients of a Unix socket have no address, so they have no cap per address. Where a cap is reached, a
// connection that said nothing gives way to the next one.
// Not here: who gives way first (silent.ts), the message a refused client gets (refuse.ts).

import { type Silent, SilentConnections } from './silent.js';

export interface AdmissionLimits {
  connectionsMax: number;
  /** 0 = no cap per address. */
  connectionsPerAddressMax: number;
  connectionsPreAuthMax: number;
  connectionsCancelReserve: number;
}

export type Refusal = 'max_connections' | 'max_connections_per_address' | 'not_logged_in';

/** What is counted of one address. */
interface OfAddress {
  /** Connections within the cap. */
  held: number;
  /** Connections beyond it, which may only cancel. */
  beyond: number;
}

/** The counts that all tickets share. */
class Counts {
  /** Connections that have not logged in. */
  preAuth = 0;
  /** Connections from their StartupMessage to their last byte. */
  connections = 0;
  readonly silent = new SilentConnections();
  readonly refusedTotal: Record<Refusal, number> = {
    max_connections: 0,
    max_connections_per_address: 0,
    not_logged_in: 0,
  };
  readonly #byAddress = new Map<string, OfAddress>();

  of(address: string): Readonly<OfAddress> {
    return this.#byAddress.get(address) ?? NOTHING;
  }

  add(address: string, place: keyof OfAddress, by: 1 | -1): void {
    const counts = { ...this.of(address) };
    counts[place] += by;
    if (counts.held + counts.beyond > 0) this.#byAddress.set(address, counts);
    else this.#byAddress.delete(address);
  }

  isFull(address: string, { connectionsPerAddressMax: max }: AdmissionLimits): boolean {
    return address !== '' && max > 0 && this.of(address).held >= max;
  }

  refuse(reason: Refusal): Refusal {
    this.refusedTotal[reason]++;
    return reason;
  }
}

const NOTHING: Readonly<OfAddress> = { held: 0, beyond: 0 };

export class Admission {
  readonly #counts = new Counts();

  get refusedTotal(): Readonly<Record<Refusal, number>> {
    return this.#counts.refusedTotal;
  }

  /** Takes an accepted connection. Returns why it is closed instead. */
  arrive(client: Client, limits: AdmissionLimits): Ticket | Refusal {
    const counts = this.#counts;
    const { connectionsPreAuthMax: preAuthMax, connectionsCancelReserve: reserve } = limits;
    const { address } = client;
    while (counts.isFull(address, limits) && counts.silent.evict(address)) counts.refuse('max_connections_per_address');
    const place = counts.isFull(address, limits) ? 'beyond' : 'held';
    if (place === 'beyond' && counts.of(address).beyond >= reserve) return counts.refuse('max_connections_per_address');
    if (counts.preAuth >= preAuthMax && counts.silent.evict()) counts.refuse('not_logged_in');
    if (counts.preAuth >= preAuthMax + reserve) return counts.refuse('not_logged_in');
    return new Ticket(client, { counts, place, isReserved: counts.preAuth >= preAuthMax });
  }
}

/** An accepted connection. */
export interface Client {
  /** '' = it has none, as over a Unix socket. */
  readonly address: string;
  /** Closes it. Its ticket leaves and gives back before that returns. */
  readonly evict: () => void;
}

/** What a connection holds of the caps. Its calls may come in any number; each counts once. */
export class Ticket implements Silent {
  readonly address: string;
  readonly #counts: Counts;
  /** Beyond the cap of all it may only cancel. */
  readonly #isReserved: boolean;
  /** What it holds of its address; beyond that cap it may only cancel, until a place is free. */
  #place: keyof OfAddress | undefined;
  #isWaiting = true;
  #hasBegun = false;
  #evict: (() => void) | undefined;

  constructor(
    { address, evict }: Client,
    { counts, place, isReserved }: { counts: Counts; place: keyof OfAddress; isReserved: boolean },
  ) {
    this.address = address;
    this.#counts = counts;
    this.#isReserved = isReserved;
    this.#place = place;
    this.#evict = evict;
    counts.preAuth++;
    counts.add(address, place, 1);
    counts.silent.add(this);
  }

  get cancelsOnly(): boolean {
    return this.#isReserved || this.#place === 'beyond';
  }

  evict(): void {
    this.#evict?.();
  }

  /** Its first bytes came. */
  spoke(): void {
    this.#counts.silent.spoke(this);
  }

  /** Its first packet is complete. */
  heard(): void {
    this.#counts.silent.remove(this);
    this.#evict = undefined;
  }

  /** It sent its StartupMessage. Returns why it is refused, or undefined when it may go on. */
  begin(limits: AdmissionLimits): Refusal | undefined {
    const counts = this.#counts;
    if (this.#isReserved) return counts.refuse('not_logged_in');
    if (counts.connections >= limits.connectionsMax) return counts.refuse('max_connections');
    if (this.#place === 'beyond') {
      if (counts.isFull(this.address, limits)) return counts.refuse('max_connections_per_address');
      counts.add(this.address, 'beyond', -1);
      counts.add(this.address, 'held', 1);
      this.#place = 'held';
    }
    counts.connections++;
    this.#hasBegun = true;
    return undefined;
  }

  /** It logged in or closed. */
  leave(): void {
    if (this.#isWaiting) this.#counts.preAuth--;
    this.#isWaiting = false;
    this.heard();
  }

  /** It is refused or closed: another one may have its place. */
  giveBack(): void {
    if (this.#hasBegun) this.#counts.connections--;
    if (this.#place !== undefined) this.#counts.add(this.address, this.#place, -1);
    this.#hasBegun = false;
    this.#place = undefined;
  }
}

/** The client's address, '' for a Unix socket. An IPv4 client has the same one on a listener for both families. */
export function addressOf(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined) return '';
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
}
