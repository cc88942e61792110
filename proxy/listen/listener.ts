// Accepts the clients of one pair and takes each to a connection with the upstream, or refuses it.
//
//   accept ─► first packet (first-packet.ts) ─┬─ CancelRequest ──► forwarded (cancel.ts), silent close
//                                             └─ StartupMessage ─► connect (upstream.ts) ─► Connection
//
// Invariant: one deadline covers everything from accept to AuthenticationOk, and a short one the first byte. Beyond the
// cap of connections that have not logged in, and that of an address, a small reserve takes cancel requests and nothing
// else. A connection counts for its address from accept, and against the cap of all from its StartupMessage.
// Not here: counting (admission.ts), words to the refused (refuse.ts), moving bytes (connection/forwarding.ts),
// shutting down (connection/drain.ts).

import { createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Log } from '../../config/log.js';
import type { Address } from '../../config/values/address.js';
import { forwardCancel } from '../connection/cancel.js';
import { awaitFirstPacket, type FirstStartup } from '../connection/first-packet.js';
import { Connection, type ConnectionCounters } from '../connection/forwarding.js';
import type { Leg } from '../connection/leg.js';
import { SaslWatch } from '../connection/sasl-watch.js';
import { connectUpstream, type Target } from '../connection/upstream.js';
import { type Interpret, Tap, type TapShared } from '../watch/tap.js';
import { isReplication, PROTOCOL_3_0, type Startup } from '../wire/startup-packet.js';
import { type Admission, addressOf, type Refusal, type Ticket } from './admission.js';
import { listenAt } from './listening.js';
import { PreAuth } from './pre-auth.js';
import { capOf, type RefusalLimits, refuse, refuseFull, refuseUnreached } from './refuse.js';

export interface ListenerLimits extends RefusalLimits {
  connectTimeoutMs: number;
  firstByteMs: number;
  preAuthDeadlineMs: number;
  cancelTimeoutMs: number;
  leftMs: number;
  startupValueBytesMax: number;
}

/** Settings that a reload may change. They hold for connections accepted afterwards. */
export interface ListenerSettings {
  readonly target: Target;
  /** The certificate for clients that ask for TLS; undefined = they are answered N. */
  readonly certificate: { readonly context: SecureContext; readonly fingerprint256: string } | undefined;
  readonly limits: ListenerLimits;
}

export interface ListenerOptions {
  listen: Address;
  settings: ListenerSettings;
  shared: TapShared;
  /** Shared by all listeners of the process, because the caps are those of the process. */
  admission: Admission;
  /** False = new sessions are not observed. */
  observe: () => boolean;
  /** Ids are unique within the process, not only within the listener. */
  nextSessionId: () => number;
  /** Called when a client's connection has closed. */
  onLeft?: () => void;
  log: Log;
}

export class Listener implements ConnectionCounters {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #saslWatch: SaslWatch;
  settings: ListenerSettings;
  readonly connections = new Set<Connection>();
  clientBytesTotal = 0;
  serverBytesTotal = 0;
  sessionsTotal = 0;
  connectErrorsTotal = 0;
  /** True = new clients are refused with 57P03. */
  draining = false;
  /** Clients accepted that are neither a Connection yet nor closed. */
  #arriving = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.#saslWatch = new SaslWatch(options.log);
    this.#server = createServer(
      {
        allowHalfOpen: true,
        pauseOnConnect: false,
        noDelay: true,
      },
      (client) => this.#accept(client),
    );
  }

  /** Resolves with the address it listens on. Rejects with the system's error (EADDRINUSE, EACCES, …). */
  listen(): Promise<Address> {
    return listenAt(this.#server, this.#options.listen, (error) =>
      this.#options.log.warn('accepting a connection failed', { error: String(error) }),
    );
  }

  /** Open connections of clients, logged in or not. */
  get connectionCount(): number {
    return this.#arriving + this.connections.size;
  }

  /** Takes a connection that another process accepted at the pair's address. */
  take(client: Socket): void {
    client.allowHalfOpen = true;
    this.#accept(client);
  }

  get listening(): boolean {
    return this.#server.listening && !this.draining;
  }

  /** Accepts no more connections. Open ones go on. */
  stopListening(): void {
    this.#server.close();
  }

  #accept(client: Socket): void {
    const { limits, certificate } = this.settings;
    // A reset before login is not worth a log line, and the socket closes by itself. The Connection adds its own
    // handler.
    client.on('error', ignored);
    const { admission, log } = this.#options;
    const address = addressOf(client.remoteAddress);
    const evict = () => {
      preAuth.end();
      client.destroy();
    };
    const ticket = admission.arrive({ address, evict }, limits);
    if (typeof ticket === 'string') {
      this.#logRefused(ticket, address);
      client.destroy();
      return;
    }
    this.#arriving++;
    const preAuth = new PreAuth(client, {
      firstByteMs: limits.firstByteMs,
      timeoutMs: ticket.cancelsOnly ? limits.cancelTimeoutMs : limits.preAuthDeadlineMs,
      onTimeout: () => log.debug('a connection did not log in before its deadline'),
      onHandedOver: () => {
        this.#arriving--;
      },
      onEnded: ({ handedOver }) => {
        ticket.leave();
        if (handedOver) return;
        ticket.giveBack();
        this.#arriving--;
        this.#options.onLeft?.();
      },
    });
    client.once('data', () => {
      ticket.spoke();
      preAuth.spoke();
    });
    awaitFirstPacket(client, {
      context: certificate?.context,
      onStartup: (leg, first) => {
        ticket.heard();
        this.#startup(leg, first, { preAuth, ticket });
      },
      onCancel: (leg, packet) => {
        ticket.heard();
        forwardCancel(leg.stream, packet, { target: this.settings.target, timeoutMs: limits.cancelTimeoutMs });
      },
      onTlsFailed: (error) =>
        log.info('a client did not complete its TLS handshake', { error: error.code ?? error.message }),
    });
  }

  #startup(client: Leg, first: FirstStartup, held: Held): void {
    const { target, limits } = this.settings;
    const { ticket } = held;
    if (this.draining) {
      ticket.giveBack();
      refuse(client.stream, '57P03', { message: 'pgwitness is shutting down' });
      return;
    }
    const refusal = ticket.begin(limits);
    if (refusal !== undefined) {
      const { address } = ticket;
      ticket.giveBack();
      this.#logRefused(refusal, address);
      refuseFull(client.stream, { refusal, address, limits });
      return;
    }
    const onClientGone = () => {
      ticket.giveBack();
      clearTimeout(leaving);
      abandon();
    };
    client.stream.once('close', onClientGone);
    // A client that ends after its bare StartupMessage has given up. One that sent requests with it may still wait for
    // the answers. A server that can be reached has answered both long before the time is up.
    let leaving: NodeJS.Timeout | undefined;
    const onClientEnd = () => {
      if (first.rest.length === 0) leaving = setTimeout(() => client.stream.destroy(), limits.leftMs);
    };
    client.stream.once('end', onClientEnd);
    const settle = () => {
      clearTimeout(leaving);
      client.stream.off('close', onClientGone);
      client.stream.off('end', onClientEnd);
    };
    const abandon = connectUpstream(target, {
      timeoutMs: limits.connectTimeoutMs,
      forConnection: true,
      failed: (failure) => {
        settle();
        ticket.giveBack();
        this.connectErrorsTotal++;
        refuseUnreached(client.stream, { address: target.address, failure, log: this.#options.log });
      },
      connected: (upstream) => {
        settle();
        this.#connect({ client, upstream }, first, held);
      },
    });
  }

  #logRefused(reason: Refusal, address: string): void {
    const max = capOf(reason, this.settings.limits);
    this.#options.log.warn('a client was refused: there are too many connections', { reason, address, max });
  }

  #connect(legs: { client: Leg; upstream: Leg }, first: FirstStartup, { preAuth, ticket }: Held): void {
    const { shared, observe, nextSessionId } = this.#options;
    const { limits, certificate } = this.settings;
    this.sessionsTotal++;
    const tap = new Tap(
      {
        sessionId: nextSessionId(),
        openedAtMs: shared.clock.wall(shared.clock.now()),
        clientAddress: legs.client.socket.remoteAddress ?? '',
        protocolVersion: first.startup.protocolVersion,
        startup: first.startup.parameters.map(
          ([name, value]) => [name, cut(value, limits.startupValueBytesMax)] as const,
        ),
      },
      { shared, interpret: interpretation(first.startup), off: !observe() },
    );
    const connection = new Connection(legs, {
      tap,
      counters: this,
      filter: this.#saslWatch.filterOf(legs, certificate?.fingerprint256 ?? ''),
      onLoggedIn: preAuth.end,
      onClosed: () => {
        preAuth.end();
        ticket.giveBack();
        this.connections.delete(connection);
        this.#options.onLeft?.();
      },
    });
    preAuth.handOver(connection);
    this.connections.add(connection);
    connection.start({ startup: first.packet, rest: first.rest });
  }
}

/** What a connection has of the time and of the caps. */
interface Held {
  readonly preAuth: PreAuth;
  readonly ticket: Ticket;
}

/** Not a closure, because it stays on the socket for the life of the session. */
function ignored(): void {}

function interpretation(startup: Startup): Interpret {
  if (startup.protocolVersion < PROTOCOL_3_0) return 'never';
  return isReplication(startup) ? 'after-login' : 'always';
}

function cut(value: string, bytesMax: number): string {
  return value.length <= bytesMax ? value : value.slice(0, bytesMax);
}
