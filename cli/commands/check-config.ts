// `pgwitness check-config`: checks the configuration, and prints each value and where it came from.
// Invariant: it starts nothing and opens no port. Not here: the checks (config/), trials at the server
// (cli/running/before-start.ts).

import type { Command } from 'commander';
import type { Config, LoadedConfig } from '../../config/config.js';
import { OPTIONS, type OptionKey } from '../../config/options.js';
import { readTlsFiles } from '../../config/tls-files.js';
import { readToken } from '../../config/token.js';
import { type Address, formatAddress } from '../../config/values/address.js';
import { ExitCode } from '../../config/values/errors.js';
import { formatFlag } from '../reading/format-flag.js';
import type { Trial } from '../running/before-start.js';
import { addConfigFlags, configOf } from '../running/config-flags.js';
import { oneLine, print, printJson, screenOf } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

export function register(program: Command): void {
  const command = program
    .command('check-config')
    .description('check the configuration and print the values in force')
    .addOption(formatFlag())
    .option('--json', 'print JSON')
    .option('--dsn <dsn>', 'also try the server, with a user that may log in: postgres://user@host:port/database')
    .addHelpText(
      'after',
      `
--dsn tries TLS, the login, the client address, connections and the disk, and changes nothing. Exit 1: a trial failed.

Examples:
  pgwitness check-config --config pgwitness.yaml
  pgwitness check-config --upstream db:5432 --dsn postgres://app@db:5432/shop
`,
    );
  addConfigFlags(command).action(() => check(command));
}

async function check(command: Command): Promise<void> {
  const loaded = configOf(command);
  const { config, warnings, file } = loaded;
  if (config.httpTokenFile !== '') readToken(config.httpTokenFile, loaded.origins.get('httpTokenFile') ?? '');
  readTlsFiles(config);
  const { json, dsn } = command.opts<{ json?: boolean; dsn?: string }>();
  const trials = dsn === undefined ? undefined : await triedWith(loaded.config, dsn);
  if (trials?.some(({ outcome }) => outcome === 'failed')) process.exitCode = ExitCode.checkFailed;
  if (json) {
    printJson({
      ok: true,
      file: file === '' ? null : file,
      options: optionsOf(loaded),
      lists: listsOf(loaded),
      warnings,
      ...(trials === undefined ? {} : { trials }),
    });
    return;
  }
  const rows = [
    ...Object.entries(optionsOf(loaded)).map(([name, option]) => ({ name, ...option })),
    ...listRows(loaded),
  ];
  print(
    renderTable(
      rows,
      [
        { title: 'option', cell: (row) => row.name },
        { title: 'value', cell: (row) => oneLine(String(row.value)), flexible: true },
        { title: 'from', cell: (row) => oneLine(row.from) },
      ],
      screenOf(process.stdout, process.env),
    ),
  );
  for (const warning of warnings) print(`warning: ${oneLine(warning)}`);
  print('The configuration is valid.');
  for (const { name, outcome, says } of trials ?? [])
    print(`${outcome === 'ok' ? 'ok' : `${outcome}:`} ${name}: ${oneLine(says)}`);
}

async function triedWith(config: Config, dsn: string): Promise<Trial[]> {
  const { tryBeforeStart } = await import('../running/before-start.js');
  return tryBeforeStart(config, dsn);
}

/** Every list of the file as rows: one per entry, or one that says that there is none. */
function listRows(loaded: LoadedConfig): Array<{ name: string; value: string; from: string }> {
  const from = loaded.file === '' ? 'default' : loaded.file;
  return Object.entries(listsOf(loaded)).flatMap(([name, list]) => {
    if (!Array.isArray(list)) return [{ name, value: JSON.stringify(list), from }];
    if (list.every((entry) => typeof entry === 'string')) return [{ name, value: list.join(', ') || 'none', from }];
    return list.map((entry, at) => ({ name: `${name}[${at}]`, value: JSON.stringify(entry), from }));
  });
}

function optionsOf({ config, origins }: LoadedConfig): Record<string, { value: unknown; from: string }> {
  const options: Record<string, { value: unknown; from: string }> = {};
  for (const key of Object.keys(OPTIONS) as OptionKey[]) {
    const value: unknown = config[key];
    const shown = isAddress(value) ? formatAddress(value) : value;
    const unit = key.endsWith('Ms') ? ` ms` : '';
    options[OPTIONS[key].name] = {
      value: unit === '' ? shown : `${shown}${unit}`,
      from: origins.get(key) ?? 'default',
    };
  }
  return options;
}

function listsOf({ config, exceptions }: LoadedConfig): object {
  const { rules, pools, clientNetworks, dimensionKeys, contextKeys, retention, findings } = config;
  const pairs = config.pairs.map(({ listen, upstream, upstreamTls }) => ({
    listen: formatAddress(listen),
    upstream: formatAddress(upstream),
    upstreamTls: upstreamTls.mode,
  }));
  return { pairs, rules, pools, clientNetworks, dimensionKeys, contextKeys, retention, findings, exceptions };
}

function isAddress(value: unknown): value is Address {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
