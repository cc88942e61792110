// An accepted connection until it logs in: it counts among those that have not, and its time is limited.
// Invariant: it ends once, by login or by the connection's end, whichever comes first; afterwards it holds neither socket nor relay, because
// the relay keeps it for as long as the session lasts. Not here: how many there may be (listener.ts).

import type { Socket } from 'node:net';

export interface PreAuthOptions {
  timeoutMs: number;
  /** The connection is destroyed next. */
  onTimeout: () => void;
  onHandedOver: () => void;
  onEnded: (how: { handedOver: boolean }) => void;
}

export class PreAuth {
  #socket: Socket | undefined;
  /** Has the connection, once there is an upstream. */
  #relay: { destroy(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #options: PreAuthOptions | undefined;

  constructor(socket: Socket, options: PreAuthOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#timer = setTimeout(() => {
      options.onTimeout();
      (this.#relay ?? this.#socket)?.destroy();
    }, options.timeoutMs);
    socket.once('close', this.end);
  }

  /** From now on the relay has the connection, and says when it is gone. */
  handOver(relay: { destroy(): void }): void {
    if (this.#options === undefined) return;
    this.#socket?.off('close', this.end);
    this.#socket = undefined;
    this.#relay = relay;
    this.#options.onHandedOver();
  }

  /** It logged in, or is gone. */
  readonly end = (): void => {
    const options = this.#options;
    if (options === undefined) return;
    const handedOver = this.#relay !== undefined;
    clearTimeout(this.#timer);
    this.#socket?.off('close', this.end);
    this.#socket = undefined;
    this.#relay = undefined;
    this.#timer = undefined;
    this.#options = undefined;
    options.onEnded({ handedOver });
  };
}
