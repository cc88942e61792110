// `pgwitness relay`: runs the relay alone, for an observer in another process or container.
// Not here: the observer (observe.ts), signals (cli/running/relaying.ts).

import type { Command } from 'commander';
import type { OptionKey } from '../../config/options.js';
import { addConfigFlags } from '../running/config-flags.js';
import { runRelay } from '../running/relaying.js';

const KEYS: readonly OptionKey[] = [
  'listen',
  'upstream',
  'tlsCert',
  'tlsKey',
  'upstreamTls',
  'upstreamTlsCa',
  'upstreamTlsServerName',
  'clientsAppearLocal',
  'maxConnections',
  'maxConnectionsPerAddress',
  'relays',
  'drainTimeoutMs',
  'health',
  'socket',
  'observe',
  'logLevel',
];

export function register(program: Command): void {
  const command = program
    .command('relay')
    .description('relay Postgres connections, for a separate observer')
    .addHelpText(
      'after',
      '\nIt relays without an observer too, and connects to the one at --socket as soon as it is there.\n' +
        '\nExample:\n  pgwitness relay --upstream db.internal:5432 --socket /run/pgwitness/observer.sock\n',
    );
  addConfigFlags(command, KEYS).action(() =>
    runRelay(command, async (config, log) => (await import('../../proxy/main.js')).startRelay(config, log)),
  );
}
