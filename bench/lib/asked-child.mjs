// A process of the bench that is asked by messages, and answers each before the next.
// Not here: what it does (load.mjs, soak-load.mjs).

import { fork } from 'node:child_process';

/**
 * @typedef {object} AskedChild
 * @property {number} pid
 * @property {(message: object) => Promise<any>} ask rejects when it ends instead
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} script
 * @param {{ what: string, env?: NodeJS.ProcessEnv }} options `what`: for the message when it ends
 * @returns {AskedChild}
 */
export function startAskedChild(script, { what, env = {} }) {
  const child = fork(script, { env: { ...process.env, ...env } });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const ask = (/** @type {object} */ message) =>
    new Promise((resolve, reject) => {
      const lost = () => reject(new Error(`${what} ended (its message is above)`));
      child.once('exit', lost);
      child.once('message', (answer) => {
        child.off('exit', lost);
        resolve(answer);
      });
      child.send(message);
    });
  const stop = async () => {
    if (child.connected) child.disconnect();
    await ended;
  };
  return { pid: child.pid ?? 0, ask, stop };
}
