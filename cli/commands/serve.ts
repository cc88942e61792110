// `pgwitness serve`: the page, the API and /metrics of a store, without an observer.
// Not here: serving (dashboards/threads/serve-store.ts), options (config/options.ts).

import type { Command } from 'commander';
import { createLog } from '../../config/log.js';
import type { OptionKey } from '../../config/options.js';
import { readToken } from '../../config/token.js';
import { formatAddress } from '../../config/values/address.js';
import { ExitCode, UsageError } from '../../config/values/errors.js';
import { requireStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { addConfigFlags, configOf } from '../running/config-flags.js';
import { print } from '../terminal/output.js';

const KEYS: readonly OptionKey[] = ['dataDir', 'http', 'httpHosts', 'httpTokenFile', 'ledger', 'code', 'logLevel'];

export function register(program: Command): void {
  const command = program
    .command('serve')
    .description('serve the page, the API and /metrics of a store, without an observer')
    .addHelpText(
      'after',
      `
What goes on now (activity, tail) is known to a running sidecar alone; everything else is as on its page. Off loopback all but
/metrics needs the token, as with \`run\`. The store may be one that a sidecar writes, or a copy of it.

Examples:
  pgwitness serve --data ./copy-of-staging
  pgwitness serve --data /var/lib/pgwitness --http 0.0.0.0:6434 --http-token-file /etc/pgwitness/token
  PGWITNESS_STORE_PASSWORD_FILE=/etc/pgwitness/password pgwitness serve --store clickhouse://reader@ch-1:8123/pgwitness
`,
    );
  addConfigFlags(command, KEYS)
    .option(
      '--store <url>',
      'store of a fleet to read instead: clickhouse://user@host:8123/database [env: PGWITNESS_STORE]',
    )
    .action(() => serve(command));
}

async function serve(command: Command): Promise<void> {
  const { config, origins, warnings } = configOf(command);
  const { dataDir, http, httpHosts: hosts, httpTokenFile, ledger, code } = config;
  const atTerminal = process.stdout.isTTY === true && process.stderr.isTTY === true;
  const isQuiet = atTerminal && origins.get('logLevel') === 'default';
  const logLevel = isQuiet ? 'warn' : config.logLevel;
  const log = createLog({ level: logLevel, name: 'serve' });
  for (const warning of warnings) log.warn(warning);
  const token = httpTokenFile === '' ? '' : readToken(httpTokenFile, origins.get('httpTokenFile') ?? '');
  const store = storeOf(command, origins.get('dataDir'));
  const { serveStore } = await import('../../dashboards/threads/serve-store.js');
  const files = { ledger, code };
  const server = await serveStore({ address: http, hosts, token, dataDir, store, files, logLevel, log });
  const address = formatAddress(server.address);
  const shown = store === undefined ? dataDir : 'the store of a fleet';
  log.info('serving', { data: shown, http: address });
  if (atTerminal) print(`Page      http://${address}/\nData      ${shown}   without an observer; Ctrl-C ends it`);
  let isStopping = false;
  const stop = () => {
    if (isStopping) process.exit(ExitCode.ok);
    isStopping = true;
    void server.close().then(() => process.exit(ExitCode.ok));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Undefined = a data directory is served. Throws UsageError for both. */
function storeOf(command: Command, dataOrigin = ''): string | undefined {
  const store = command.opts<{ store?: string }>().store ?? (process.env.PGWITNESS_STORE || undefined);
  if (store === undefined) return undefined;
  requireStoreAddress(store, '--store');
  if (dataOrigin !== '--data') return store;
  throw new UsageError('two stores to serve', { where: '--data, --store', hint: 'give one of them' });
}
