// Makes flags of a command from the table of options in config/options.ts.
// Not here: precedence and checks (config/config.ts).

import { type Command, Option } from 'commander';
import { type LoadedConfig, loadConfig } from '../../config/config.js';
import { environmentName, flagName } from '../../config/option.js';
import { OPTIONS, type OptionKey } from '../../config/options.js';

/** Adds --config, and a flag for each option of `keys` (default: all). */
export function addConfigFlags(
  command: Command,
  keys: readonly OptionKey[] = Object.keys(OPTIONS) as OptionKey[],
): Command {
  command.addOption(new Option('--config <file>', 'config file (YAML) [env: PGWITNESS_CONFIG]'));
  for (const { name, formerName, value, fallback, help } of keys.map((key) => OPTIONS[key])) {
    const preset = fallback === '' || value === '' ? '' : ` (default: ${fallback})`;
    const flagOf = (spelled: string) => `--${flagName(spelled)}${value === '' ? '' : ` <${value}>`}`;
    command.addOption(new Option(flagOf(name), `${help}${preset} [env: ${environmentName(name)}]`));
    if (formerName !== undefined) command.addOption(new Option(flagOf(formerName)).hideHelp());
  }
  return command;
}

/** The configuration from flags, environment and file. Throws UsageError. */
export function configOf(command: Command, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  const { config: file, ...flags } = command.opts<Record<string, unknown> & { config?: string }>();
  return loadConfig({ flags, env, file });
}
