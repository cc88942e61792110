// Runs one command to its end and keeps what it printed.
// Invariant: never through a shell, so no argument is ever interpreted. Not here: long-running services (service.mjs).

import { spawn } from 'node:child_process';

/** The end of what is kept of each stream; errors are at the end. */
const OUTPUT_CHARACTERS_MAX = 1 << 20;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends what runs now; each is then seen as a command that a signal ended. */
export function endRunningCommands() {
  for (const child of running) child.kill('SIGTERM');
}
process.on('exit', endRunningCommands);

/**
 * @typedef {object} CommandResult
 * @property {number} code exit code; 127 where the program could not be started, 128 where a signal ended it
 * @property {string} stdout
 * @property {string} stderr
 *
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment; default: this process's own
 * @property {number} [uid]
 * @property {number} [gid]
 * @property {string} [input] written to stdin
 * @property {'capture' | 'inherit' | 'ignore'} [output] 'inherit' shows it instead of keeping it; 'ignore' for what
 *   leaves a service behind
 * @property {(line: string) => void} [onLine] the latest line of either stream, for progress
 * @property {(text: string) => void} [onText] all of either stream, in pieces as they come
 */

/**
 * @param {string} program @param {readonly string[]} args @param {CommandOptions} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(program, args, options = {}) {
  const { cwd, env = process.env, uid, gid, input, output = 'capture', onLine, onText } = options;
  return new Promise((resolve) => {
    // A service that a command leaves behind would hold a pipe open, and the end would never come.
    const stream = output === 'capture' ? 'pipe' : output;
    const child = spawn(program, args, {
      cwd,
      env,
      uid,
      gid,
      stdio: [input === undefined ? 'ignore' : 'pipe', stream, stream],
    });
    running.add(child);
    const kept = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name]?.setEncoding('utf8').on('data', (chunk) => {
        kept[name] = (kept[name] + chunk).slice(-OUTPUT_CHARACTERS_MAX);
        onText?.(chunk);
        const line = chunk.trimEnd().split('\n').at(-1);
        if (line) onLine?.(line);
      });
    }
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    child.on('error', (error) => {
      running.delete(child);
      resolve({ code: 127, stdout: kept.stdout, stderr: `${kept.stderr}${error.message}\n` });
    });
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 128, ...kept });
    });
  });
}

/**
 * As runCommand, but an exit code other than 0 is an error that shows the end of the output.
 * @param {string} program @param {readonly string[]} args @param {CommandOptions} [options]
 * @returns {Promise<CommandResult>}
 */
export async function runOrThrow(program, args, options = {}) {
  const result = await runCommand(program, args, options);
  if (result.code === 0) return result;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-25).join('\n');
  throw new Error(`${[program, ...args].join(' ')} ended with exit code ${result.code}:\n${said}`);
}
