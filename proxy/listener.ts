// Accepts clients and takes each as far as a relay: first packet, refusals, cancel requests, connecting to the upstream.
//
//   accept ► first packet ─┬─ SSLRequest, GSSENCRequest ► 'N', and once more
//                          ├─ CancelRequest ► forwarded, silent close
//                          ├─ StartupMessage ► connect ► Relay
//                          └─ anything else ► closed without a word, as the server does
//
// Invariant: the first packet is held until it is complete; one deadline covers everything up to AuthenticationOk; at most one SSLRequest
// and one GSSENCRequest are answered per connection (CVE-2026-6479). Not here: moving bytes (relay.ts).

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../config/address.js';
import { formatAddress } from '../config/address.js';
import type { Log } from '../config/log.js';
import { Relay, type RelayCounters } from './relay.js';
import { type Interpret, Tap, type TapShared } from './tap.js';
import { fatalError, type OwnSqlstate, REFUSED } from './wire/error-message.js';
import { isReplication, PROTOCOL_3_0, readFirstPacket, type Startup } from './wire/startup-packet.js';

export interface ListenerLimits {
  connectionsMax: number;
  connectionsPreAuthMax: number;
  connectTimeoutMs: number;
  preAuthDeadlineMs: number;
  cancelTimeoutMs: number;
  startupValueBytesMax: number;
}

export interface ListenerOptions {
  listen: Address;
  upstream: Address;
  limits: ListenerLimits;
  shared: TapShared;
  /** False: a plain relay. */
  observe: () => boolean;
  log: Log;
}

export class Listener implements RelayCounters {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly relays = new Set<Relay>();
  clientBytesTotal = 0;
  serverBytesTotal = 0;
  sessionsTotal = 0;
  connectErrorsTotal = 0;
  #preAuth = 0;
  #draining = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer(
      { allowHalfOpen: true, pauseOnConnect: false, noDelay: true, keepAlive: true },
      (client) => this.#accept(client),
    );
  }

  /** Resolves with the address it listens on. Rejects with the system's error (EADDRINUSE, EACCES, …). */
  listen(): Promise<Address> {
    const { listen } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const listening = () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) =>
          this.#options.log.warn('accepting a connection failed', { error: String(error) }),
        );
        const bound = this.#server.address();
        resolve(
          bound !== null && typeof bound === 'object' ? { kind: 'tcp', host: bound.address, port: bound.port } : listen,
        );
      };
      if (listen.kind === 'unix') this.#server.listen({ path: listen.path, backlog: 1024 }, listening);
      else this.#server.listen({ host: listen.host, port: listen.port, backlog: 1024 }, listening);
    });
  }

  get listening(): boolean {
    return this.#server.listening && !this.#draining;
  }

  get sessionsOpen(): number {
    return this.relays.size;
  }

  /** New connections are told 57P03 from now on; idle sessions are closed, busy ones when they are done or at the deadline. */
  async drain(deadlineMs: number): Promise<void> {
    this.#draining = true;
    const shutdown = fatalError('57P01', { message: 'terminating connection because pgwitness is shutting down' });
    const until = performance.now() + deadlineMs;
    while (this.relays.size > 0) {
      const late = performance.now() >= until;
      for (const relay of this.relays) {
        if (late || relay.tap.session.idle) relay.close(relay.tap.session.atBoundary ? shutdown : undefined);
      }
      if (late) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.close();
  }

  /** At once. */
  close(): void {
    this.#server.close();
    for (const relay of this.relays) relay.close();
  }

  #accept(client: Socket): void {
    const { limits, log } = this.#options;
    client.on('error', () => client.destroy()); // a reset before login is no news; the relay adds its own handler
    if (this.#preAuth >= limits.connectionsPreAuthMax) {
      client.destroy();
      return;
    }
    this.#preAuth++;
    let waiting = true;
    const admitted = () => {
      if (!waiting) return;
      waiting = false;
      this.#preAuth--;
      clearTimeout(deadline);
    };
    const deadline = setTimeout(() => {
      log.debug('a connection did not log in before its deadline');
      client.destroy();
    }, limits.preAuthDeadlineMs);
    client.once('close', admitted);
    this.#firstPacket(client, admitted);
  }

  #firstPacket(client: Socket, admitted: () => void): void {
    let held: Buffer = Buffer.alloc(0);
    let sslAsked = false;
    let gssAsked = false;
    const onEnd = () => client.destroy();
    const onData = (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const packet = readFirstPacket(held);
      switch (packet.kind) {
        case 'incomplete':
          return;
        case 'ssl-request':
        case 'gssenc-request': {
          const again = packet.kind === 'ssl-request' ? sslAsked : gssAsked;
          // Octets behind the request could be taken for the encrypted stream's by one side and not by the other (CVE-2021-23214).
          if (again || held.length > packet.bytes) break;
          if (packet.kind === 'ssl-request') sslAsked = true;
          else gssAsked = true;
          held = Buffer.alloc(0);
          client.write(REFUSED);
          return;
        }
        case 'cancel-request':
          client.off('data', onData);
          client.off('end', onEnd);
          this.#cancel(client, held.subarray(0, packet.bytes));
          return;
        case 'startup':
          client.off('data', onData);
          client.off('end', onEnd);
          client.pause();
          this.#startup(client, {
            startup: packet.startup,
            packet: Buffer.from(held.subarray(0, packet.bytes)),
            rest: Buffer.from(held.subarray(packet.bytes)),
            admitted,
          });
          return;
        case 'direct-tls':
        case 'garbage':
          break;
      }
      client.destroy();
    };
    client.on('data', onData);
    client.on('end', onEnd);
  }

  #startup(client: Socket, first: { startup: Startup; packet: Buffer; rest: Buffer; admitted: () => void }): void {
    const { limits, upstream: address } = this.#options;
    if (this.#draining) {
      refuse(client, '57P03', { message: 'pgwitness is shutting down' });
      return;
    }
    if (this.relays.size >= limits.connectionsMax) {
      refuse(client, '53300', { message: `too many connections (${limits.connectionsMax})` });
      return;
    }
    const upstream = this.#connect();
    const onClientGone = () => upstream.destroy();
    client.once('close', onClientGone);
    const failed = (error: Error & { code?: string }) => {
      client.off('close', onClientGone);
      upstream.destroy();
      this.connectErrorsTotal++;
      const why = error.code ?? error.message;
      this.#options.log.warn('the upstream cannot be reached', { upstream: formatAddress(address), error: why });
      refuse(client, '08001', {
        message: `cannot connect to the upstream ${formatAddress(address)}: ${why}`,
        hint: 'Is Postgres running there, and is --upstream right?',
      });
    };
    const timer = setTimeout(
      () => failed(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      limits.connectTimeoutMs,
    );
    upstream.once('error', failed);
    upstream.once('connect', () => {
      clearTimeout(timer);
      upstream.off('error', failed);
      client.off('close', onClientGone);
      if (client.destroyed) {
        upstream.destroy();
        return;
      }
      this.#relay({ client, upstream }, first);
    });
    upstream.once('close', () => clearTimeout(timer));
  }

  #relay(
    ends: { client: Socket; upstream: Socket },
    first: { startup: Startup; packet: Buffer; rest: Buffer; admitted: () => void },
  ): void {
    const { shared, limits, observe } = this.#options;
    this.sessionsTotal++;
    const tap = new Tap(
      {
        sessionId: this.sessionsTotal,
        openedAtMs: shared.clock.wall(shared.clock.now()),
        clientAddress: ends.client.remoteAddress ?? '',
        protocolVersion: first.startup.protocolVersion,
        startup: first.startup.parameters.map(
          ([name, value]) => [name, cut(value, limits.startupValueBytesMax)] as const,
        ),
      },
      { shared, interpret: interpretation(first.startup), off: !observe() },
    );
    const relay = new Relay(ends, {
      tap,
      counters: this,
      onClosed: () => this.relays.delete(relay),
    });
    this.relays.add(relay);
    // The deadline ends when the server lets the client in.
    const watch = () => {
      if (!tap.loggedIn) return;
      ends.upstream.off('data', watch);
      first.admitted();
    };
    relay.start({ startup: first.packet, rest: first.rest });
    ends.upstream.on('data', watch);
  }

  /** Forwarded as it is; the server never answers and closes, and so do we, no earlier. */
  #cancel(client: Socket, packet: Buffer): void {
    const upstream = this.#connect();
    const request = Buffer.from(packet);
    const timer = setTimeout(() => upstream.destroy(), this.#options.limits.cancelTimeoutMs);
    upstream.once('connect', () => upstream.write(request));
    upstream.on('data', () => {});
    upstream.on('end', () => upstream.end());
    upstream.on('error', () => upstream.destroy());
    upstream.on('close', () => {
      clearTimeout(timer);
      client.end();
      client.destroySoon();
    });
    client.resume();
  }

  #connect(): Socket {
    const { upstream, limits } = this.#options;
    if (upstream.kind === 'unix') return connect({ path: upstream.path, allowHalfOpen: true });
    return connect({
      host: upstream.host,
      port: upstream.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      // Node gives each address but the last only 250 ms by itself (nodejs/node #54359).
      autoSelectFamilyAttemptTimeout: Math.floor(limits.connectTimeoutMs / 2),
    });
  }
}

function refuse(client: Socket, sqlstate: OwnSqlstate, text: { message: string; hint?: string }): void {
  client.end(fatalError(sqlstate, text));
  client.destroySoon();
}

function interpretation(startup: Startup): Interpret {
  if (startup.protocolVersion < PROTOCOL_3_0) return 'never';
  return isReplication(startup) ? 'after-login' : 'always';
}

function cut(value: string, bytesMax: number): string {
  return value.length <= bytesMax ? value : value.slice(0, bytesMax);
}
