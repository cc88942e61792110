// Runs the tests of Python packages from their source archives on PyPI.
// One environment with all drivers, and pytest's results.
// Invariant: source and installed package are of the same version, the one that requirements.txt pins.
// Not here: which tests (the suites).

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CACHE, ROOT } from '../lib/paths.mjs';
import { runCommand, runOrThrow } from '../lib/run-command.mjs';
import { withLock } from '../lib/setup/lock.mjs';
import { pythonEnvironment } from '../lib/setup/python.mjs';

const REQUIREMENTS = path.join(ROOT, 'scripts', 'compat', 'requirements.txt');
const SOURCES = path.join(CACHE, 'compat', 'pypi');
/** What the latest pytest printed: the reasons of failures are in there. */
const PRINTED = path.join(CACHE, 'compat', 'pytest.log');

/** @param {(text: string) => void} note */
export function compatPython(note) {
  return pythonEnvironment(note, REQUIREMENTS);
}

/** @param {string} name of a package @returns {string} */
export function pinnedVersion(name) {
  const version = new RegExp(`^${name}==(\\S+)$`, 'm').exec(readFileSync(REQUIREMENTS, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${REQUIREMENTS} does not pin ${name}`);
  return version;
}

/**
 * The unpacked source archive of a package.
 * @param {string} name @param {string} python
 * @returns {Promise<string>} its directory
 */
export async function sourceOf(name, python) {
  const version = pinnedVersion(name);
  const directory = path.join(SOURCES, `${name.toLowerCase()}-${version}`);
  if (existsSync(directory)) return directory;
  return withLock(`${directory}.lock`, async () => {
    if (existsSync(directory)) return directory;
    const partial = `${directory}.${process.pid}`;
    mkdirSync(partial, { recursive: true });
    try {
      const args = [
        '-m',
        'pip',
        'download',
        '--disable-pip-version-check',
        '--no-deps',
        '--no-binary',
        name,
        '-d',
        partial,
      ];
      await runOrThrow(python, [...args, `${name}==${version}`]);
      const archive = readdirSync(partial).find((file) => file.endsWith('.tar.gz'));
      if (archive === undefined) throw new Error(`PyPI has no source archive of ${name} ${version}`);
      mkdirSync(directory);
      await runOrThrow('tar', ['-xzf', path.join(partial, archive), '--strip-components=1', '-C', directory]);
      return directory;
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  });
}

/** @param {string} xml as `pytest --junitxml` writes it @returns {import('./comparison.mjs').Results} */
export function junitResults(xml) {
  /** @type {import('./comparison.mjs').Results} */
  const results = new Map();
  for (const [, attributes, , children = ''] of xml.matchAll(/<testcase ([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const [classname, name] = [/classname="([^"]*)"/, / name="([^"]*)"/].map((one) => one.exec(` ${attributes}`)?.[1]);
    const test = `${classname}::${name}`;
    const failed = /<(failure|error)\b/.test(children);
    const outcome = failed ? 'failed' : children.includes('<skipped') ? 'skipped' : 'passed';
    // A test that fails and whose teardown fails too has two entries.
    if (results.get(test)?.outcome !== 'failed') results.set(test, { outcome });
  }
  return results;
}

/**
 * @param {{ python: string, cwd: string, args: readonly string[], env?: NodeJS.ProcessEnv, note: (text: string) =>
 *   void }} options
 * @returns {Promise<import('./comparison.mjs').Results>} throws when pytest ran no test
 */
export async function runPytest({ python, cwd, args, env, note }) {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-pytest-'));
  try {
    const file = path.join(directory, 'results.xml');
    const flags = [
      '-m',
      'pytest',
      '-o',
      `cache_dir=${path.join(directory, 'cache')}`,
      `--junitxml=${file}`,
      `--basetemp=${path.join(directory, 'tmp')}`,
    ];
    const { stdout, stderr } = await runCommand(python, [...flags, ...args], {
      cwd,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
      onLine: (line) => note(/\[ *\d+%\]/.exec(line)?.[0] ?? ''),
    });
    writeFileSync(PRINTED, stdout + stderr);
    const results = existsSync(file) ? junitResults(readFileSync(file, 'utf8')) : new Map();
    if (results.size === 0)
      throw new Error(`pytest ran no test:\n${(stdout + stderr).trim().split('\n').slice(-25).join('\n')}`);
    return results;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * What Django's own tests need to run on a server with settings of this folder.
 * @param {{ source: string, target: { host: string, port: number }, results: string, directory: string }} of
 * @returns {NodeJS.ProcessEnv}
 */
export function djangoTestEnvironment({ source, target, results, directory }) {
  return {
    ...process.env,
    PYTHONPATH: [source, path.join(ROOT, 'scripts', 'compat')].join(path.delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    PGWITNESS_HOST: target.host,
    PGWITNESS_PORT: String(target.port),
    PGWITNESS_RESULTS: results,
    TMPDIR: directory,
  };
}
