// `pgwitness run`: the sidecar. This process becomes the relay; its only child is the observer.
// Not here: what the processes do (proxy/main.ts, analyzer/main.ts), the options (config/).

import type { Command } from 'commander';
import { createLog } from '../config/log.js';
import { readToken } from '../config/token.js';
import { addConfigFlags, configOf } from './config-flags.js';

export function register(program: Command): void {
  const command = program
    .command('run')
    .description('relay Postgres connections and witness what passes')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  pgwitness run                                   relays 127.0.0.1:6433 to 127.0.0.1:5432\n' +
        '  pgwitness run --upstream db.internal:5432 --data /var/lib/pgwitness\n',
    );
  addConfigFlags(command).action(() => run(command));
}

async function run(command: Command): Promise<void> {
  const { config, origins, warnings } = configOf(command);
  if (config.httpTokenFile !== '') readToken(config.httpTokenFile, origins.get('httpTokenFile') ?? '');
  const log = createLog({ level: config.logLevel, name: 'relay' });
  for (const warning of warnings) log.warn(warning);
  // Loaded here so that --help costs nothing of it.
  const { startRun } = await import('../proxy/main.js');
  const running = await startRun(config, log);
  process.on('SIGTERM', () => running.stop());
  process.on('SIGINT', () => running.stop());
  // A broken stderr is no reason to stop relaying.
  process.on('uncaughtException', (error) => log.error('unexpected error: relaying goes on', { error: error.stack }));
  const code = await running.ended;
  process.exit(code);
}
