// Puts the MCP SDK, with all that it imports, into dist/cli/mcp/sdk.js.
// Invariant: an installed pgwitness needs no package for it. Not here: what is used of it (cli/mcp/sdk.ts).

import path from 'node:path';
import { ROOT } from '../paths.mjs';
import { packagesOf } from './web.mjs';

/** @type {import('esbuild').BuildOptions} */
const BUNDLE = {
  absWorkingDir: ROOT,
  entryPoints: [path.join(ROOT, 'cli', 'mcp', 'sdk.ts')],
  // In place of what tsc made, which imports the packages.
  outfile: path.join(ROOT, 'dist', 'cli', 'mcp', 'sdk.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'eof',
  logLevel: 'silent',
};

/** @returns {Promise<string[]>} names of the packages whose code is in it */
export function packagesOfMcp() {
  return packagesOf(BUNDLE);
}

/** @returns {Promise<void>} rejects with esbuild's messages */
export async function buildMcp() {
  const { build } = await import('esbuild');
  await build(BUNDLE);
}
