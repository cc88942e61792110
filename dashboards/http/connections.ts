// Bounds the HTTP connections, and keeps room for those that ask.
// Invariant: at most `max` are open. When one more comes, the one that has been without a request for longest is
// closed, so silent connections keep nobody out.
// Not here: time limits of a connection (server.ts), clients of Postgres (proxy/listen).

import type { Socket } from 'node:net';

export class HttpConnections {
  readonly #max: number;
  readonly #requestsMax: number;
  /** Requests under way on each open connection. */
  readonly #requests = new Map<Socket, number>();
  /** Connections without any, in the order since when. */
  readonly #idle = new Set<Socket>();

  /** `requestsMax`: requests under way on one connection. */
  constructor({ max, requestsMax }: { max: number; requestsMax: number }) {
    this.#max = max;
    this.#requestsMax = requestsMax;
  }

  take(socket: Socket): void {
    if (this.#requests.size >= this.#max && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#requests.set(socket, 0);
    this.#idle.add(socket);
    socket.once('close', () => this.#forget(socket));
  }

  /** Returns false when the connection is closed instead: it sends requests faster than it takes answers. */
  begin(socket: Socket): boolean {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return false;
    if (requests >= this.#requestsMax) {
      this.#forget(socket);
      socket.destroy();
      return false;
    }
    this.#requests.set(socket, requests + 1);
    this.#idle.delete(socket);
    return true;
  }

  /** Follows every begin that returned true. */
  end(socket: Socket): void {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return;
    this.#requests.set(socket, requests - 1);
    if (requests === 1) this.#idle.add(socket);
  }

  #makeRoom(): boolean {
    const [oldest] = this.#idle;
    if (oldest === undefined) return false;
    this.#forget(oldest);
    oldest.destroy();
    return true;
  }

  #forget(socket: Socket): void {
    this.#requests.delete(socket);
    this.#idle.delete(socket);
  }
}
