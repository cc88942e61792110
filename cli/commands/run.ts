// `pgwitness run`: runs the sidecar.
// This process is the relay and starts the observer; with --relays it supervises several relays.
// Not here: the processes (proxy/main.ts, observer/main.ts), the options (config/), signals (cli/running/relaying.ts).

import type { Command } from 'commander';
import { OPTIONS, type OptionKey } from '../../config/options.js';
import { addConfigFlags } from '../running/config-flags.js';
import { runRelay } from '../running/relaying.js';

const KEYS = (Object.keys(OPTIONS) as OptionKey[]).filter((key) => key !== 'socket');

export function register(program: Command): void {
  const command = program
    .command('run')
    .description('relay Postgres connections and observe the statements')
    .addHelpText(
      'after',
      '\nSignals:\n' +
        '  SIGTERM, SIGINT  stop after open transactions ended; a second signal stops at once\n' +
        '  SIGHUP           read configuration and certificates again: upstreams for new sessions, rules at once\n' +
        '\nExamples:\n' +
        '  pgwitness run                                   relays 127.0.0.1:6433 to 127.0.0.1:5432\n' +
        '  pgwitness run --upstream db.internal:5432 --upstream-tls verify-full --data /var/lib/pgwitness\n',
    );
  addConfigFlags(command, KEYS).action(() =>
    runRelay(command, async (config, log) => (await import('../../proxy/main.js')).startRun(config, log)),
  );
}
