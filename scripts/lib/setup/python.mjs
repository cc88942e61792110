// Finds a Python and makes a virtual environment with pinned packages.
// The packages are those of the example shop, or another list.
// Invariant: an environment is either complete or not used; its name follows from the requirements and the Python.
// Not here: running the shop.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { CACHE, SHOP } from '../paths.mjs';
import { runCommand } from '../run-command.mjs';
import { withLock } from './lock.mjs';

export const REQUIREMENTS = path.join(SHOP, 'requirements.txt');
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const PROBE =
  'import sys, venv, ensurepip; print(sys.executable, "%d.%d.%d" % sys.version_info[:3], sys.version_info >= (3, 10))';

/**
 * Programs of one minor version: on PATH, and those of pyenv, which are not on it.
 * @param {string} minor such as 3.12
 */
function namesOf(minor) {
  const versions = path.join(process.env.PYENV_ROOT ?? path.join(homedir(), '.pyenv'), 'versions');
  const installed = existsSync(versions) ? readdirSync(versions).filter((name) => name.startsWith(`${minor}.`)) : [];
  return [...installed.map((name) => path.join(versions, name, 'bin', 'python')), `python${minor}`];
}

/**
 * @param {string} [minor] version that it has to be
 * @returns {Promise<{ program: string, version: string } | { missing: string }>}
 */
async function findPython(minor) {
  if (minor !== undefined) return firstPython(namesOf(minor), `no Python ${minor} found: install it`);
  const names = process.env.PGWITNESS_PYTHON ? [process.env.PGWITNESS_PYTHON] : NAMES;
  return firstPython(names, `no Python found (tried ${names.join(', ')}): install Python 3.10 or newer`);
}

/** @param {readonly string[]} names @param {string} none */
async function firstPython(names, none) {
  let missing = none;
  for (const name of names) {
    const { code, stdout, stderr } = await runCommand(name, ['-c', PROBE]);
    const found = /^(.+) (\S+) (True|False)$/.exec(stdout.trim());
    if (code === 0 && found?.[3] === 'True') return { program: found[1], version: found[2] };
    if (found) missing = `${name} is ${found[2]}: Python 3.10 or newer is needed`;
    else if (code !== 127)
      missing = `${name} cannot make virtual environments (Debian: apt-get install python3-venv): ${stderr.trim().split('\n').at(-1)}`;
  }
  return { missing };
}

/**
 * @param {(text: string) => void} note
 * @param {string} [requirements] file with every package pinned
 * @param {string} [minor] version of Python; left out: the newest that is found
 * @returns {Promise<{ python: string } | { missing: string }>} the interpreter of the environment, or why there is none
 */
export async function pythonEnvironment(note, requirements = REQUIREMENTS, minor) {
  const found = await findPython(minor);
  if ('missing' in found) return found;
  const id = createHash('sha256')
    .update(readFileSync(requirements))
    .update(found.program)
    .update(found.version)
    .digest('hex')
    .slice(0, 12);
  const directory = path.join(CACHE, `venv-${id}`);
  const python = path.join(directory, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const complete = path.join(directory, '.complete');
  if (existsSync(complete)) {
    note(`Python ${found.version}, up to date`);
    return { python };
  }
  return withLock(`${directory}.lock`, async () => {
    if (existsSync(complete)) return { python };
    rmSync(directory, { recursive: true, force: true });
    note(`Python ${found.version}: virtual environment`);
    const venv = await runCommand(found.program, ['-m', 'venv', directory]);
    if (venv.code !== 0)
      return { missing: `${found.program} -m venv failed: ${lastLines(venv.stderr || venv.stdout)}` };
    const packages = readFileSync(requirements, 'utf8').match(/==/g)?.length ?? 0;
    note(`pip install: ${packages} packages, about half a minute`);
    const args = ['-m', 'pip', 'install', '--disable-pip-version-check', '--only-binary', ':all:', '-r', requirements];
    const pip = await runCommand(python, args, { onLine: (line) => note(line.slice(0, 60)) });
    if (pip.code !== 0)
      return { missing: `pip could not install ${requirements}: ${lastLines(pip.stderr || pip.stdout)}` };
    writeFileSync(complete, '');
    note(`Python ${found.version}, installed`);
    return { python };
  });
}

/** @param {string} text */
function lastLines(text) {
  return text.trim().split('\n').slice(-3).join(' / ');
}
