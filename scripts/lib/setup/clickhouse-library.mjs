// Finds the engine of ClickHouse as a library, and installs it where it is missing.
// Invariant: it lies outside of node_modules, so `npm ci` stays light; where there is none the reason is returned.
// Not here: starting a server (../clickhouse.mjs).

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from '../paths.mjs';
import { runCommand } from '../run-command.mjs';
import { withLock } from './lock.mjs';

const VERSION = '26.7.3-stable.1';
const PLACE = path.join(CACHE, 'clickhouse');

/** @returns {Promise<{ library: string } | { missing: string }>} */
export async function clickhouseLibrary() {
  const { platform, arch } = process;
  const built = { x64: 'x64', arm64: 'arm64' }[/** @type {string} */ (arch)];
  if (platform !== 'linux' || built === undefined) return { missing: `no ClickHouse engine for ${platform}-${arch}` };
  const name = `@chdb/lib-linux-${built}-gnu`;
  const library = path.join(PLACE, 'node_modules', name, 'libchdb.so');
  if (existsSync(library)) return { library };
  mkdirSync(PLACE, { recursive: true });
  return withLock(path.join(CACHE, 'clickhouse.lock'), async () => {
    if (existsSync(library)) return { library };
    const args = ['install', '--prefix', PLACE, '--no-audit', '--no-fund', `${name}@${VERSION}`];
    const { code, stderr } = await runCommand('npm', args);
    if (code === 0 && existsSync(library)) return { library };
    return { missing: `npm could not install ${name}@${VERSION}: ${stderr.trim().split('\n').at(-1) ?? ''}` };
  });
}
