// pgbench and the other client programs of PostgreSQL on this machine.
// Not here: what tests do with them.

import { existsSync } from 'node:fs';
import path from 'node:path';

/** Fingerprints of BEGIN and END (= COMMIT). */
export const BEGIN_AND_END = ['b16b431979fc3e05', '7bbcde9cfab6c79c'];

/** A client program of PostgreSQL on this machine; undefined where there is none. In CI there must be one. */
export function clientProgram(name: string): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    ...[18, 17, 16, 15, 14].map((major) => `/usr/lib/postgresql/${major}/bin`),
  ];
  const found = folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  if (found === undefined && process.env.CI)
    throw new Error(`CI needs ${name} (Debian: postgresql-client, postgresql-contrib)`);
  if (found === undefined) console.warn(`skipped: ${name} is not on this machine`);
  return found;
}

/** What pgbench says it processed. */
export function transactionsOf(stdout: string): number {
  return Number(/actually processed: ([0-9]+)/.exec(stdout)?.[1]);
}
