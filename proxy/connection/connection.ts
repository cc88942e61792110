// Moves bytes between a client and its upstream, and shows each chunk to the tap after it was written on.
//
//   client ──data──► upstream.write ──full──► client.pause … upstream drain ──► client.resume      (the same the other way)
//
// Invariant: every octet received is written on, once, in order, before anything looks at it (during login on an encrypted upstream leg,
// past the login filter); at most one direction's source is paused for one full sink, so that the two directions cannot block each other.
// Half-closes, ends and resets are passed on as what they were. Not here: the first packet and connecting (listener.ts), understanding (tap.ts).

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
  /** What the server's bytes go through until login is over. */
  filter: LoginFilter | undefined;
  /** The server let the client in. */
  onLoggedIn: () => void;
  onClosed: () => void;
}

export class Connection {
  readonly tap: Tap;
  readonly #client: Reading;
  readonly #upstream: Reading;
  readonly #counters: ConnectionCounters;
  readonly #onClosed: () => void;
  /** Both until login is over. */
  #filter: LoginFilter | undefined;
  #onLoggedIn: (() => void) | undefined;
  #closedBy: CloseReason | undefined;
  #openEnds = 2;
  #isProbed = false;
  /** What the client is told when nothing runs any more; undefined = it may stay. */
  #farewell: Buffer | undefined;
  #waitsForIdle = true;

  /** The legs are the connection's from here on: nobody else may listen to them. */
  constructor(ends: { client: Leg; upstream: Leg }, options: ConnectionOptions) {
    this.tap = options.tap;
    this.#counters = options.counters;
    this.#onClosed = options.onClosed;
    this.#filter = options.filter;
    this.#onLoggedIn = options.onLoggedIn;
    const fromClient = {
      take: (chunk: Buffer) => this.#toUpstream(chunk),
      writing: () => isWriting(this.#upstream),
      moved: (from: Socket, to: Leg) => this.#hearMoved(this.#clientEvents, { from, to }),
    };
    const fromServer = {
      take: (chunk: Buffer) => this.#toClient(chunk),
      writing: () => isWriting(this.#client),
      moved: (from: Socket, to: Leg) => this.#hearMoved(this.#upstreamEvents, { from, to }),
    };
    this.#client = readInto(fromClient, ends.client);
    this.#upstream = readInto(fromServer, ends.upstream);
  }

  /** Begins to pass bytes on; `first` is what the client sent with or behind its StartupMessage, the message included. */
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
    // Its end came while the upstream was still connecting: that event is past.
    if (client.readableEnded) {
      this.#closedBy ??= 'client';
      upstream.end();
    }
    // It closed between being connected and being listened to: its events are past.
    if (client.destroyed) upstream.destroy();
    if (upstream.destroyed) client.destroy();
  }

  /** Once a second. */
  tick(nowMs: number): void {
    if (!this.#isProbed) this.#probe();
    this.tap.tick(nowMs);
  }

  /** Closes as soon as nothing runs and no transaction is open; `last` goes to the client first. */
  closeWhenIdle(last: Buffer): void {
    this.#farewell = last;
    this.#leave();
  }

  /** Closes as soon as the server's last message is whole; `last` goes to the client first. Without a word where nobody can tell. */
  closeAtBoundary(last: Buffer): void {
    this.#farewell = last;
    this.#waitsForIdle = false;
    if (this.tap.session.opaque) this.close();
    else this.#leave();
  }

  /** Both ends at once. `last` goes to the client first. */
  close(last?: Buffer): void {
    this.#closedBy ??= 'relay';
    const { stream } = this.#client.leg;
    if (last !== undefined && !stream.destroyed) stream.write(last);
    stream.end();
    stream.destroySoon();
    this.#upstream.leg.stream.destroy();
  }

  /** As close, for a client that does not take its last word. */
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

  #hearMoved(events: Events, { from, to }: { from: Socket; to: Leg }): void {
    for (const event of EVENTS) from.off(event, events[event]);
    hear(to.stream, events);
  }

  /** False = read no more until the upstream has taken what it has. */
  #toUpstream(chunk: Buffer): boolean {
    const taken = this.#upstream.leg.stream.write(chunk);
    this.#counters.clientBytesTotal += chunk.length;
    this.tap.client(chunk);
    return taken;
  }

  /** Until login is over each chunk is looked at once more. */
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

  /** Not when it begins: one that leaves within the second is spared the system calls. */
  #probe(): void {
    this.#isProbed = true;
    this.#client.leg.socket.setKeepAlive(true, limits.keepAliveAfterMs);
    this.#upstream.leg.socket.setKeepAlive(true, limits.keepAliveAfterMs);
  }

  /** One end was reset: so is the other, because an orderly end would tell it a lie. */
  #reset(by: CloseReason): void {
    this.#closedBy ??= by;
    resetLeg((by === 'client' ? this.#upstream : this.#client).leg);
  }

  #ended(which: CloseReason): void {
    // A socket that closed without its peer's end (destroyed, or both halves done): nothing more can be written to the other.
    const other = (which === 'client' ? this.#upstream : this.#client).leg.stream;
    this.#closedBy ??= which;
    if (which === 'client') other.destroy();
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

function isWriting({ leg }: Reading): boolean {
  return leg.stream.writableLength > 0;
}

/** A TCP connection is reset under whatever runs on it; a Unix socket knows no reset and is closed. */
function resetLeg({ stream, socket }: Leg): void {
  // An end on its way cannot be taken back: libuv refuses to reset after a shutdown, and Node would never close the descriptor
  // (uv_tcp_close_reset). The close of the other leg follows and closes this one.
  if (stream.writableEnded || socket.writableEnded) return;
  if (!socket.destroyed && socket.remoteAddress !== undefined) socket.resetAndDestroy();
  stream.destroy();
}
