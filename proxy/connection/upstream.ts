// Connects to the upstream by TCP or Unix socket, with TLS where configured, within one deadline.
//
//   connect ─► (disable, unix) ───────────────────────────► connected
//           └► SSLRequest ─┬─ S ──► TLS handshake ────────► connected
//                          ├─ N ──► prefer: plaintext ────► connected,  else failed
//                          └─ E, anything else, more ─────► failed
//   an end or a reset on the way ─────────────────────────► failed: not ready
//
// Invariant: the answer to SSLRequest is exactly one byte. More bytes could be taken for the encrypted stream
// (CVE-2021-23222), and an error at this point is not authenticated (CVE-2024-10977): both end the attempt, and neither
// reaches a client. A host name is resolved for each connection.
// Not here: what is sent over it (forwarding.ts, cancel.ts).

import { connect, type Socket } from 'node:net';
import type { Address } from '../../config/values/address.js';
import type { UpstreamTlsMode } from '../../config/values/option-readers.js';
import { SSL_REQUEST_PACKET } from '../wire/startup-packet.js';
import type { Leg } from './leg.js';
import { READS_CAN_BE_REUSED, ReusedReads } from './reused-reads.js';
import { encryptUpstream } from './tls.js';

export interface Target {
  readonly address: Address;
  readonly tls: {
    readonly mode: UpstreamTlsMode;
    readonly serverName: string;
    readonly authorities: Buffer | undefined;
  };
}

export interface UpstreamFailure {
  /** A system error code or a short sentence. */
  readonly why: string;
  readonly hint: string;
  /**
   * 'not-ready': it accepted the connection and let it go before it was set up, as a server that restarts does.
   * 'exhausted': the descriptors of this process ran out, and the upstream is not at fault.
   */
  readonly kind: 'unreachable' | 'not-ready' | 'exhausted';
}

const ACCEPTED = 0x53; // S
const REFUSED = 0x4e; // N

/** Calls `connected` or `failed` once, after it has returned. Returns a function that gives the attempt up. */
export function connectUpstream(
  target: Target,
  options: {
    timeoutMs: number;
    /** The leg will be read by a Connection (reused-reads.ts), not by 'data'. */
    forConnection?: boolean;
    connected: (leg: Leg) => void;
    failed: (failure: UpstreamFailure) => void;
  },
): () => void {
  const { address, tls } = target;
  const plain = tls.mode === 'disable' || address.kind === 'unix';
  const reads = plain && options.forConnection && READS_CAN_BE_REUSED ? new ReusedReads() : undefined;
  const socket = open(address, { timeoutMs: options.timeoutMs, reads });
  let settled = false;
  const settle = () => {
    if (settled) return false;
    settled = true;
    clearTimeout(timer);
    socket.off('close', onClose);
    socket.off('end', onClose);
    return true;
  };
  const fail = (failure: UpstreamFailure) => {
    if (!settle()) return;
    socket.destroy();
    options.failed(failure);
  };
  const succeed = (stream: Socket) => {
    if (!settle()) return;
    socket.off('error', onError);
    options.connected({ stream, socket, reads });
  };
  const onError = (error: NodeJS.ErrnoException) => fail(failureOf(error));
  const onClose = () => fail(letGo(''));
  const timer = setTimeout(() => fail(unreachable('ETIMEDOUT', PLAIN_HINT)), options.timeoutMs);
  // After the attempt settled, an error of this socket concerns nobody, but it must be handled.
  socket.on('error', ignored);
  socket.on('error', onError);
  socket.on('close', onClose);
  socket.on('end', onClose);
  socket.once('connect', () => {
    if (plain) {
      succeed(socket);
      return;
    }
    socket.write(SSL_REQUEST_PACKET);
    socket.once('data', (answer: Buffer) => {
      const refusal = refusalOf(answer, tls.mode);
      if (refusal !== undefined) fail(refusal);
      else if (answer[0] === REFUSED) succeed(socket);
      else {
        encryptUpstream(socket, {
          identity: { ...tls, host: address.host },
          done: succeed,
          failed: (error) => fail(failureOfTls(error)),
        });
      }
    });
  });
  return () => {
    if (settle()) socket.destroy();
  };
}

/** Not a closure, because it stays on the socket for the life of the session. */
function ignored(): void {}

const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);
/** Codes of a connection that was accepted and then closed or reset: one that nobody accepts is ECONNREFUSED. */
const LETTING_GO: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

const LET_GO_HINT = 'Postgres may be restarting. If this lasts, see its log, and whether --upstream is Postgres.';
const PLAIN_HINT = 'Is Postgres running there, and is --upstream right?';
const MIDDLE_HINT = 'Something between pgwitness and Postgres may tamper with the connection.';
const NO_TLS_HINT = 'Set ssl = on there, or use --upstream-tls prefer or disable.';
const TLS_HINT = 'See --upstream-tls, --upstream-tls-ca and --upstream-tls-server-name.';
const UNTRUSTED_HINT = 'Give the authority that signed its certificate with --upstream-tls-ca.';
const TLS_HINTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'Give the name in its certificate with --upstream-tls-server-name, or use verify-ca.',
  CERT_HAS_EXPIRED: 'Renew the certificate of the upstream.',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED_HINT,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED_HINT,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED_HINT,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED_HINT,
};

function unreachable(why: string, hint: string): UpstreamFailure {
  return { why, hint, kind: EXHAUSTED.has(why) ? 'exhausted' : 'unreachable' };
}

function letGo(code: string): UpstreamFailure {
  const why = `it closed the connection before it was set up${code && ` (${code})`}`;
  return { why, hint: LET_GO_HINT, kind: 'not-ready' };
}

function failureOf({ code, message }: NodeJS.ErrnoException): UpstreamFailure {
  return LETTING_GO.has(code ?? '') ? letGo(code ?? '') : unreachable(code ?? message, PLAIN_HINT);
}

function failureOfTls({ code = '', message }: NodeJS.ErrnoException): UpstreamFailure {
  return LETTING_GO.has(code)
    ? letGo(code)
    : unreachable(`TLS failed (${code || message})`, TLS_HINTS[code] ?? TLS_HINT);
}

/** Why this answer to SSLRequest ends the attempt; undefined = it goes on, in plaintext where the answer is N. */
function refusalOf(answer: Buffer, mode: UpstreamTlsMode): UpstreamFailure | undefined {
  if (answer.length !== 1) return unreachable('it sent more than the answer to SSLRequest', MIDDLE_HINT);
  if (answer[0] === REFUSED && mode !== 'prefer') {
    return unreachable(`it does not speak TLS, and --upstream-tls is ${mode}`, NO_TLS_HINT);
  }
  if (answer[0] === REFUSED || answer[0] === ACCEPTED) return undefined;
  return unreachable('it did not answer SSLRequest with S or N', PLAIN_HINT);
}

function open(address: Address, { timeoutMs, reads }: { timeoutMs: number; reads: ReusedReads | undefined }): Socket {
  const common = { allowHalfOpen: true, onread: reads?.onread };
  if (address.kind === 'unix') return connect({ path: address.path, ...common });
  return connect({
    host: address.host,
    port: address.port,
    ...common,
    noDelay: true,
    // By default Node gives each address but the last only 250 ms (nodejs/node #54359).
    autoSelectFamilyAttemptTimeout: Math.floor(timeoutMs / 2),
  });
}
