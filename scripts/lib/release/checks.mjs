// Checks the files of a release by using each as its user would, in an empty place.
// Invariant: what is used is the file, not the repository.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../free-port.mjs';
import { runOrThrow } from '../run-command.mjs';
import { answers, startService } from '../service.mjs';

/**
 * @template T
 * @param {(place: string) => Promise<T>} work in an empty folder, which is removed
 * @returns {Promise<T>}
 */
async function inEmptyPlace(work) {
  const place = mkdtempSync(path.join(tmpdir(), 'pgwitness-release-'));
  try {
    return await work(place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/**
 * Installs the package globally into a prefix of its own and starts what is there.
 * @param {string} file
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} what `pgwitness version` says
 */
export function checkPackage(file, { env = process.env } = {}) {
  return inEmptyPlace(async (place) => {
    const prefix = path.join(place, 'prefix');
    const args = ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', file];
    await runOrThrow('npm', args, { cwd: place, env });
    const program = path.join(prefix, 'bin', 'pgwitness');
    const { stdout } = await runOrThrow(program, ['version'], { cwd: place, env });
    const at = async () => `127.0.0.1:${await freePort(0)}`;
    const [listen, http, health] = [await at(), await at(), await at()];
    const data = path.join(place, 'data');
    const service = await startService('pgwitness run', {
      program,
      args: ['run', '--listen', listen, '--http', http, '--health', health, '--data', data],
      env,
      ready: async () => (await answers(`http://${health}/readyz`)) && answers(`http://${http}/app.js`),
    });
    await service.stop();
    if (!existsSync(path.join(data, 'witness.db'))) throw new Error('the installed pgwitness made no store');
    const tools = await toolsOf(program, { args: ['mcp', '--data', data], env });
    if (!tools.includes('top')) throw new Error(`the installed pgwitness mcp has these tools: ${tools.join(', ')}`);
    return stdout.trim();
  });
}

/**
 * Asks `pgwitness mcp` for its tools, without a client of any package.
 * @param {string} program
 * @param {{ args: readonly string[], env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<string[]>} their names
 */
export async function toolsOf(program, { args, env = process.env }) {
  const clientInfo = { name: 'release', version: '1' };
  const questions = [
    { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } },
    { id: 2, method: 'tools/list', params: {} },
  ];
  const input = questions.map((question) => `${JSON.stringify({ jsonrpc: '2.0', ...question })}\n`).join('');
  const { stdout } = await runOrThrow(program, args, { env, input });
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return answers.find(({ id }) => id === 2).result.tools.map((/** @type {{ name: string }} */ tool) => tool.name);
}

/** Unpacks the context and looks for what its Dockerfile copies. @param {string} file */
export function checkContext(file) {
  return inEmptyPlace(async (place) => {
    await runOrThrow('tar', ['-xzf', file, '-C', place]);
    const dockerfile = readFileSync(path.join(place, 'Dockerfile'), 'utf8');
    const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources.split(' '));
    const missing = copies.filter((source) => !existsSync(path.join(place, source)));
    if (copies.length === 0 || missing.length > 0) throw new Error(`the context lacks ${missing.join(', ')}`);
    return readdirSync(place);
  });
}

/** Installs the wheel into an environment of its own. @param {string} file */
export function checkWheel(file) {
  return inEmptyPlace(async (place) => {
    await runOrThrow('python3', ['-m', 'venv', path.join(place, 'venv')]);
    const python = path.join(place, 'venv', 'bin', 'python');
    await runOrThrow(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', file], { cwd: place });
    await runOrThrow(python, ['-c', 'import pgwitness'], { cwd: place });
  });
}

/** @param {string} folder */
export async function checkSums(folder) {
  await runOrThrow('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder });
}
