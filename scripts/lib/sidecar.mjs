// Starts `pgwitness run` from dist/ in front of a Postgres, and runs the reading commands on what it stored.
// Invariant: default ports where they are free, else any. Not here: building dist/ (build.mjs).

import path from 'node:path';
import { freePort } from './free-port.mjs';
import { ROOT } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { answers, startService } from './service.mjs';

const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');

/**
 * @param {{ upstream: { host: string, port: number }, data: string, args?: readonly string[] }} options
 * @returns {Promise<import('./service.mjs').Service & { host: string, port: number, httpUrl: string, healthUrl: string }>} after /readyz answered
 */
export async function startSidecar({ upstream, data, args = [] }) {
  const host = '127.0.0.1';
  const port = await freePort(6433);
  const http = `${host}:${await freePort(6434)}`;
  const health = `${host}:${await freePort(6435)}`;
  const upstreamAddress = `${upstream.host}:${upstream.port}`;
  const addresses = ['--listen', `${host}:${port}`, '--upstream', upstreamAddress, '--http', http, '--health', health];
  const service = await startService('pgwitness run', {
    program: process.execPath,
    args: [MAIN, 'run', ...addresses, '--data', data, ...args],
    ready: async () => (await answers(`http://${health}/readyz`)) && (await answers(`http://${http}/metrics`)),
  });
  return { ...service, host, port, httpUrl: `http://${http}`, healthUrl: `http://${health}` };
}

/** Shows what a reading command prints. @param {readonly string[]} args @returns {Promise<number>} its exit code */
export async function showPgwitness(args) {
  const { code } = await runCommand(process.execPath, [MAIN, ...args], { output: 'inherit' });
  return code;
}
