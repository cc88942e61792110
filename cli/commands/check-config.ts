// `pgwitness check-config`: checks the configuration, and prints each value and where it came from.
// Invariant: it starts nothing and opens no port. Not here: the checks (config/).

import type { Command } from 'commander';
import type { LoadedConfig } from '../../config/config.js';
import { OPTIONS, type OptionKey } from '../../config/options.js';
import { readTlsFiles } from '../../config/tls-files.js';
import { readToken } from '../../config/token.js';
import { type Address, formatAddress } from '../../config/values/address.js';
import { formatFlag } from '../reading/format-flag.js';
import { addConfigFlags, configOf } from '../running/config-flags.js';
import { oneLine, print, printJson, screenOf } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

export function register(program: Command): void {
  const command = program
    .command('check-config')
    .description('check the configuration and print the values in force')
    .addOption(formatFlag())
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  pgwitness check-config --config pgwitness.yaml\n');
  addConfigFlags(command).action(() => check(command));
}

function check(command: Command): void {
  const loaded = configOf(command);
  const { config, warnings, file } = loaded;
  if (config.httpTokenFile !== '') readToken(config.httpTokenFile, loaded.origins.get('httpTokenFile') ?? '');
  readTlsFiles(config);
  if (command.opts<{ json?: boolean }>().json) {
    printJson({
      ok: true,
      file: file === '' ? null : file,
      options: optionsOf(loaded),
      lists: listsOf(loaded),
      warnings,
    });
    return;
  }
  const rows = Object.entries(optionsOf(loaded)).map(([name, option]) => ({ name, ...option }));
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

function listsOf({ config }: LoadedConfig): object {
  const { rules, pools, clientNetworks, dimensionKeys, contextKeys, retention } = config;
  const pairs = config.pairs.map(({ listen, upstream, upstreamTls }) => ({
    listen: formatAddress(listen),
    upstream: formatAddress(upstream),
    upstreamTls: upstreamTls.mode,
  }));
  return { pairs, rules, pools, clientNetworks, dimensionKeys, contextKeys, retention };
}

function isAddress(value: unknown): value is Address {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
