// Moves bytes between a client and its upstream, and shows each chunk to the tap afterwards.
//
//   client ──data──► upstream.write ──full──► client.pause … upstream drain ──► client.resume    (and the other way)
//
// Invariant: every byte received is forwarded once, in order, before anything else reads it (during login on an
// encrypted upstream leg, through the login filter). A full socket pauses only the leg that fills it, so that the two
// directions cannot block each other. Half-closes, ends and resets are passed on as what they are.
// Not here: the first packet and connecting (listen/listener.ts), understanding the bytes (watch/tap.ts).

import type { Socket } from 'node:net';
import { limits } from '../../config/limits.js';
import type { CloseReason } from '../stream/observation.js';
import type { Tap } from '../watch/tap.js';
import type { LoginFilter } from '../wire/login-filter.js';
import type { Leg, Reading } from './leg.js';
import { readInto } from './reused-reads.js';

export interface ConnectionCounters {
  clientBytesTotal: number;
  serverBytesTotal: number;
}

export interface ConnectionOptions {
  tap: Tap;
  counters: ConnectionCounters;
  /** The server's bytes pass it until login is over. */
  filter: LoginFilter | undefined;
  /** Called when the server let the client in. */
  onLoggedIn: () => void;
  onClosed: () => void;
}

export class Connection {
  readonly tap: Tap;
  readonly #client: Reading;
  readonly #upstream: Reading;
  readonly #counters: ConnectionCounters;
  readonly #onClosed: () => void;
  /** Kept until login is over, as #onLoggedIn. */
  #filter: LoginFilter | undefined;
  #onLoggedIn: (() => void) | undefined;
  #closedBy: CloseReason | undefined;
  #openEnds = 2;
  #isProbed = false;
  /** The last message for the client, once it may close; undefined = the connection stays. */
  #farewell: Buffer | undefined;
  #waitsForIdle = true;

  /** Takes over the legs: nobody else may listen to them afterwards. */
  constructor(legs: { client: Leg; upstream: Leg }, options: ConnectionOptions) {
    this.tap = options.tap;
    this.#counters = options.counters;
    this.#onClosed = options.onClosed;
    this.#filter = options.filter;
    this.#onLoggedIn = options.onLoggedIn;
    const fromClient = {
      take: (chunk: Buffer) => this.#toUpstream(chunk),
      writing: () => isWriting(this.#upstream),
      moved: (oldSocket: Socket, leg: Leg) => hearMoved(this.#clientEvents, oldSocket, leg),
    };
    const fromServer = {
      take: (chunk: Buffer) => this.#toClient(chunk),
      writing: () => isWriting(this.#client),
      moved: (oldSocket: Socket, leg: Leg) => hearMoved(this.#upstreamEvents, oldSocket, leg),
    };
    this.#client = readInto(fromClient, legs.client);
    this.#upstream = readInto(fromServer, legs.upstream);
  }

  /** Starts forwarding. `first`: the StartupMessage, and what the client sent behind it. */
  start(first: { startup: Buffer; rest: Buffer }): void {
    const client = this.#client.leg.stream;
    const upstream = this.#upstream.leg.stream;
    upstream.write(first.startup);
    if (first.rest.length > 0) this.#toUpstream(first.rest);
    for (const chunk of this.#client.early) this.#toUpstream(chunk);
    for (const chunk of this.#upstream.early) this.#toClient(chunk);

    hear(client, this.#clientEvents);
    hear(upstream, this.#upstreamEvents);
    client.resume();
    upstream.resume();
    // The client ended while the upstream was still connecting: that event has passed.
    if (client.readableEnded) {
      this.#closedBy ??= 'client';
      upstream.end();
    }
    // A leg may have closed before anybody listened: its events have passed.
    if (client.destroyed) upstream.destroy();
    if (upstream.destroyed) client.destroy();
  }

  /** Called once a second. */
  tick(nowMs: number): void {
    if (!this.#isProbed) this.#probe();
    this.tap.tick(nowMs);
  }

  /** Closes as soon as nothing runs and no transaction is open. The client gets `last` first. */
  closeWhenIdle(last: Buffer): void {
    this.#farewell = last;
    this.#leave();
  }

  /**
   * Closes as soon as the server's last message is complete. The client gets `last` first, unless the session is
   * opaque.
   */
  closeAtBoundary(last: Buffer): void {
    this.#farewell = last;
    this.#waitsForIdle = false;
    if (this.tap.session.opaque) this.close();
    else this.#leave();
  }

  /** Closes both legs. The client gets `last` first. */
  close(last?: Buffer): void {
    this.#closedBy ??= 'relay';
    const { stream } = this.#client.leg;
    if (last !== undefined && !stream.destroyed) stream.write(last);
    stream.end();
    stream.destroySoon();
    this.#upstream.leg.stream.destroy();
  }

  /** Closes both legs at once, for a client that does not take the last message. */
  destroy(): void {
    this.#closedBy ??= 'relay';
    this.#client.leg.socket.destroy();
    this.#upstream.leg.socket.destroy();
  }

  readonly #clientEvents = {
    drain: () => {
      this.tap.stallEnds();
      this.#upstream.leg.stream.resume();
    },
    end: () => {
      this.#closedBy ??= 'client';
      this.#upstream.leg.stream.end();
    },
    error: () => this.#reset('client'),
    close: () => this.#ended('client'),
  };

  readonly #upstreamEvents = {
    drain: () => {
      this.#client.leg.stream.resume();
    },
    end: () => {
      this.#closedBy ??= 'server';
      const held = this.#filter?.rest();
      if (held !== undefined && held.length > 0) this.#pass(held);
      this.#client.leg.stream.end();
    },
    error: () => this.#reset('server'),
    close: () => this.#ended('server'),
  };

  /** Returns false to stop reading the client until the upstream has taken its bytes. */
  #toUpstream(chunk: Buffer): boolean {
    const taken = this.#upstream.leg.stream.write(chunk);
    this.#counters.clientBytesTotal += chunk.length;
    this.tap.client(chunk);
    return taken;
  }

  /** During login each chunk passes the filter, and the tap is asked whether the login is over. */
  #toClient(chunk: Buffer): boolean {
    if (this.#onLoggedIn === undefined && this.#filter === undefined) return this.#pass(chunk);
    const filter = this.#filter;
    const passed = filter === undefined ? chunk : filter.feed(chunk);
    const taken = passed.length === 0 || this.#pass(passed);
    if (this.tap.loggedIn) {
      this.#onLoggedIn?.();
      this.#onLoggedIn = undefined;
      if (filter?.done) this.#filter = undefined;
    }
    return taken;
  }

  #pass(chunk: Buffer): boolean {
    const taken = this.#client.leg.stream.write(chunk);
    if (!taken) this.tap.stallBegins();
    this.#counters.serverBytesTotal += chunk.length;
    this.tap.server(chunk);
    if (this.#farewell !== undefined) this.#leave();
    return taken;
  }

  #leave(): void {
    if (this.#closedBy !== undefined) return;
    const { atBoundary } = this.tap;
    if (this.#waitsForIdle ? this.tap.idle : atBoundary) this.close(atBoundary ? this.#farewell : undefined);
  }

  /** Turns on TCP keep-alive. Not at the start: a connection that ends within a second is spared the system calls. */
  #probe(): void {
    this.#isProbed = true;
    this.#client.leg.socket.setKeepAlive(true, limits.keepAliveAfterMs);
    this.#upstream.leg.socket.setKeepAlive(true, limits.keepAliveAfterMs);
  }

  /** A leg was reset, so the other one is reset too: an orderly end would be false. */
  #reset(by: CloseReason): void {
    this.#closedBy ??= by;
    resetLeg((by === 'client' ? this.#upstream : this.#client).leg);
  }

  #ended(side: CloseReason): void {
    // This leg is closed, so nothing more can come for the other one.
    const other = (side === 'client' ? this.#upstream : this.#client).leg.stream;
    this.#closedBy ??= side;
    if (side === 'client') other.destroy();
    else other.destroySoon();
    if (--this.#openEnds > 0) return;
    this.tap.closed(this.#closedBy);
    this.#onClosed();
  }
}

type Events = Readonly<Record<(typeof EVENTS)[number], () => void>>;
const EVENTS = ['drain', 'end', 'error', 'close'] as const;

function hear(stream: Socket, events: Events): void {
  for (const event of EVENTS) stream.on(event, events[event]);
}

function hearMoved(events: Events, oldSocket: Socket, leg: Leg): void {
  for (const event of EVENTS) oldSocket.off(event, events[event]);
  hear(leg.stream, events);
}

function isWriting({ leg }: Reading): boolean {
  return leg.stream.writableLength > 0;
}

/** Resets the TCP connection, below TLS. A Unix socket has no reset and is closed. */
function resetLeg({ stream, socket }: Leg): void {
  // After a shutdown libuv refuses to reset, and Node would never close the descriptor (uv_tcp_close_reset). The close
  // of the other leg follows and closes this one.
  if (stream.writableEnded || socket.writableEnded) return;
  if (!socket.destroyed && socket.remoteAddress !== undefined) socket.resetAndDestroy();
  stream.destroy();
}
