// Tells apart what pgwitness needs to run and what only its installation or its developers need.
// Invariant: a package that runs is reached from package.json's dependencies.
// Not here: development packages as such (`npm prune --omit=dev` removes them before).

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Packages that another one names as a dependency for its own installation: they fetch a prebuilt binary. */
const INSTALLERS = new Map([['better-sqlite3', ['prebuild-install']]]);

/** Of packages with native code: what was compiled, and what it was compiled from. */
const SOURCES = new Map([['better-sqlite3', ['deps', 'src', 'binding.gyp']]]);
const NATIVE = 'build/Release/better_sqlite3.node';

const DEVELOPMENT = /\.(d\.[cm]?ts|map|tsbuildinfo)$/;

/**
 * @typedef {object} Manifest
 * @property {string} [name]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 *
 * @param {string} folder @returns {Manifest}
 */
const manifest = (folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

/**
 * As Node finds it: in the package's own node_modules, then in those above.
 * @param {string} from @param {string} name @param {string} root
 */
function placeOf(from, name, root) {
  for (let folder = from; folder.startsWith(root); folder = path.dirname(folder)) {
    const place = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(place, 'package.json'))) return place;
  }
  return undefined;
}

/**
 * @param {string} root folder with package.json and node_modules
 * @returns {Set<string>} folders of the packages that are needed to run
 */
export function runtimePackages(root) {
  /** @type {Set<string>} */
  const found = new Set();
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const { name = '', dependencies = {}, optionalDependencies = {} } = manifest(folder);
    for (const needed of Object.keys(dependencies)) {
      if (needed in optionalDependencies || INSTALLERS.get(name)?.includes(needed)) continue;
      const place = placeOf(folder, needed, root);
      if (place === undefined) throw new Error(`${needed}, which ${name} needs, is not below ${root}`);
      if (!found.has(place)) waiting.push(place);
      found.add(place);
    }
  }
  return found;
}

/** Folders of all packages that are installed. @param {string} modules @returns {string[]} */
function installed(modules) {
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names.flatMap(({ name }) => {
    if (name.startsWith('.')) return [];
    const place = path.join(modules, name);
    if (name.startsWith('@')) return readdirSync(place).map((one) => path.join(place, one));
    return [place, ...installed(path.join(place, 'node_modules'))];
  });
}

/**
 * Removes files, and the folders that are empty then.
 * @param {string} folder
 * @param {(file: string) => boolean} unwanted by its path in `folder`, with slashes
 */
function removeFiles(folder, unwanted, inside = '') {
  const here = path.join(folder, inside);
  if (!existsSync(here)) return;
  for (const entry of readdirSync(here, { withFileTypes: true })) {
    const file = path.posix.join(inside, entry.name);
    if (entry.isDirectory()) removeFiles(folder, unwanted, file);
    else if (unwanted(file)) rmSync(path.join(folder, file));
  }
  if (inside !== '' && readdirSync(here).length === 0) rmSync(here, { recursive: true });
}

/**
 * @param {string} root a built copy of the repository
 * @returns {{ packages: string[], removed: string[] }} folders of packages, relative to `root`
 */
export function prune(root) {
  const needed = runtimePackages(root);
  const removed = installed(path.join(root, 'node_modules')).filter((place) => !needed.has(place));
  for (const place of removed) rmSync(place, { recursive: true, force: true });
  rmSync(path.join(root, 'node_modules', '.bin'), { recursive: true, force: true });
  rmSync(path.join(root, 'dist', '.built'), { force: true });
  for (const [name, sources] of SOURCES) {
    const place = path.join(root, 'node_modules', name);
    for (const source of sources) rmSync(path.join(place, source), { recursive: true, force: true });
    removeFiles(place, (file) => file.startsWith('build/') && file !== NATIVE);
  }
  for (const folder of ['dist', 'node_modules']) removeFiles(path.join(root, folder), (file) => DEVELOPMENT.test(file));
  const relative = (/** @type {string} */ place) => path.relative(root, place);
  return { packages: [...needed].map(relative).sort(), removed: removed.map(relative).sort() };
}
