// Moves bytes between a client and its upstream, and shows each chunk to the tap after it was written on.
//
//   client ──data──► upstream.write ──full──► client.pause … upstream drain ──► client.resume      (the same the other way)
//
// Invariant: every octet received is written on, once, in order, before anything looks at it; at most one direction's source is paused
// for one full sink, so that the two directions cannot block each other. Half-closes, ends and resets are passed on as what they were.
// Not here: the first packet and connecting (listener.ts), understanding (tap.ts).

import type { Socket } from 'node:net';
import type { CloseReason } from './observation.js';
import type { Tap } from './tap.js';

export interface RelayCounters {
  clientBytesTotal: number;
  serverBytesTotal: number;
}

export class Relay {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly tap: Tap;
  readonly #counters: RelayCounters;
  readonly #onClosed: (relay: Relay) => void;
  #closedBy: CloseReason | undefined;
  #openEnds = 2;

  constructor(
    ends: { client: Socket; upstream: Socket },
    how: { tap: Tap; counters: RelayCounters; onClosed: (relay: Relay) => void },
  ) {
    this.client = ends.client;
    this.upstream = ends.upstream;
    this.tap = how.tap;
    this.#counters = how.counters;
    this.#onClosed = how.onClosed;
  }

  /** Begins to relay; `first` is what the client sent with or behind its StartupMessage, the message included. */
  start(first: { startup: Buffer; rest: Buffer }): void {
    const { client, upstream, tap } = this;
    const counters = this.#counters;
    upstream.write(first.startup);
    if (first.rest.length > 0) this.#toUpstream(first.rest);

    client.on('data', (chunk: Buffer) => this.#toUpstream(chunk));
    upstream.on('data', (chunk: Buffer) => {
      if (!client.write(chunk)) {
        upstream.pause();
        tap.stallBegins();
      }
      counters.serverBytesTotal += chunk.length;
      tap.server(chunk);
    });
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
      client.end();
    });
    client.on('error', () => this.#reset('client'));
    upstream.on('error', () => this.#reset('server'));
    client.on('close', () => this.#ended('client'));
    upstream.on('close', () => this.#ended('server'));
    client.resume();
  }

  /** Both ends at once. `last` goes to the client first. */
  close(last?: Buffer): void {
    this.#closedBy ??= 'relay';
    if (last !== undefined && !this.client.destroyed) this.client.write(last);
    this.client.end();
    this.client.destroySoon();
    this.upstream.destroy();
  }

  #toUpstream(chunk: Buffer): void {
    if (!this.upstream.write(chunk)) this.client.pause();
    this.#counters.clientBytesTotal += chunk.length;
    this.tap.client(chunk);
  }

  /** One end was reset: so is the other, because an orderly end would tell it a lie. */
  #reset(by: CloseReason): void {
    this.#closedBy ??= by;
    const other = by === 'client' ? this.upstream : this.client;
    if (!other.destroyed) other.resetAndDestroy();
  }

  #ended(which: CloseReason): void {
    // A socket that closed without its peer's end (destroyed, or both halves done): nothing more can be written to the other.
    const other = which === 'client' ? this.upstream : this.client;
    this.#closedBy ??= which;
    if (which === 'client') other.destroy();
    else other.destroySoon();
    if (--this.#openEnds > 0) return;
    this.tap.closed(this.#closedBy);
    this.#onClosed(this);
  }
}
