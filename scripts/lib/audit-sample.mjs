// Fetches the applications of the audit's labelled sample, and counts what is found of it.
// Not here: printing (../audit-sample.mjs).

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CACHE, ROOT } from './paths.mjs';

/**
 * @typedef {'orm' | 'raw' | 'sqlalchemy'} Kind
 * @typedef {object} LabelledApp
 * @property {string} name
 * @property {string} [package] of PyPI, with its version
 * @property {string} [git] address of its repository, with `tag`
 * @property {string} [tag]
 * @property {string} [root] in this repository
 * @property {'handwritten' | 'files'} whole what was labelled of the files that are not named: all hand-written SQL, or
 *   nothing
 * @property {Record<string, Partial<Record<Kind, number[]>>>} files lines by file and kind
 * @typedef {{ labelled: number, found: number, right: number, missed: string[], wrong: string[] }} Measured
 * @typedef {{ file: string, line: number, end_line: number, kind: Kind, api: string, resolved: boolean }} Found
 */

const DECLARATIONS = new Set(['import', 'model', 'engine', 'sessionmaker']);

/** @param {string} text @returns {LabelledApp[]} */
export function labelledApps(text) {
  return JSON.parse(text).apps;
}

/** @param {LabelledApp} app @returns {Promise<string>} the folder with its code */
export async function fetchSample({ name, package: wanted, git, tag = '', root }) {
  if (git !== undefined) return cloned(path.join(CACHE, 'audit-sample', `${name}-${tag}`, 'code'), git, tag);
  if (wanted === undefined) return path.join(ROOT, root ?? '');
  const folder = path.join(CACHE, 'audit-sample', wanted.replace('==', '-'));
  if (existsSync(path.join(folder, 'code'))) return path.join(folder, 'code');
  mkdirSync(folder, { recursive: true });
  python(['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', folder, wanted]);
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`${wanted}: there is no wheel in ${folder}`);
  python(['-m', 'zipfile', '--extract', path.join(folder, wheel), path.join(folder, 'code')]);
  return path.join(folder, 'code');
}

/** @param {string} folder @param {string} git @param {string} tag @returns {string} */
function cloned(folder, git, tag) {
  if (existsSync(folder)) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  run('git', ['clone', '--quiet', '--depth', '1', '--branch', tag, git, part]);
  renameSync(part, folder);
  return folder;
}

/** @param {LabelledApp} app @param {string} root @returns {{ handwritten: Measured, orm: Measured }} */
export function measureApp(app, root) {
  const env = { ...process.env, PYTHONPATH: path.join(ROOT, 'clients', 'python') };
  const { places } = JSON.parse(python(['-m', 'pgwitness.audit', root, '--output', '-'], env));
  const queries = /** @type {Found[]} */ (places).filter(({ api }) => !DECLARATIONS.has(api));
  return {
    handwritten: compared(app, queries, ['raw', 'sqlalchemy']),
    // An ORM place that says itself that it is not resolved claims nothing.
    orm: compared(
      app,
      queries.filter(({ resolved }) => resolved),
      ['orm'],
    ),
  };
}

/** @param {LabelledApp} app @param {readonly Found[]} places @param {readonly Kind[]} kinds @returns {Measured} */
function compared({ whole, files }, places, kinds) {
  const isIn = (/** @type {Found} */ { file, kind }) =>
    kinds.includes(kind) && (whole === 'handwritten' && kind !== 'orm' ? true : files[file]?.[kind] !== undefined);
  const left = new Set(places.filter(isIn));
  const found = left.size;
  /** @type {string[]} */
  const missed = [];
  let labelled = 0;
  for (const [file, byKind] of Object.entries(files)) {
    for (const kind of kinds) {
      for (const line of byKind[kind] ?? []) {
        labelled++;
        const fits = [...left].filter((place) => place.file === file && place.kind === kind);
        const place =
          fits.find((one) => one.line === line) ?? fits.find((one) => one.line < line && line <= one.end_line);
        if (place === undefined) missed.push(`${file}:${line} ${kind}`);
        else left.delete(place);
      }
    }
  }
  const wrong = [...left].map(({ file, line, kind, api }) => `${file}:${line} ${kind} ${api}`);
  return { labelled, found, right: found - wrong.length, missed, wrong };
}

/** @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env] @returns {string} its output */
function python(args, env = process.env) {
  return run('python3', args, env);
}

/**
 * @param {string} command @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env]
 * @returns {string} its output
 */
function run(command, args, env = process.env) {
  const ran = spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  if (ran.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${ran.stderr || ran.error?.message}`);
  return ran.stdout;
}
