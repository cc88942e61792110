// A Postgres that speaks TLS, with an authority and certificates.
// Its own certificate, and another one that pgwitness may show.
// Not here: certificates as such (scripts/lib/certificates.mjs), the server (postgres.ts).

import { chmodSync, chownSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Authority, type Issued } from '../../scripts/lib/certificates.mjs';
import { ordinaryUser } from '../../scripts/lib/setup/ordinary-user.mjs';
import type { PostgresOptions } from './postgres.js';
import { temporaryFile } from './relay.js';

export const PASSWORD = 'correct horse';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface TlsWorld {
  readonly authority: Authority;
  readonly caFile: string;
  /** What the server shows, for 127.0.0.1 and localhost. */
  readonly server: TlsFiles;
  /** Of the same authority, another key. */
  readonly own: TlsFiles;
  readonly postgresOptions: PostgresOptions;
}

export function filesOf({ cert, key }: Issued): TlsFiles {
  return { cert: temporaryFile('cert.pem', cert), key: temporaryFile('key.pem', key) };
}

/** Await it before tests are collected. */
export async function tlsWorld(): Promise<TlsWorld> {
  const authority = new Authority();
  const issued = authority.issue(['localhost', '127.0.0.1']);
  // The server refuses a key that others may read, and runs as an ordinary user.
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-tls-'));
  chmodSync(directory, 0o755);
  const user = await ordinaryUser();
  for (const [name, content] of Object.entries({ 'server.crt': issued.cert, 'server.key': issued.key })) {
    const file = path.join(directory, name);
    writeFileSync(file, content, { mode: 0o600 });
    if (user !== undefined) chownSync(file, user.uid, user.gid);
  }
  return {
    authority,
    caFile: temporaryFile('ca.pem', authority.cert),
    server: filesOf(issued),
    own: filesOf(authority.issue(['localhost', '127.0.0.1'])),
    postgresOptions: {
      settings: {
        ssl: 'on',
        ssl_cert_file: path.join(directory, 'server.crt'),
        ssl_key_file: path.join(directory, 'server.key'),
      },
    },
  };
}
