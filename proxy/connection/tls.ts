// Encrypts an accepted or a connected socket; the octets that lead there (SSLRequest, S) were exchanged before.
// Invariant: `done` or `failed` is called once, and a stream that was handed over is destroyed by any later TLS fault.
// Records to clients are at most limits.tlsRecordBytes. Client certificates are neither asked for nor forwarded.
// Not here: reading files (config/tls-files.ts), SSLRequest (first-packet.ts, upstream.ts), deadlines (their owners destroy the socket).

import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type SecureContext, TLSSocket } from 'node:tls';
import { limits } from '../../config/limits.js';
import type { UpstreamTlsMode } from '../../config/values/option-readers.js';

/** ALPN name registered for the protocol; PostgreSQL 17 and later, src/include/libpq/pqcomm.h. */
const ALPN = 'postgresql';

export interface TlsOutcome {
  done: (stream: Socket) => void;
  failed: (error: Error & { code?: string }) => void;
}

/**
 * The server's part on an accepted socket. A client that speaks TLS at once (`direct`) must name the protocol by ALPN: without
 * it the handshake is completed and the connection closed, as the server does (src/backend/tcop/backend_startup.c).
 */
export function encryptClient(
  socket: Socket,
  how: TlsOutcome & { context: SecureContext; direct: boolean; head: Buffer },
): void {
  if (how.head.length > 0) {
    socket.pause();
    socket.unshift(how.head);
  }
  const stream = new TLSSocket(socket, { isServer: true, secureContext: how.context, ALPNProtocols: [ALPN] });
  stream.setMaxSendFragment(limits.tlsRecordBytes);
  let secure = false;
  const failed = (error: Error) => {
    stream.destroy();
    socket.destroy();
    if (!secure) how.failed(error);
    secure = true;
  };
  // A server-side socket of its own (without a tls.Server) reports faults after the handshake by this event alone.
  stream.on('_tlsError', failed);
  stream.on('error', failed);
  // With half-open sockets nobody else closes one whose client left in the middle of the handshake.
  const onEnd = () => failed(new Error('the client left'));
  stream.once('end', onEnd);
  stream.once('secure', () => {
    stream.off('end', onEnd);
    if (how.direct && stream.alpnProtocol !== ALPN) {
      failed(new Error('the client did not name the protocol (ALPN)'));
      return;
    }
    secure = true;
    how.done(stream);
  });
}

export interface UpstreamIdentity {
  mode: UpstreamTlsMode;
  /** Name or number it was connected by. */
  host: string;
  /** Name its certificate must have; '' = the host. */
  serverName: string;
  /** undefined = the public authorities. */
  authorities: Buffer | undefined;
}

/** The client's part on a connected socket. */
export function encryptUpstream(socket: Socket, how: TlsOutcome & { identity: UpstreamIdentity }): void {
  const { mode, host, serverName, authorities } = how.identity;
  const name = serverName === '' ? host : serverName;
  const stream = connect({
    socket,
    host: name,
    // An address is no server name (RFC 6066).
    servername: isIP(name) === 0 ? name : undefined,
    ca: authorities,
    rejectUnauthorized: mode === 'verify-ca' || mode === 'verify-full',
    checkServerIdentity: mode === 'verify-ca' ? () => undefined : checkServerIdentity,
    ALPNProtocols: [ALPN],
  });
  const failed = (error: Error) => {
    stream.off('secureConnect', done);
    how.failed(error);
  };
  const done = () => {
    stream.off('error', failed);
    how.done(stream);
  };
  stream.once('error', failed);
  stream.once('secureConnect', done);
}

/** SHA-256 of the certificate the upstream showed, as Node prints it; '' on a plaintext leg. */
export function peerFingerprint(stream: Socket): string {
  return stream instanceof TLSSocket ? (stream.getPeerX509Certificate()?.fingerprint256 ?? '') : '';
}

export function isEncrypted(stream: Socket): boolean {
  return stream instanceof TLSSocket;
}
