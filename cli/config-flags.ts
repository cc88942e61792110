// The configuration's options as flags of a command, from the one table in config/options.ts.
// Not here: precedence and checks (config/config.ts).

import { type Command, Option } from 'commander';
import { type LoadedConfig, loadConfig } from '../config/config.js';
import { environmentName, flagName, OPTIONS } from '../config/options.js';

/** Adds --config and a flag per one-valued option. */
export function addConfigFlags(command: Command): Command {
  command.addOption(new Option('--config <file>', 'config file (YAML) [env: PGWITNESS_CONFIG]'));
  for (const { name, value, fallback, help } of Object.values(OPTIONS)) {
    const preset = fallback === '' ? '' : ` (default: ${fallback})`;
    command.addOption(new Option(`--${flagName(name)} <${value}>`, `${help}${preset} [env: ${environmentName(name)}]`));
  }
  return command;
}

/** The configuration in force for what was typed. Throws UsageError. */
export function configOf(command: Command, env: NodeJS.ProcessEnv = process.env): LoadedConfig {
  const { config: file, ...flags } = command.opts<Record<string, unknown> & { config?: string }>();
  return loadConfig({ flags, env, file });
}
