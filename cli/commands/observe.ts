// `pgwitness observe`: runs the observer alone; relays connect to it at a private socket.
// Not here: the relay (relay.ts), observing (observer/).

import type { Command } from 'commander';
import { changedOptions } from '../../config/changes.js';
import type { Config } from '../../config/config.js';
import { createLog } from '../../config/log.js';
import type { OptionKey } from '../../config/options.js';
import { ExitCode, errorLine } from '../../config/values/errors.js';
import { addConfigFlags, configOf } from '../running/config-flags.js';
import { warnOfCoreFiles } from '../running/core-warning.js';

const KEYS: readonly OptionKey[] = [
  'socket',
  'http',
  'httpTokenFile',
  'dataDir',
  'flushIntervalMs',
  'recordFile',
  'topSeries',
  'observerCpuShare',
  'service',
  'environment',
  'instance',
  'ship',
  'cluster',
  'logLevel',
];

/** Options of the observer that SIGHUP does not change: all but rules and client networks. */
const FIXED: ReadonlyArray<keyof Config> = [
  ...KEYS,
  'samplesDsn',
  'bypassDsn',
  'pools',
  'dimensionKeys',
  'contextKeys',
  'retention',
];

export function register(program: Command): void {
  const command = program
    .command('observe')
    .description('observe what relays in other processes see')
    .addHelpText(
      'after',
      '\nThe socket has mode 0600, in a directory with mode 0700, which is made if it is missing. Several relays may connect.\n' +
        'SIGHUP reads rules and client networks again; for any other changed option the log says that it needs a restart.\n' +
        '\nExample:\n  pgwitness observe --socket /run/pgwitness/observer.sock --data /var/lib/pgwitness\n',
    );
  addConfigFlags(command, KEYS).action(() => observe(command));
}

async function observe(command: Command): Promise<void> {
  const { config, warnings } = configOf(command);
  const log = createLog({ level: config.logLevel, name: 'observer' });
  for (const warning of warnings) log.warn(warning);
  warnOfCoreFiles(log);
  const { listenForRelays } = await import('../../observer/link-server.js');
  const server = await listenForRelays(config, { log, restarts: 0, relays: { count: undefined, ended: {} } });
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(0);
    stopping = true;
    void server.stop().then((stored) => process.exit(stored ? ExitCode.ok : ExitCode.runtime));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    try {
      const next = configOf(command).config;
      server.reconfigure(next);
      for (const option of changedOptions(config, next, FIXED))
        log.warn('this option changes only with a restart', { option });
    } catch (error) {
      log.error('the configuration has a fault; the old one stays in force', { error: errorLine(error) });
    }
  });
}
