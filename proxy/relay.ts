// Moves bytes between a client and its upstream, and shows each chunk to the tap after it was written on.
//
//   client ──data──► upstream.write ──full──► client.pause … upstream drain ──► client.resume      (the same the other way)
//
// Invariant: every octet received is written on, once, in order, before anything looks at it (during login on an encrypted upstream leg,
// past the login filter); at most one direction's source is paused for one full sink, so that the two directions cannot block each other.
// Half-closes, ends and resets are passed on as what they were. Not here: the first packet and connecting (listener.ts), understanding (tap.ts).

import type { CloseReason } from './observation.js';
import type { Tap } from './tap.js';
import type { Leg } from './upstream.js';
import type { LoginFilter } from './wire/login-filter.js';

export interface RelayCounters {
  clientBytesTotal: number;
  serverBytesTotal: number;
}

export interface RelayOptions {
  tap: Tap;
  counters: RelayCounters;
  /** What the server's bytes go through until login is over. */
  filter: LoginFilter | undefined;
  /** The server let the client in. */
  onLoggedIn: () => void;
  onClosed: () => void;
}

export class Relay {
  readonly tap: Tap;
  readonly #client: Leg;
  readonly #upstream: Leg;
  readonly #counters: RelayCounters;
  readonly #onClosed: () => void;
  /** Both until login is over. */
  #filter: LoginFilter | undefined;
  #onLoggedIn: (() => void) | undefined;
  #closedBy: CloseReason | undefined;
  #openEnds = 2;

  constructor(ends: { client: Leg; upstream: Leg }, options: RelayOptions) {
    this.tap = options.tap;
    this.#client = ends.client;
    this.#upstream = ends.upstream;
    this.#counters = options.counters;
    this.#onClosed = options.onClosed;
    this.#filter = options.filter;
    this.#onLoggedIn = options.onLoggedIn;
  }

  /** Begins to relay; `first` is what the client sent with or behind its StartupMessage, the message included. */
  start(first: { startup: Buffer; rest: Buffer }): void {
    const { tap } = this;
    const client = this.#client.stream;
    const upstream = this.#upstream.stream;
    upstream.write(first.startup);
    if (first.rest.length > 0) this.#toUpstream(first.rest);

    client.on('data', (chunk: Buffer) => this.#toUpstream(chunk));
    this.#followLogin();
    client.on('drain', () => {
      tap.stallEnds();
      upstream.resume();
    });
    upstream.on('drain', () => client.resume());

    client.on('end', () => {
      this.#closedBy ??= 'client';
      upstream.end();
    });
    upstream.on('end', () => {
      this.#closedBy ??= 'server';
      const held = this.#filter?.rest();
      if (held !== undefined && held.length > 0) this.#toClient(held);
      client.end();
    });
    client.on('error', () => this.#reset('client'));
    upstream.on('error', () => this.#reset('server'));
    client.on('close', () => this.#ended('client'));
    upstream.on('close', () => this.#ended('server'));
    client.resume();
    // It closed between being connected and being listened to: its events are past.
    if (client.destroyed) upstream.destroy();
    if (upstream.destroyed) client.destroy();
  }

  /** Both ends at once. `last` goes to the client first. */
  close(last?: Buffer): void {
    this.#closedBy ??= 'relay';
    const { stream } = this.#client;
    if (last !== undefined && !stream.destroyed) stream.write(last);
    stream.end();
    stream.destroySoon();
    this.#upstream.stream.destroy();
  }

  /** As close, for a client that does not take its last word. */
  destroy(): void {
    this.#closedBy ??= 'relay';
    this.#client.socket.destroy();
    this.#upstream.socket.destroy();
  }

  /** Until the server let the client in each chunk is looked at once more; afterwards nothing of that is left on the way. */
  #followLogin(): void {
    const upstream = this.#upstream.stream;
    const filter = this.#filter;
    const duringLogin = (chunk: Buffer) => {
      const passed = filter === undefined ? chunk : filter.feed(chunk);
      if (passed.length > 0) this.#toClient(passed);
      if (!this.tap.loggedIn) return;
      this.#onLoggedIn?.();
      this.#onLoggedIn = undefined;
      if (filter !== undefined && !filter.done) return;
      upstream.off('data', duringLogin);
      this.#filter = undefined;
      this.#followServer();
    };
    upstream.on('data', duringLogin);
  }

  /** Apart from the login, so that this closure, which lives as long as the session, keeps nothing of it. */
  #followServer(): void {
    this.#upstream.stream.on('data', (chunk: Buffer) => this.#toClient(chunk));
  }

  #toUpstream(chunk: Buffer): void {
    if (!this.#upstream.stream.write(chunk)) this.#client.stream.pause();
    this.#counters.clientBytesTotal += chunk.length;
    this.tap.client(chunk);
  }

  #toClient(chunk: Buffer): void {
    if (!this.#client.stream.write(chunk)) {
      this.#upstream.stream.pause();
      this.tap.stallBegins();
    }
    this.#counters.serverBytesTotal += chunk.length;
    this.tap.server(chunk);
  }

  /** One end was reset: so is the other, because an orderly end would tell it a lie. */
  #reset(by: CloseReason): void {
    this.#closedBy ??= by;
    resetLeg(by === 'client' ? this.#upstream : this.#client);
  }

  #ended(which: CloseReason): void {
    // A socket that closed without its peer's end (destroyed, or both halves done): nothing more can be written to the other.
    const other = (which === 'client' ? this.#upstream : this.#client).stream;
    this.#closedBy ??= which;
    if (which === 'client') other.destroy();
    else other.destroySoon();
    if (--this.#openEnds > 0) return;
    this.tap.closed(this.#closedBy);
    this.#onClosed();
  }
}

/** A TCP connection is reset under whatever runs on it; a Unix socket knows no reset and is closed. */
function resetLeg({ stream, socket }: Leg): void {
  // An end on its way cannot be taken back: libuv refuses to reset after a shutdown, and Node would never close the descriptor
  // (uv_tcp_close_reset). The close of the other leg follows and closes this one.
  if (stream.writableEnded || socket.writableEnded) return;
  if (!socket.destroyed && socket.remoteAddress !== undefined) socket.resetAndDestroy();
  stream.destroy();
}
