// Makes dist/ when it is missing or older than the sources and the page's files.
// Invariant: dist/ is as new as the newest source when this returns, and what was made of a source that is gone is
// gone.
// Not here: type checks of tests (`npm run check`).

import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE, ROOT } from '../paths.mjs';
import { runCommand } from '../run-command.mjs';
import { withLock } from './lock.mjs';
import { buildMcp } from './mcp.mjs';
import { buildWeb } from './web.mjs';

const DIST = path.join(ROOT, 'dist');
const STAMP = path.join(DIST, '.built');

/** @param {string} directory @returns {number} Unix ms of the newest file below; 0 when it has none */
function newestMs(directory) {
  let newest = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const entryPath = path.join(directory, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestMs(entryPath));
    else newest = Math.max(newest, statSync(entryPath).mtimeMs);
  }
  return newest;
}

/** @returns {number} */
function sourcesMs() {
  const config = path.join(ROOT, 'tsconfig.json');
  /** @type {string[]} */
  const folders = JSON.parse(readFileSync(config, 'utf8')).include;
  const times = [config, path.join(ROOT, 'package-lock.json')].map((file) => statSync(file).mtimeMs);
  for (const folder of folders) if (existsSync(path.join(ROOT, folder))) times.push(newestMs(path.join(ROOT, folder)));
  return Math.max(...times);
}

function isUpToDate() {
  return existsSync(STAMP) && statSync(STAMP).mtimeMs >= sourcesMs();
}

/** A script that still imports what was removed shall fail here as it would in a fresh checkout. */
function removeOrphans() {
  for (const map of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
    if (!map.endsWith('.js.map')) continue;
    const module = map.slice(0, -'.js.map'.length);
    if (existsSync(path.join(ROOT, `${module}.ts`))) continue;
    for (const ending of ['.js', '.js.map', '.d.ts']) rmSync(path.join(DIST, module + ending), { force: true });
  }
}

/**
 * @param {(text: string) => void} note
 * @returns {Promise<void>}
 */
export async function build(note) {
  if (isUpToDate()) return note('up to date');
  await withLock(path.join(CACHE, 'build.lock'), async () => {
    if (isUpToDate()) return;
    // Taken before tsc reads: a source saved while it runs makes the next build run again.
    const startedAt = new Date();
    const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, stdout, stderr } = await runCommand(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: ROOT });
    if (code !== 0) throw new Error(`the TypeScript sources do not compile:\n${(stdout || stderr).trim()}`);
    removeOrphans();
    await buildMcp();
    await buildWeb();
    writeFileSync(STAMP, '');
    utimesSync(STAMP, startedAt, startedAt);
  });
  note('done');
}
