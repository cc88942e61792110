// Debian's Postgres server, its test drivers, and its source package.
// The source is of that version, or of the nearest one that Debian still has.
// Invariant: nothing is installed: packages and sources lie below .cache/compat/debian, and apt keeps its lists there
// too. A part that cannot be had is said with its reason.
// Not here: running anything (regress.mjs, isolation.mjs).

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from '../lib/paths.mjs';
import { runCommand, runOrThrow } from '../lib/run-command.mjs';
import { withLock } from '../lib/setup/lock.mjs';

const ROOT = path.join(CACHE, 'compat', 'debian');
/** Of bookworm; another major that is installed is preferred. */
const MAJOR = 15;
/** Debian's folder of libraries for this processor. */
const LIBRARIES = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

/**
 * @typedef {object} DebianPostgres
 * @property {string} bin server and client programs
 * @property {string} extensions libraries that the server loads
 * @property {string} lib static libraries for programs
 * @property {string} developmentLib libpq for linking
 * @property {string} drivers has regress/pg_regress and isolation/isolationtester
 * @property {string} version of the package, such as 15.18-0+deb12u1
 * @property {number} major
 * @property {string} source unpacked
 * @property {string} sourceVersion that of the package, or the nearest that the archive has
 * @property {readonly string[]} includes -I flags for code that runs in the server or uses libpq's internals
 * @property {NodeJS.ProcessEnv} env what the programs need to run
 */

/** @param {'apt-get' | 'apt-cache'} program @param {readonly string[]} args @param {string} cwd */
async function apt(program, args, cwd) {
  const settings = {
    'Dir::Etc::sourcelist': path.join(ROOT, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': path.join(ROOT, 'lists'),
    'Dir::Cache': path.join(ROOT, 'archives'),
    'APT::Sandbox::User': 'root',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return runOrThrow(program, [...flags, '-qq', ...args], { cwd });
}

async function updateLists() {
  const release = readFileSync('/etc/os-release', 'utf8');
  if (!/^ID=debian$/m.test(release)) throw new Error('the sources are those of Debian, and this is not Debian');
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  for (const name of ['lists/partial', 'archives/archives/partial'])
    mkdirSync(path.join(ROOT, name), { recursive: true });
  const lines = ['deb', 'deb-src'].flatMap((kind) => [
    `${kind} http://deb.debian.org/debian ${codename} main`,
    `${kind} http://deb.debian.org/debian-security ${codename}-security main`,
  ]);
  writeFileSync(path.join(ROOT, 'sources.list'), `${lines.join('\n')}\n`);
  await apt('apt-get', ['update'], ROOT);
}

/**
 * @returns {Promise<{ major: number, version: string } | undefined>} the newest installed server that has its test
 * drivers
 */
async function installed() {
  const base = '/usr/lib/postgresql';
  const majors = existsSync(base) ? readdirSync(base).map(Number).filter(Number.isInteger) : [];
  for (const major of majors.sort((a, b) => b - a)) {
    const parts = ['bin/postgres', 'lib/pgxs/src/test/regress/pg_regress'];
    if (!parts.every((part) => existsSync(path.join(base, String(major), part)))) continue;
    const query = ['--show', `postgresql-${major}`];
    const { code, stdout } = await runCommand('dpkg-query', query);
    if (code === 0) return { major, version: stdout.trim().split('\t')[1] };
  }
  return undefined;
}

/** @param {readonly string[]} packages NAME=VERSION @param {string} root */
async function unpack(packages, root) {
  const debs = path.join(root, 'debs');
  mkdirSync(debs, { recursive: true });
  await apt('apt-get', ['download', ...packages], debs);
  for (const name of readdirSync(debs)) await runOrThrow('dpkg-deb', ['-x', path.join(debs, name), root]);
  rmSync(debs, { recursive: true });
}

/** @param {string} name @param {string} version of the source package @param {string} directory */
async function unpackSource(name, version, directory) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await apt('apt-get', ['source', '--download-only', `${name}=${version}`], directory);
  const archive = readdirSync(directory).find((file) => /\.orig\.tar\.\w+$/.test(file));
  if (archive === undefined) throw new Error(`the source package ${name} ${version} has no .orig.tar`);
  await runOrThrow('tar', ['-xf', archive, '--strip-components=1'], { cwd: directory });
}

/**
 * The source of the version that is wanted; where an archive no longer has it, that of another minor version, whose
 * tests are almost the same.
 * @param {string} name @param {string} wanted @param {string} directory
 * @returns {Promise<string>} its version
 */
async function unpackNearestSource(name, wanted, directory) {
  const { stdout } = await apt('apt-cache', ['showsrc', name], ROOT);
  const offered = [...stdout.matchAll(/^Version: (\S+)$/gm)].map(([, version]) => version);
  const problems = [];
  for (const version of new Set([wanted, ...offered])) {
    try {
      await unpackSource(name, version, directory);
      return version;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(problems[0]);
}

/** @returns {Promise<string>} the newest version of a package that apt offers */
async function offeredVersion() {
  const { stdout } = await apt('apt-get', ['download', '--print-uris', `postgresql-${MAJOR}`], ROOT);
  const version = /postgresql-\d+_([^_]+)_/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`apt offers no postgresql-${MAJOR}`);
  return decodeURIComponent(version);
}

/**
 * @param {(text: string) => void} note
 * @returns {Promise<DebianPostgres | { missing: string }>}
 */
export async function debianPostgres(note) {
  for (const program of ['apt-get', 'dpkg-deb', 'gcc', 'tar'])
    if ((await runCommand(program, ['--version'])).code !== 0) return { missing: `${program} is not here` };
  mkdirSync(ROOT, { recursive: true });
  return withLock(path.join(ROOT, 'lock'), () => provide(note)).catch((error) => ({
    missing: `Debian's packages cannot be had: ${error.message}`,
  }));
}

/** @param {(text: string) => void} note @returns {Promise<DebianPostgres>} */
async function provide(note) {
  const here = await installed();
  if (here === undefined) await updateLists();
  const { major, version } = here ?? { major: MAJOR, version: await offeredVersion() };
  const root = path.join(ROOT, version);
  const complete = path.join(root, '.complete');
  if (!existsSync(complete)) {
    rmSync(root, { recursive: true, force: true });
    if (here !== undefined) await updateLists();
    const packages = [`postgresql-server-dev-${major}`, 'libpq-dev'];
    // The newest libpq serves every server, so its packages may be of another major.
    if (here === undefined) packages.push(`postgresql-${major}`, `postgresql-client-${major}`, 'libpq5');
    note(`packages of Postgres ${version}`);
    await unpack(
      packages.map((name) => `${name}=${version}`),
      root,
    );
    note(`source of Postgres ${version}`);
    writeFileSync(complete, await unpackNearestSource(`postgresql-${major}`, version, path.join(root, 'source')));
  }
  note(`Postgres ${version}`);
  const prefix = here === undefined ? root : '/';
  const home = path.join(prefix, 'usr', 'lib', 'postgresql', String(major));
  const headers = path.join(root, 'usr', 'include', 'postgresql');
  return {
    bin: path.join(home, 'bin'),
    lib: path.join(root, 'usr', 'lib', 'postgresql', String(major), 'lib'),
    extensions: path.join(home, 'lib'),
    developmentLib: path.join(root, 'usr', 'lib', LIBRARIES),
    drivers: path.join(home, 'lib', 'pgxs', 'src', 'test'),
    version,
    major,
    source: path.join(root, 'source'),
    sourceVersion: readFileSync(complete, 'utf8'),
    includes: [`-I${headers}/${major}/server`, `-I${headers}`, `-I${headers}/internal`],
    env: here === undefined ? { LD_LIBRARY_PATH: path.join(root, 'usr', 'lib', LIBRARIES) } : {},
  };
}
