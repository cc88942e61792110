// Limits the time of an accepted connection: until its first byte, and until its login.
// Invariant: it ends once, by login or by the connection's end, whichever comes first. Afterwards it refers to no
// socket and no connection, because it is kept for as long as the session lasts.
// Not here: how many such connections there may be (admission.ts).

import type { Socket } from 'node:net';

export interface PreAuthOptions {
  /** For its first byte. */
  firstByteMs: number;
  /** For all of it, from accept to login. */
  timeoutMs: number;
  /** Called right before the connection is destroyed. */
  onTimeout: () => void;
  onHandedOver: () => void;
  onEnded: (end: { handedOver: boolean }) => void;
}

export class PreAuth {
  #socket: Socket | undefined;
  /** The connection, once the upstream is connected. */
  #connection: { destroy(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #startedMs: number;
  #hasSpoken = false;
  #options: PreAuthOptions | undefined;

  constructor(socket: Socket, options: PreAuthOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#startedMs = performance.now();
    // A loop that was late runs its timers before it reads, so a client may have spoken all the same.
    this.#timer = setTimeout(() => setImmediate(this.#endSilent), Math.min(options.firstByteMs, options.timeoutMs));
    socket.once('close', this.end);
  }

  /** Its first byte came. */
  readonly spoke = (): void => {
    if (this.#options === undefined || this.#hasSpoken) return;
    this.#hasSpoken = true;
    clearTimeout(this.#timer);
    const leftMs = this.#options.timeoutMs - (performance.now() - this.#startedMs);
    this.#timer = setTimeout(this.#destroy, Math.max(0, leftMs));
  };

  readonly #endSilent = (): void => {
    if (!this.#hasSpoken) this.#destroy();
  };

  readonly #destroy = (): void => {
    if (this.#options === undefined) return;
    this.#options.onTimeout();
    (this.#connection ?? this.#socket)?.destroy();
  };

  /** From now on the connection has the socket, and calls end() when it is closed. */
  handOver(connection: { destroy(): void }): void {
    if (this.#options === undefined) return;
    this.#socket?.off('close', this.end);
    this.#socket = undefined;
    this.#connection = connection;
    this.#options.onHandedOver();
  }

  /** The client logged in, or the connection closed. */
  readonly end = (): void => {
    const options = this.#options;
    if (options === undefined) return;
    const handedOver = this.#connection !== undefined;
    clearTimeout(this.#timer);
    this.#socket?.off('close', this.end);
    this.#socket = undefined;
    this.#connection = undefined;
    this.#timer = undefined;
    this.#options = undefined;
    options.onEnded({ handedOver });
  };
}
