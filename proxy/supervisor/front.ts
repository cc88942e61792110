// Accepts connections at a pair's address for several relays.
// Invariant: no byte of a client is read here, so that the relay gets all of them.
// Not here: which relay gets a connection (handover.ts).

import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../../config/log.js';
import type { Address } from '../../config/values/address.js';
import { listenAt } from '../listen/listening.js';

export class Front {
  readonly #server: Server;
  readonly #log: Log;

  constructor({ accepted, log }: { accepted: (client: Socket) => void; log: Log }) {
    this.#log = log;
    // These settings stay with the connection in the relay's process. They are those of the relay's own listener.
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

/** Nothing to do: the relay finds a connection that is closed. */
function ignored(): void {}
