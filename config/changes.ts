// Which options differ between two configurations: for what a reload has to say of those that it cannot change.
// Not here: which those are (proxy/relay/relay.ts, cli/commands/observe.ts).

import type { Config } from './config.js';
import { OPTIONS, type OptionKey } from './options.js';

/** Their names as in the config file, of those in `keys`. */
export function changedOptions(before: Config, after: Config, keys: ReadonlyArray<keyof Config>): string[] {
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => OPTIONS[key as OptionKey]?.name ?? key);
}
