// Starts `pgwitness run` from dist/ in front of a Postgres.
// Runs the reading commands on what it stored, too.
// Invariant: any free ports, or, where asked, the default ones that are free.
// Not here: building dist/ (setup/build.mjs).

import path from 'node:path';
import { freePort } from './free-port.mjs';
import { ROOT } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { answers, startService } from './service.mjs';

const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');

/**
 * @param {{ upstream: { host: string, port: number }, data: string, args?: readonly string[], env?: NodeJS.ProcessEnv,
 *   preferDefaultPorts?: boolean, unobserved?: boolean }} options several at once must not prefer the defaults: between
 *   finding one free and listening, another may take it; `unobserved`: no observer is waited for
 * @returns {Promise<import('./service.mjs').Service & { host: string, port: number, httpUrl: string, healthUrl:
 *   string }>} after /readyz answered
 */
export async function startSidecar({
  upstream,
  data,
  args = [],
  env = process.env,
  preferDefaultPorts = false,
  unobserved = false,
}) {
  const host = '127.0.0.1';
  const preferred = (/** @type {number} */ port) => freePort(preferDefaultPorts ? port : 0);
  const port = await preferred(6433);
  const http = `${host}:${await preferred(6434)}`;
  const health = `${host}:${await preferred(6435)}`;
  const upstreamAddress = `${upstream.host}:${upstream.port}`;
  const addresses = ['--listen', `${host}:${port}`, '--upstream', upstreamAddress, '--http', http, '--health', health];
  const service = await startService('pgwitness run', {
    program: process.execPath,
    args: [MAIN, 'run', ...addresses, '--data', data, ...args],
    env,
    ready: async () =>
      (await answers(`http://${health}/readyz`)) && (unobserved || (await answers(`http://${http}/metrics`))),
  });
  return { ...service, host, port, httpUrl: `http://${http}`, healthUrl: `http://${health}` };
}

/** Shows what a reading command prints. @param {readonly string[]} args @returns {Promise<number>} its exit code */
export async function showPgwitness(args) {
  const { code } = await runCommand(process.execPath, [MAIN, ...args], { output: 'inherit' });
  return code;
}
