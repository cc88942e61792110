// Runs a command with this terminal's streams, and passes signals on to it.
// Invariant: a signal never ends this process before its command; the command's end is told as a shell tells it.
// Not here: the environment it gets (database-env.ts).

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { RuntimeError } from '../../config/values/errors.js';

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
type PassedOn = (typeof PASSED_ON)[number];

/** Takes signals from its making on, so that none is lost while the sidecar starts. */
export class Command {
  #signalled: PassedOn | undefined;
  #pass: (signal: PassedOn) => void = () => {};

  constructor() {
    for (const signal of PASSED_ON) {
      process.on(signal, () => {
        this.#signalled ??= signal;
        // A terminal sends Ctrl-C and Ctrl-\ to the command as well.
        if (process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
        this.#pass(signal);
      });
    }
  }

  /**
   * Its exit code; of one that a signal ended 128 and the signal's number. One that was asked to end before it began
   * is not started. Rejects with RuntimeError if it cannot be started.
   */
  run([program, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
    if (this.#signalled !== undefined) return Promise.resolve(codeOf(this.#signalled));
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { env, stdio: 'inherit' });
      this.#pass = (signal) => void child.kill(signal);
      child.on('error', (error: NodeJS.ErrnoException) => {
        const what = `the command cannot be started (${error.code ?? error.message})`;
        reject(
          new RuntimeError(what, { where: program, hint: 'write pgwitness exec -- COMMAND ARGUMENTS', cause: error }),
        );
      });
      child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : codeOf(signal)));
    });
  }
}

function codeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
