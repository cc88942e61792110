// `pgwitness relay`: the relaying half of `run` alone, for an observer in another process or container.
// Not here: the other half (observe.ts), signals (relaying.ts).

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
    .description('relay Postgres connections, for an observer that runs by itself')
    .addHelpText(
      'after',
      '\nIt needs no observer to relay, and connects to one at --socket whenever there is one.\n' +
        '\nExample:\n  pgwitness relay --upstream db.internal:5432 --socket /run/pgwitness/observer.sock\n',
    );
  addConfigFlags(command, KEYS).action(() =>
    runRelay(command, async (config, log) => (await import('../../proxy/main.js')).startRelay(config, log)),
  );
}
