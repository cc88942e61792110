// Compares two configurations, and says which process each part is for.
// A reload can thus restart no more than it must.
// Invariant: every key of Config has one concern; an option or a list without one does not compile.
// Not here: what a reload does (proxy/watch/switch.ts), which options need a restart of all
// (proxy/relay/fixed-options.ts).

import type { Config } from './config.js';
import type { Concern } from './option.js';
import { OPTIONS, type OptionKey } from './options.js';

/** The parts of Config that have no flag. */
const LISTS: Readonly<Record<Exclude<keyof Config, OptionKey>, Concern>> = {
  pairs: 'relay',
  rules: 'live',
  pools: 'observer',
  clientNetworks: 'live',
  dimensionKeys: 'observer',
  contextKeys: 'observer',
  retention: 'observer',
  findings: 'live',
};

export function concernOf(key: keyof Config): Concern {
  return key in LISTS ? LISTS[key as keyof typeof LISTS] : OPTIONS[key as OptionKey].concern;
}

/** The keys and values of one concern. */
export function partOf(config: Config, concern: Concern): Partial<Config> {
  const keys = Object.keys(config) as Array<keyof Config>;
  return Object.fromEntries(keys.filter((key) => concernOf(key) === concern).map((key) => [key, config[key]]));
}

/** The options among `keys` that differ, by their names in the config file. */
export function changedOptions(before: Config, after: Config, keys: ReadonlyArray<keyof Config>): string[] {
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => OPTIONS[key as OptionKey]?.name ?? key);
}
