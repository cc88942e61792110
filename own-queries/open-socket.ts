// Opens a socket to a Postgres, over TLS if the address asks for it.
// Invariant: nothing is read after the one byte that answers an SSLRequest, except by TLS; the deadline is for all
// steps together. A server that answers neither yes nor no to an SSLRequest is refused in every sslmode.
// Not here: logging in (own-connection.ts), addresses (dsn.ts).
// Source: PostgreSQL documentation, "SSL Session Encryption".

import { readFileSync } from 'node:fs';
import { isIP, type Socket, connect as tcpConnect } from 'node:net';
import { TLSSocket, connect as tlsConnect } from 'node:tls';
import { serialize } from 'pg-protocol';
import { isLoopback } from '../config/values/address.js';
import { RuntimeError } from '../config/values/errors.js';
import { type ServerAddress, shownAddress } from './dsn.js';

/** Rejects with RuntimeError that names the server. The socket is paused if it was asked for TLS and has none. */
export async function openSocket(address: ServerAddress, timeoutMs: number): Promise<Socket | TLSSocket> {
  const { host, port, sslMode } = address;
  const isLocal = host.startsWith('/');
  const socket = isLocal ? tcpConnect(`${host}/.s.PGSQL.${port}`) : tcpConnect({ host, port, noDelay: true });
  const deadline = setTimeout(() => socket.destroy(new Error('no answer in time')), timeoutMs);
  try {
    await eventOf(socket, 'connect');
    if (isLocal || sslMode === 'disable') return socket;
    socket.write(serialize.requestSsl());
    const answer = await tlsAnswer(socket);
    if (answer === 'N') {
      if (sslMode === 'prefer') return socket;
      throw new Error(`the server has no TLS, but sslmode is ${sslMode}`);
    }
    if (answer !== 'S') throw new Error('the server answered the request for TLS with neither yes nor no');
    const secure = tlsConnect({ socket, ...tlsOptions(address) });
    await eventOf(secure, 'secureConnect');
    return secure;
  } catch (error) {
    socket.destroy();
    const { message, code } = error as NodeJS.ErrnoException;
    const hint = code === 'ECONNREFUSED' ? 'is Postgres running there?' : '';
    throw new RuntimeError(message, { where: shownAddress(address), hint, cause: error });
  } finally {
    clearTimeout(deadline);
  }
}

/** True if nobody between us and the server can read along. A name says nothing: the address in use counts. */
export function isPrivate({ host }: ServerAddress, socket: Socket | TLSSocket): boolean {
  if (host.startsWith('/') || socket instanceof TLSSocket) return true;
  const inUse = socket.remoteAddress?.replace(/^::ffff:/i, '') ?? '';
  return isLoopback({ kind: 'tcp', host: inUse, port: 0 });
}

function tlsOptions({ host, sslMode, sslRootCert }: ServerAddress): object {
  const verifies = sslMode === 'verify-ca' || sslMode === 'verify-full';
  return {
    // What the certificate must name; without it Node takes "localhost" for every IP address.
    host,
    servername: isIP(host) === 0 ? host : undefined,
    ca: sslRootCert === '' ? undefined : readFileSync(sslRootCert),
    rejectUnauthorized: verifies,
    ...(sslMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function eventOf(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => {
      socket.removeListener('error', reject);
      resolve();
    });
    socket.once('error', reject);
  });
}

/** Refuses bytes after the answer to an SSLRequest: an attacker may have put them there (CVE-2021-23222). */
function tlsAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new Error('the server closed the connection'));
    socket.once('close', refuse);
    socket.once('error', reject);
    socket.once('data', (chunk: Buffer) => {
      socket.removeListener('close', refuse);
      socket.removeListener('error', reject);
      socket.pause();
      if (chunk.length === 1) resolve(chunk.toString('latin1'));
      else reject(new Error('the server sent more bytes than its answer to the request for TLS'));
    });
  });
}
