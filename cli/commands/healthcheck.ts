// `pgwitness healthcheck`: asks the relay whether it is ready, for images without curl.
// Invariant: exit 0 if it is ready, else 1.
// Not here: the meaning of ready (proxy/relay/health.ts).

import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { formatAddress, type TcpAddress } from '../../config/values/address.js';
import { ExitCode, RuntimeError } from '../../config/values/errors.js';
import { httpGet } from '../reading/http-get.js';
import { print } from '../terminal/output.js';

const TIMEOUT_MS = 5_000;

export function register(program: Command): void {
  program
    .command('healthcheck')
    .description('ask the relay whether it is ready; exit 0 if so, else 1')
    .option('--health <host:port>', 'health listener of the relay (default: 127.0.0.1:6435) [env: PGWITNESS_HEALTH]')
    .option('--config <file>', 'config file (YAML) [env: PGWITNESS_CONFIG]')
    .addHelpText(
      'after',
      '\nExamples:\n  pgwitness healthcheck && echo ready\n  pgwitness healthcheck --health 127.0.0.1:6435\n',
    )
    .action(async (flags: { health?: string; config?: string }) => {
      const { config } = loadConfig({ flags: { health: flags.health }, env: process.env, file: flags.config });
      const reason = await notReady(config.health);
      print(reason === undefined ? 'ready' : `not ready: ${reason}`);
      process.exitCode = reason === undefined ? ExitCode.ok : ExitCode.checkFailed;
    });
}

/** The reason why it is not ready; undefined if it is. */
async function notReady(health: TcpAddress): Promise<string | undefined> {
  // A listener on all addresses is asked on loopback.
  const host = health.host === '0.0.0.0' ? '127.0.0.1' : health.host === '::' ? '::1' : health.host;
  const url = new URL(`http://${formatAddress({ ...health, host })}/readyz`);
  try {
    const { status } = await httpGet(url, { timeoutMs: TIMEOUT_MS });
    return status === 200 ? undefined : `${url.host} answered ${status}`;
  } catch (error) {
    if (error instanceof RuntimeError) return `${url.host}: ${error.message}`;
    throw error;
  }
}
