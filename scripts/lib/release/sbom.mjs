// Writes the list of what is in a release: CycloneDX, as npm makes it of the lockfile.
// Added to it: what the page and the MCP server were bundled from, and SQLite, compiled into one of the packages.
// Not here: the other artefacts (artefacts.mjs).

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.mjs';
import { runOrThrow } from '../run-command.mjs';
import { packagesOfMcp } from '../setup/mcp.mjs';
import { packagesOfPage } from '../setup/web.mjs';

/**
 * @typedef {{ 'bom-ref': string, type: string, name: string, version: string, purl?: string, cpe?: string,
 *   description?: string, scope?: string, hashes?: { alg: string, content: string }[], licenses?: object[] }} Component
 * @typedef {{ bomFormat: string, specVersion: string, version: number, serialNumber: string,
 *   metadata: { component: Component }, components: Component[] }} Sbom
 */

/**
 * @typedef {{ version: string, integrity: string, license: string, dev?: true, optional?: true,
 *   devOptional?: true }} Locked
 */

/** @returns {Record<string, Locked>} by their folders */
const locked = () => JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).packages;

/** Folders of what is installed with pgwitness. npm's own list leaves some out that tools of developers need too. */
function installedFolders() {
  return Object.entries(locked())
    .filter(([folder, { dev, optional, devOptional }]) => folder !== '' && !dev && !optional && !devOptional)
    .map(([folder]) => folder);
}

/** @param {string} folder @param {string} [description] @returns {Component} */
function ofLockfile(folder, description) {
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const { version, integrity, license } = locked()[folder];
  const [algorithm, digest] = integrity.split('-');
  if (algorithm !== 'sha512') throw new Error(`the lockfile has no sha512 of ${name}`);
  return {
    'bom-ref': `${name}@${version}`,
    type: 'library',
    name,
    version,
    ...(description === undefined ? {} : { description }),
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
    licenses: [{ license: { id: license } }],
  };
}

/** @returns {Promise<Component>} */
async function sqlite() {
  const script =
    "const Database = require('better-sqlite3');" +
    "process.stdout.write(new Database(':memory:').prepare('SELECT sqlite_version() AS v').get().v);";
  const { stdout: version } = await runOrThrow(process.execPath, ['-e', script], { cwd: ROOT });
  return {
    'bom-ref': `sqlite@${version}`,
    type: 'library',
    name: 'sqlite',
    version,
    description: 'compiled into better-sqlite3',
    cpe: `cpe:2.3:a:sqlite:sqlite:${version}:*:*:*:*:*:*:*`,
    licenses: [{ license: { name: 'Public Domain' } }],
  };
}

/** @returns {Promise<Sbom>} */
export async function sbom() {
  const args = ['sbom', '--package-lock-only', '--omit=dev', '--omit=optional'];
  const { stdout } = await runOrThrow('npm', [...args, '--sbom-format=cyclonedx', '--sbom-type=application'], {
    cwd: ROOT,
  });
  /** @type {Sbom} */
  const made = JSON.parse(stdout);
  // npm takes the name of the folder.
  made.metadata.component.name = 'pgwitness';
  const known = new Set(made.components.map((component) => component['bom-ref']));
  const bundled = (/** @type {string[]} */ names, /** @type {string} */ where) =>
    names.map((name) => ofLockfile(`node_modules/${name}`, `bundled into ${where}`));
  const page = bundled(await packagesOfPage(), 'the page');
  const mcp = bundled(await packagesOfMcp(), 'the MCP server');
  const more = [...installedFolders().map((folder) => ofLockfile(folder)), ...page, ...mcp];
  made.components.push(...more.filter((component) => !known.has(component['bom-ref'])), await sqlite());
  return made;
}
