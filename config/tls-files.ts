// Reads certificate, key and authority files, and checks that TLS can use them.
// Invariant: a returned certificate has made a TLS context. An error names the option and the file, never the content.
// Not here: sockets (proxy/connection/tls.ts), when files are read again (proxy/relay/relay.ts).

import { constants, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { limits } from './limits.js';
import type { Pair } from './pairs.js';
import { UsageError } from './values/errors.js';

/** No renegotiation and no session tickets, as in the server (src/backend/libpq/be-secure-openssl.c). */
const AS_POSTGRES = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET;

export interface ServerCertificate {
  readonly context: SecureContext;
  /** SHA-256 of the leaf, as Node prints it, to be compared with the upstream's certificate. */
  readonly fingerprint256: string;
  /** End of its validity, Unix ms. */
  readonly validToMs: number;
}

export interface TlsFiles {
  /** The certificate for clients that ask for TLS; undefined = they are answered N. */
  readonly certificate: ServerCertificate | undefined;
  /** The trusted authorities of each pair, in the order of the pairs; undefined = the public ones. */
  readonly authorities: ReadonlyArray<Buffer | undefined>;
}

/** Reads every file that the configuration names. Throws UsageError for the first that cannot be used. */
export function readTlsFiles(config: {
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly pairs: readonly Pair[];
}): TlsFiles {
  return {
    certificate: config.tlsCert === '' ? undefined : readServerCertificate(config.tlsCert, config.tlsKey),
    authorities: config.pairs.map(({ upstreamTls, origin }) =>
      upstreamTls.caFile === '' ? undefined : readAuthorities(upstreamTls.caFile, origin.upstreamTlsCa),
    ),
  };
}

/** Reads the certificate for clients. Throws UsageError. */
function readServerCertificate(certFile: string, keyFile: string): ServerCertificate {
  const cert = readPem(certFile, '--tls-cert');
  const key = readPem(keyFile, '--tls-key');
  const leaf = leafOf(cert, { path: certFile, where: '--tls-cert' });
  let context: SecureContext;
  try {
    context = createSecureContext({ cert, key, secureOptions: AS_POSTGRES });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const mismatch = code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    throw new UsageError(
      mismatch ? `the key ${keyFile} is not that of ${certFile}` : `the key cannot be used: ${message}`,
      {
        where: '--tls-key',
        hint: mismatch ? 'give a certificate and its own key' : 'give a PEM key without a passphrase',
        cause: error,
      },
    );
  }
  return { context, fingerprint256: leaf.fingerprint256, validToMs: Date.parse(leaf.validTo) };
}

/** Reads the PEM of authorities. Throws UsageError naming `where`. */
function readAuthorities(path: string, where: string): Buffer {
  const pem = readPem(path, where);
  leafOf(pem, { path, where });
  return pem;
}

function leafOf(pem: Buffer, { path, where }: { path: string; where: string }): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new UsageError(`${path} holds no certificate`, {
      where,
      hint: 'give a PEM file that has a BEGIN CERTIFICATE line',
      cause: error,
    });
  }
}

function readPem(path: string, where: string): Buffer {
  try {
    // Checked first: a device or a pipe might be read for ever.
    if (statSync(path).size <= limits.certificateFileBytesMax) return readFileSync(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`${path} cannot be read (${reason})`, {
      where,
      hint: 'check its path and mode',
      cause: error,
    });
  }
  throw new UsageError(`${path} is too large`, { where, hint: 'give a PEM file' });
}
