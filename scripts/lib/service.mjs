// A long-running child process: started, waited for until it answers, stopped for certain.
// Invariant: what was started here is not left behind, however this process ends short of a SIGKILL.
// Not here: what the services are.

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const TERM_GRACE_MS = 8000;
const OUTPUT_CHARACTERS_MAX = 64 * 1024;

/**
 * @typedef {object} Service
 * @property {number} pid
 * @property {() => string} output the end of what it printed
 * @property {() => boolean} running
 * @property {() => string} ended how it ended; '' while it runs
 * @property {() => Promise<void>} stop SIGTERM, then SIGKILL when it does not end
 */

/**
 * @param {string} name for messages
 * @param {{ program: string, args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv,
 *   ready: () => Promise<boolean>, timeoutMs?: number }} options `ready` is asked until it is true
 * @returns {Promise<Service>}
 */
export async function startService(name, { program, args, cwd, env, ready, timeoutMs = 30_000 }) {
  // A session of its own: Ctrl-C in the terminal reaches the script alone, which stops its services in order.
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  let ended = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-OUTPUT_CHARACTERS_MAX);
    });
  }
  const end = new Promise((resolve) => {
    child.on('error', (error) => {
      ended = error.message;
      resolve(undefined);
    });
    child.on('exit', (code, signal) => {
      ended = `ended with ${signal ?? `exit code ${code}`}`;
      resolve(undefined);
    });
  });
  const signal = (/** @type {NodeJS.Signals} */ what) => {
    if (ended === '' && child.pid !== undefined) process.kill(-child.pid, what);
  };
  const killAtExit = () => signal('SIGKILL');
  process.once('exit', killAtExit);

  const stop = async () => {
    if (ended === '') {
      child.kill('SIGTERM');
      await Promise.race([end, sleep(TERM_GRACE_MS, undefined, { ref: false })]);
      signal('SIGKILL');
      await end;
    }
    process.removeListener('exit', killAtExit);
  };

  const deadline = Date.now() + timeoutMs;
  while (!(await ready())) {
    if (ended !== '' || Date.now() > deadline) {
      const what = ended === '' ? `did not answer within ${timeoutMs / 1000} s` : ended;
      await stop();
      throw new Error(`${name} ${what}. It said:\n${output.trim().split('\n').slice(-20).join('\n') || '(nothing)'}`);
    }
    await sleep(POLL_MS);
  }
  return { pid: child.pid ?? 0, output: () => output, running: () => ended === '', ended: () => ended, stop };
}

/** @param {string} url @returns {Promise<boolean>} true for a 2xx answer */
export async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
