// Keeps one connection of our own to a server that the user named, open between questions.
// Invariant: opened by the first question; a failure closes it and is said once, until a question is answered again.
// Not here: the questions, and when they are asked (bypass-sampler.ts, plan-collector.ts).

import type { Log } from '../config/log.js';
import type { ServerAddress } from '../own-queries/dsn.js';
import type { ConnectOptions, ServerConnection } from '../own-queries/own-connection.js';

export interface StandingOptions {
  readonly address: ServerAddress;
  readonly connect: ConnectOptions;
  readonly log: Log;
  /** Said when the server does not answer, and when it does again. */
  readonly words: { readonly lost: string; readonly back: string };
}

export class StandingConnection {
  readonly #options: StandingOptions;
  #connection: ServerConnection | undefined;
  #isLost = false;

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  /** pg costs 16 MB, so it is loaded only where somebody asks. Throws what connectServer throws. */
  async open(): Promise<ServerConnection> {
    const { address, connect } = this.#options;
    const { connectServer } = await import('../own-queries/own-connection.js');
    this.#connection ??= await connectServer(address, connect);
    return this.#connection;
  }

  answered(): void {
    if (this.#isLost) this.#options.log.info(this.#options.words.back);
    this.#isLost = false;
  }

  failed(error: string): void {
    this.close();
    if (!this.#isLost) this.#options.log.warn(this.#options.words.lost, { error });
    this.#isLost = true;
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
