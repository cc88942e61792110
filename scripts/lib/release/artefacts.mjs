// Makes the files of a release: package, context of the image, wheel, checksums.
// Not here: the list of what is in it (sbom.mjs), whether the files work (checks.mjs).

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../paths.mjs';
import { runCommand, runOrThrow } from '../run-command.mjs';

export const BASE_LINE = /^ARG BASE=(\S+)$/m;
const SUMS = 'SHA256SUMS';

/** Of the manifest what only a clone needs; the optional packages are a Postgres of 60 MB, for demo and tests. */
const OF_A_CLONE = ['optionalDependencies', 'devDependencies', 'allowScripts', 'scripts', 'private'];
const TAR = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner'];

/** @param {string} folder @returns {Promise<string>} the file's name */
export async function packPackage(folder) {
  const place = mkdtempSync(path.join(tmpdir(), 'pgwitness-package-'));
  try {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', place];
    const { stdout } = await runOrThrow('npm', args, { cwd: ROOT });
    const file = JSON.parse(stdout)[0].filename;
    await runOrThrow('tar', ['-xzf', file], { cwd: place });
    const manifest = path.join(place, 'package', 'package.json');
    const kept = Object.entries(JSON.parse(readFileSync(manifest, 'utf8'))).filter(
      ([key]) => !OF_A_CLONE.includes(key),
    );
    writeFileSync(manifest, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`);
    await runOrThrow('tar', [...TAR, '-czf', path.join(folder, file), 'package'], { cwd: place });
    return file;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** What .dockerignore lets through, of what git knows. @returns {Promise<string[]>} */
async function contextFiles() {
  const ignore = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8');
  const sent = [...ignore.matchAll(/^!(.+)$/gm)].map(([, name]) => name);
  const { stdout } = await runOrThrow('git', ['ls-files', '-z', '--', 'Dockerfile', '.dockerignore', ...sent], {
    cwd: ROOT,
  });
  return stdout.split('\0').filter((file) => file !== '');
}

/**
 * @param {string} folder
 * @param {{ name: string, base: string }} options `base`: what the image is made from
 * @returns {Promise<string>} the file's name
 */
export async function packContext(folder, { name, base }) {
  const place = mkdtempSync(path.join(tmpdir(), 'pgwitness-context-'));
  try {
    for (const file of await contextFiles()) {
      mkdirSync(path.dirname(path.join(place, file)), { recursive: true });
      cpSync(path.join(ROOT, file), path.join(place, file));
    }
    const dockerfile = path.join(place, 'Dockerfile');
    writeFileSync(dockerfile, readFileSync(dockerfile, 'utf8').replace(BASE_LINE, `ARG BASE=${base}`));
    const file = `${name}-image-context.tar.gz`;
    await runOrThrow('tar', [...TAR, '-czf', path.join(folder, file), '.'], { cwd: place });
    return file;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** @param {string} folder @returns {Promise<{ file: string } | { reason: string }>} */
export async function packWheel(folder) {
  const source = mkdtempSync(path.join(tmpdir(), 'pgwitness-wheel-'));
  try {
    // A build leaves its own files beside the sources.
    cpSync(path.join(ROOT, 'clients', 'python'), source, { recursive: true });
    const args = ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', folder, source];
    const { code, stderr } = await runCommand('python3', args);
    const file = readdirSync(folder).find((name) => name.endsWith('.whl'));
    if (code === 0 && file !== undefined) return { file };
    return { reason: stderr.trim().split('\n').at(-1) ?? 'pip made none' };
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

/** @param {string} file */
const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** In the form of sha256sum. @param {string} folder @param {readonly string[]} files */
export function writeSums(folder, files) {
  const lines = [...files].sort().map((file) => `${sha256(path.join(folder, file))}  ${file}\n`);
  writeFileSync(path.join(folder, SUMS), lines.join(''));
}
