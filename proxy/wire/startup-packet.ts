// Reads the first, untyped packet of a connection from bytes that may come in any pieces.
// Invariant: an incomplete packet is only 'incomplete', and nothing is allocated from a length on the wire.
// A malformed packet is 'garbage': the caller closes the connection without an answer, as the server does.
// Source: PostgreSQL documentation "Message Formats" (StartupMessage, SSLRequest, GSSENCRequest, CancelRequest);
// src/backend/tcop/backend_startup.c. Not here: sockets, answers.

import { limits } from '../../config/limits.js';

const CANCEL_KEY_BYTES_MAX = 256;

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const TLS_CLIENT_HELLO = 0x16;

export type FirstPacket =
  | { kind: 'incomplete' }
  | { kind: 'garbage'; why: string }
  /** A TLS ClientHello without an SSLRequest before it (sslnegotiation=direct). */
  | { kind: 'direct-tls' }
  | { kind: 'ssl-request'; bytes: number }
  | { kind: 'gssenc-request'; bytes: number }
  | { kind: 'cancel-request'; bytes: number }
  | { kind: 'startup'; bytes: number; startup: Startup };

export interface Startup {
  /** 196608 for 3.0, 196610 for 3.2; below 196608 the answer is not framed as version 3. */
  readonly protocolVersion: number;
  /** In the order sent. When a name is repeated, the server takes the last value. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>;
}

export const PROTOCOL_3_0 = 196608;

/** The SSLRequest that pgwitness sends to an upstream. */
export const SSL_REQUEST_PACKET = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** Reads the bytes received so far on a connection that is new, or whose last request was just refused. */
export function readFirstPacket(buffer: Buffer): FirstPacket {
  if (buffer.length === 0) return { kind: 'incomplete' };
  if (buffer[0] === TLS_CLIENT_HELLO) return { kind: 'direct-tls' };
  if (buffer.length < 4) return { kind: 'incomplete' };
  const packetBytes = buffer.readInt32BE(0);
  // The server counts without the length word: 4 <= len - 4 <= 10000.
  if (packetBytes < 8 || packetBytes - 4 > limits.startupBytesMax) return { kind: 'garbage', why: 'bad packet length' };
  if (buffer.length < 8) return { kind: 'incomplete' };
  const code = buffer.readInt32BE(4);
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) {
    if (packetBytes !== 8) return { kind: 'garbage', why: 'bad request length' };
    return { kind: code === SSL_REQUEST ? 'ssl-request' : 'gssenc-request', bytes: 8 };
  }
  if (buffer.length < packetBytes) return { kind: 'incomplete' };
  if (code === CANCEL_REQUEST) {
    const keyBytes = packetBytes - 12;
    if (keyBytes < 1 || keyBytes > CANCEL_KEY_BYTES_MAX) return { kind: 'garbage', why: 'bad cancel key length' };
    return { kind: 'cancel-request', bytes: packetBytes };
  }
  return {
    kind: 'startup',
    bytes: packetBytes,
    startup: { protocolVersion: code, parameters: parametersOf(buffer.subarray(8, packetBytes)) },
  };
}

/** Name/value pairs up to the list terminator. Stops quietly at a malformed pair: the server will refuse it. */
function parametersOf(body: Buffer): Array<readonly [string, string]> {
  const parameters: Array<readonly [string, string]> = [];
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const nameEnd = body.indexOf(0, at);
    if (nameEnd < 0) break;
    const valueEnd = body.indexOf(0, nameEnd + 1);
    if (valueEnd < 0) break;
    parameters.push([body.toString('utf8', at, nameEnd), body.toString('utf8', nameEnd + 1, valueEnd)]);
    at = valueEnd + 1;
  }
  return parameters;
}

/** The value that the server uses: the last one of that name, or ''. */
function startupValue(startup: Startup, name: string): string {
  let value = '';
  for (const [key, given] of startup.parameters) if (key === name) value = given;
  return value;
}

/** True for a walsender connection. Its stream is not interpreted. */
export function isReplication(startup: Startup): boolean {
  const value = startupValue(startup, 'replication').toLowerCase();
  return value !== '' && !['false', 'off', 'no', '0', 'f', 'n'].includes(value);
}
