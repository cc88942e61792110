// A certificate for a test's TLS server, made by the openssl program. Not here: what is done with it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** For an IP address, signed by itself, PEM. */
export function selfSigned(address: string): { certificate: string; key: string } {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-tls-'));
  const files = { certificate: path.join(directory, 'crt'), key: path.join(directory, 'key') };
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=pgwitness test', '-addext', `subjectAltName=IP:${address}`],
    ...['-keyout', files.key, '-out', files.certificate],
  ]);
  if (made.status !== 0) throw new Error(`openssl failed: ${made.stderr}`);
  const pair = { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
  rmSync(directory, { recursive: true, force: true });
  return pair;
}
