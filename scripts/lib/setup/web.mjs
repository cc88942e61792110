// Makes the page's static files: dist/dashboards/web/{index.html,app.js,app.css,icon.svg}.
// Invariant: the page loads nothing from elsewhere: what it needs is in these files.
// Not here: serving them (dashboards/http/page.ts).

import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.mjs';

const SOURCES = path.join(ROOT, 'dashboards', 'web');
const TARGET = path.join(ROOT, 'dist', 'dashboards', 'web');

/** @type {import('esbuild').BuildOptions} */
const SCRIPT = {
  absWorkingDir: ROOT,
  entryPoints: { app: path.join(SOURCES, 'main.tsx') },
  outdir: TARGET,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'eof',
  logLevel: 'silent',
};

/** @returns {Promise<string[]>} names of the packages whose code is in the page */
export function packagesOfPage() {
  return packagesOf(SCRIPT);
}

/**
 * @param {import('esbuild').BuildOptions} bundle
 * @returns {Promise<string[]>} names of the packages whose code is in it
 */
export async function packagesOf(bundle) {
  const { build } = await import('esbuild');
  const { metafile } = await build({ ...bundle, metafile: true, write: false });
  const names = Object.keys(metafile.inputs).map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** @returns {Promise<void>} rejects with esbuild's messages */
export async function buildWeb() {
  const { build } = await import('esbuild');
  mkdirSync(TARGET, { recursive: true });
  await build(SCRIPT);
  await build({
    absWorkingDir: ROOT,
    entryPoints: { app: path.join(SOURCES, 'app.css') },
    outdir: TARGET,
    bundle: true,
    minify: true,
    logLevel: 'silent',
  });
  for (const file of ['index.html', 'icon.svg']) copyFileSync(path.join(SOURCES, file), path.join(TARGET, file));
}
