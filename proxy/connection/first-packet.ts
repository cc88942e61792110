// Reads an accepted connection up to its StartupMessage or CancelRequest.
// Requests for encryption are answered on the way.
//
//   bytes  ─┬─ 0x16 first of all ──► TLS, which must name the protocol (ALPN)
//           ├─ SSLRequest ─────────► S and TLS with a certificate, N without
//           ├─ GSSENCRequest ──────► N
//           ├─ CancelRequest ──────► onCancel
//           ├─ StartupMessage ─────► onStartup
//           └─ anything else ──────► closed without an answer, as the server does
//
// Invariant: a packet is held until it is complete. Each request is answered at most once, and none inside TLS
// (CVE-2026-6479, CVE-2026-14681). Bytes behind a request close the connection, because one side could take them for
// part of the encrypted stream and the other not (CVE-2021-23214).
// Not here: deadline and caps (listen/listener.ts), reading the packets (wire/startup-packet.ts).

import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { ACCEPTED, REFUSED } from '../wire/error-message.js';
import { readFirstPacket, type Startup } from '../wire/startup-packet.js';
import type { Leg } from './leg.js';
import { encryptClient, isEncrypted } from './tls.js';

export interface FirstStartup {
  readonly startup: Startup;
  readonly packet: Buffer;
  /** Bytes that the client sent behind it. */
  readonly rest: Buffer;
}

export interface FirstPacketHandlers {
  /** undefined = no certificate: SSLRequest is answered N. */
  context: SecureContext | undefined;
  /** The client's stream is paused. */
  onStartup: (client: Leg, first: FirstStartup) => void;
  onCancel: (client: Leg, packet: Buffer) => void;
  onTlsFailed: (error: Error & { code?: string }) => void;
}

export function awaitFirstPacket(socket: Socket, handlers: FirstPacketHandlers): void {
  new FirstPacketReader(socket, handlers).read(socket);
}

class FirstPacketReader {
  readonly #socket: Socket;
  readonly #handlers: FirstPacketHandlers;
  #held: Buffer = Buffer.alloc(0);
  #sslAsked = false;
  #gssAsked = false;

  constructor(socket: Socket, handlers: FirstPacketHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  read(stream: Socket): void {
    const leave = () => {
      stream.off('data', onData);
      stream.off('end', onEnd);
    };
    const onEnd = () => stream.destroy();
    const onData = (chunk: Buffer) => {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      if (!this.#take(stream, leave)) stream.destroy();
    };
    stream.on('data', onData);
    stream.on('end', onEnd);
  }

  /** Returns false when the connection must be closed without an answer. */
  #take(stream: Socket, leave: () => void): boolean {
    const held = this.#held;
    const packet = readFirstPacket(held);
    switch (packet.kind) {
      case 'incomplete':
        return true;
      case 'garbage':
        return false;
      case 'direct-tls':
        if (this.#sslAsked || this.#gssAsked || isEncrypted(stream)) return false;
        leave();
        return this.#encrypt(held);
      case 'gssenc-request':
        if (this.#gssAsked || isEncrypted(stream) || held.length > packet.bytes) return false;
        this.#gssAsked = true;
        this.#held = Buffer.alloc(0);
        stream.write(REFUSED);
        return true;
      case 'ssl-request':
        if (this.#sslAsked || isEncrypted(stream) || held.length > packet.bytes) return false;
        this.#sslAsked = true;
        this.#held = Buffer.alloc(0);
        if (this.#handlers.context === undefined) {
          stream.write(REFUSED);
          return true;
        }
        leave();
        stream.write(ACCEPTED);
        return this.#encrypt();
      case 'cancel-request':
        leave();
        this.#handlers.onCancel({ stream, socket: this.#socket }, Buffer.from(held.subarray(0, packet.bytes)));
        return true;
      case 'startup':
        leave();
        stream.pause();
        this.#handlers.onStartup(
          { stream, socket: this.#socket },
          {
            startup: packet.startup,
            packet: Buffer.from(held.subarray(0, packet.bytes)),
            rest: Buffer.from(held.subarray(packet.bytes)),
          },
        );
        return true;
    }
  }

  /** `clientHello`: the bytes of a client that began TLS without an SSLRequest. */
  #encrypt(clientHello?: Buffer): boolean {
    const { context, onTlsFailed } = this.#handlers;
    if (context === undefined) return false;
    this.#held = Buffer.alloc(0);
    encryptClient(this.#socket, {
      context,
      direct: clientHello !== undefined,
      head: clientHello ?? Buffer.alloc(0),
      done: (stream) => this.read(stream),
      failed: onTlsFailed,
    });
    return true;
  }
}
