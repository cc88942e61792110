// `pgwitness pools`: who holds connections, what they do with them, and how many one pool would need.
// Not here: the table (pools-view.ts), what a pool is (analyzer/pools).

import type { Command } from 'commander';
import { addReadFlags, flagContext, parametersOf, type ReadFlags, sourceOf } from './read-flags.js';

export function register(program: Command): void {
  addReadFlags(program.command('pools').description('connection pools seen from the wire'))
    .addHelpText('after', '\nExample:\n  pgwitness pools --since 1h\n')
    .action(async (flags: ReadFlags) => {
      const { readTimeRange } = await import('../dashboards/http/parameters.js');
      const { printPools } = await import('./pools-view.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      const source = await sourceOf(flags);
      try {
        printPools(await source.pools(range), { json: flags.json === true, read: source.name });
      } finally {
        source.close();
      }
    });
}
