// Stops what a script started, in reverse order, whichever way the script ends.
// Invariant: the first signal lets the script end in order; a second one ends it at once (services then go down by
// their exit handlers).

import { endRunningCommands } from './run-command.mjs';

/** Thrown where a signal asked the script to end. */
export class Interrupted extends Error {
  /** @param {number} exitCode as a shell reports the signal */
  constructor(exitCode) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

const SIGNALS = /** @type {const} */ ({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 });

/**
 * @typedef {object} Teardown
 * @property {AbortSignal} signal aborted by the first signal; its reason is an Interrupted
 * @property {(close: () => Promise<void> | void) => void} add
 * @property {() => Promise<void>} interrupted settles when a signal came
 * @property {() => Promise<void>} close runs what was added, last first; a failure does not keep the others from
 *   running
 */

/** @returns {Teardown} */
export function openTeardown() {
  /** @type {(() => Promise<void> | void)[]} */
  const closers = [];
  const controller = new AbortController();
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(new Interrupted(exitCode));
      endRunningCommands();
    });
  }
  return {
    signal: controller.signal,
    add: (close) => closers.push(close),
    interrupted: () =>
      new Promise((resolve) => {
        // A promise alone does not keep a process up.
        const alive = setInterval(() => {}, 60_000);
        const settle = () => {
          clearInterval(alive);
          resolve();
        };
        if (controller.signal.aborted) settle();
        else controller.signal.addEventListener('abort', settle, { once: true });
      }),
    async close() {
      for (const close of closers.splice(0).reverse()) {
        try {
          await close();
        } catch (error) {
          process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
        }
      }
    },
  };
}
