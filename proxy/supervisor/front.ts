// Listens at a pair's address for several relays: accepts, reads nothing, passes on.
// Invariant: not an octet of a client is read here, so that the relay reads all of them. Not here: which relay (handover.ts).

import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../../config/log.js';
import type { Address } from '../../config/values/address.js';
import { listenAt } from '../listen/listening.js';

export class Front {
  readonly #server: Server;
  readonly #log: Log;

  constructor({ accepted, log }: { accepted: (client: Socket) => void; log: Log }) {
    this.#log = log;
    // What is set here stays with the connection in the relay's process, as a listener of its own would set it.
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
      client.on('error', ignored);
      accepted(client);
    });
  }

  /** Resolves with the address it listens on. Rejects with the system's error. */
  listen(address: Address): Promise<Address> {
    return listenAt(this.#server, address, (error) =>
      this.#log.warn('accepting a connection failed', { error: String(error) }),
    );
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  close(): void {
    this.#server.close();
  }
}

/** A connection that is gone is found so by the relay. */
function ignored(): void {}
