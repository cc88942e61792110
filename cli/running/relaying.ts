// Runs a relay for `run` and `relay`: configuration, what a terminal is told, signals, exit code.
// Invariant: an invalid configuration at SIGHUP changes nothing and is logged. Not here: relaying (proxy/main.ts).

import type { Command } from 'commander';
import type { Config, LoadedConfig } from '../../config/config.js';
import { createLog, type Log } from '../../config/log.js';
import { readToken } from '../../config/token.js';
import { type Address, formatAddress } from '../../config/values/address.js';
import { ExitCode, errorLine, visible } from '../../config/values/errors.js';
import type { Run } from '../../proxy/main.js';
import { print } from '../terminal/output.js';
import { configOf } from './config-flags.js';
import { warnOfCoreFiles } from './core-warning.js';

export async function runRelay(command: Command, start: (config: Config, log: Log) => Promise<Run>): Promise<void> {
  const loaded = checkedConfig(command);
  const { warnings } = loaded;
  const config = forPeople(command, loaded) ? { ...loaded.config, logLevel: 'warn' as const } : loaded.config;
  const log = createLog({ level: config.logLevel, name: config.relays > 1 ? 'supervisor' : 'relay' });
  for (const warning of warnings) log.warn(warning);
  warnOfCoreFiles(log);
  // For instance a broken stderr: no reason to stop relaying.
  process.on('uncaughtException', (error) => log.error('unexpected error; relaying goes on', { error: error.stack }));
  // Handled from the start, because the signal's default would end the process.
  let running: Run | undefined;
  process.on('SIGHUP', () => {
    if (running !== undefined) reload(command, { running, log });
  });
  // A signal during the start takes effect after it; a second one ends the process at once.
  let stopsAsked = 0;
  const stop = () => {
    stopsAsked++;
    if (running !== undefined) running.stop();
    else if (stopsAsked > 1) process.exit(ExitCode.ok);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    running = await start(config, log);
  } catch (error) {
    process.removeAllListeners('uncaughtException');
    throw error;
  }
  if (forPeople(command, loaded)) print(linesFor(config, running.listen).join('\n'));
  if (stopsAsked > 0) running.stop();
  process.exit(await running.ended);
}

/** `run` at a terminal, unless somebody asked for the log. */
function forPeople(command: Command, { origins }: LoadedConfig): boolean {
  if (command.name() !== 'run') return false;
  return process.stdout.isTTY === true && process.stderr.isTTY === true && origins.get('logLevel') === 'default';
}

function linesFor({ pairs, http, dataDir }: Config, bound: readonly Address[]): string[] {
  const ways = pairs.map(({ upstream }, at) => `${formatAddress(bound[at])} (to ${formatAddress(upstream)})`);
  return [
    `Connect   point the application's HOST and PORT at ${ways.join(', ')}`,
    `Page      http://${formatAddress(http)}/`,
    `Data      ${visible(dataDir)}   pgwitness status says what is in it; Ctrl-C ends pgwitness`,
  ];
}

function checkedConfig(command: Command): LoadedConfig {
  const loaded = configOf(command);
  const { httpTokenFile } = loaded.config;
  if (httpTokenFile !== '') readToken(httpTokenFile, loaded.origins.get('httpTokenFile') ?? '');
  return loaded;
}

function reload(command: Command, { running, log }: { running: Run; log: Log }): void {
  try {
    const loaded = checkedConfig(command);
    const { config } = loaded;
    running.reload(config);
    log.setLevel(forPeople(command, loaded) ? 'warn' : config.logLevel);
  } catch (error) {
    log.error('the configuration has a fault; the old one stays in force', { error: errorLine(error) });
  }
}
