// Counts the connections of all listeners of the process, and decides whether one more may come.
//
// It counts connections before their login, connections after their StartupMessage, and the latter by client address.
// Invariant: every arrive() is followed by one leave() and every begin() that was allowed by one end(), so the counts
// are of connections that exist. A refusal is counted by its reason. Clients of a Unix socket have no address, so they
// have no cap per address.
// Not here: the message a refused client gets (listener.ts).

export interface AdmissionLimits {
  connectionsMax: number;
  /** 0 = no cap per address. */
  connectionsPerAddressMax: number;
  connectionsPreAuthMax: number;
  connectionsCancelReserve: number;
}

/** 'reserved': it may only send a CancelRequest. 'none': it is closed. */
export type Place = 'free' | 'reserved' | 'none';

export type Refusal = 'max_connections' | 'max_connections_per_address' | 'not_logged_in';

export class Admission {
  /** Connections that have not logged in. */
  #preAuth = 0;
  /** Connections from their StartupMessage to their last byte. */
  #connections = 0;
  readonly #connectionsByAddress = new Map<string, number>();
  readonly refusedTotal: Record<Refusal, number> = {
    max_connections: 0,
    max_connections_per_address: 0,
    not_logged_in: 0,
  };

  arrive({ connectionsPreAuthMax, connectionsCancelReserve }: AdmissionLimits): Place {
    if (this.#preAuth >= connectionsPreAuthMax + connectionsCancelReserve) {
      this.refusedTotal.not_logged_in++;
      return 'none';
    }
    return this.#preAuth++ < connectionsPreAuthMax ? 'free' : 'reserved';
  }

  /** The connection logged in or closed. */
  leave(): void {
    this.#preAuth--;
  }

  /** Counts a connection that sent its StartupMessage. Returns why it is refused, or undefined when it may go on. */
  begin(address: string, { connectionsMax, connectionsPerAddressMax }: AdmissionLimits): Refusal | undefined {
    if (this.#connections >= connectionsMax) return this.refuse('max_connections');
    const fromAddress = this.#connectionsByAddress.get(address) ?? 0;
    const isCapped = address !== '' && connectionsPerAddressMax > 0;
    if (isCapped && fromAddress >= connectionsPerAddressMax) return this.refuse('max_connections_per_address');
    this.#connections++;
    this.#connectionsByAddress.set(address, fromAddress + 1);
    return undefined;
  }

  end(address: string): void {
    this.#connections--;
    const left = (this.#connectionsByAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#connectionsByAddress.set(address, left);
    else this.#connectionsByAddress.delete(address);
  }

  refuse(reason: Refusal): Refusal {
    this.refusedTotal[reason]++;
    return reason;
  }
}

/** The client's address, '' for a Unix socket. An IPv4 client has the same one on a listener for both families. */
export function addressOf(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined) return '';
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice('::ffff:'.length) : remoteAddress;
}
