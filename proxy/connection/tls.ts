// Encrypts an accepted or a connected socket after SSLRequest and its answer were exchanged.
// Invariant: `done` or `failed` is called once. A TLS fault after that destroys the stream that was handed over.
// Records to clients are at most limits.tlsRecordBytes. Client certificates are neither asked for nor forwarded.
// Not here: reading files (config/tls-files.ts), SSLRequest (first-packet.ts, upstream.ts), deadlines
// (listen/pre-auth.ts, upstream.ts).

import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type SecureContext, TLSSocket } from 'node:tls';
import { limits } from '../../config/limits.js';
import type { UpstreamTlsMode } from '../../config/values/option-readers.js';

/** The protocol's registered ALPN name; PostgreSQL 17 and later, src/include/libpq/pqcomm.h. */
const ALPN = 'postgresql';

export interface TlsOutcome {
  done: (stream: Socket) => void;
  failed: (error: Error & { code?: string }) => void;
}

/**
 * Takes the server's part on an accepted socket. A client that speaks TLS at once (`direct`) must name the protocol by
 * ALPN. Without it the handshake is completed and the connection closed, as the server does
 * (src/backend/tcop/backend_startup.c).
 */
export function encryptClient(
  socket: Socket,
  options: TlsOutcome & { context: SecureContext; direct: boolean; head: Buffer },
): void {
  if (options.head.length > 0) {
    socket.pause();
    socket.unshift(options.head);
  }
  const stream = new TLSSocket(socket, { isServer: true, secureContext: options.context, ALPNProtocols: [ALPN] });
  stream.setMaxSendFragment(limits.tlsRecordBytes);
  let secure = false;
  const failed = (error: Error) => {
    stream.destroy();
    socket.destroy();
    if (!secure) options.failed(error);
    secure = true;
  };
  // Without a tls.Server, a server-side socket reports faults after the handshake by this event alone.
  stream.on('_tlsError', failed);
  stream.on('error', failed);
  // Sockets may be half-open, so nobody else closes one whose client leaves during the handshake.
  const onEnd = () => failed(new Error('the client left'));
  stream.once('end', onEnd);
  stream.once('secure', () => {
    stream.off('end', onEnd);
    if (options.direct && stream.alpnProtocol !== ALPN) {
      failed(new Error('the client did not name the protocol (ALPN)'));
      return;
    }
    secure = true;
    options.done(stream);
  });
}

export interface UpstreamIdentity {
  mode: UpstreamTlsMode;
  /** Name or IP address that it was connected by. */
  host: string;
  /** The name that its certificate must have; '' = the host. */
  serverName: string;
  /** undefined = the public authorities. */
  authorities: Buffer | undefined;
}

/** Takes the client's part on a connected socket. */
export function encryptUpstream(socket: Socket, options: TlsOutcome & { identity: UpstreamIdentity }): void {
  const { mode, host, serverName, authorities } = options.identity;
  const name = serverName === '' ? host : serverName;
  const stream = connect({
    socket,
    host: name,
    // An IP address is no server name (RFC 6066).
    servername: isIP(name) === 0 ? name : undefined,
    ca: authorities,
    rejectUnauthorized: mode === 'verify-ca' || mode === 'verify-full',
    checkServerIdentity: mode === 'verify-ca' ? () => undefined : checkServerIdentity,
    ALPNProtocols: [ALPN],
  });
  const failed = (error: Error) => {
    stream.off('secureConnect', done);
    options.failed(error);
  };
  const done = () => {
    stream.off('error', failed);
    options.done(stream);
  };
  stream.once('error', failed);
  stream.once('secureConnect', done);
}

/** SHA-256 of the peer's certificate, as Node prints it; '' on a plaintext leg. */
export function peerFingerprint(stream: Socket): string {
  return stream instanceof TLSSocket ? (stream.getPeerX509Certificate()?.fingerprint256 ?? '') : '';
}

export function isEncrypted(stream: Socket): boolean {
  return stream instanceof TLSSocket;
}
