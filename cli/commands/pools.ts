// `pgwitness pools`: who holds connections, what they do with them, and how many one pool would need.
// Not here: the table (pools.ts), what a pool is (analyzer/pools).

import type { Command } from 'commander';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';

interface PoolsFlags extends ReadFlags {
  readonly dsn?: string;
}

export function register(program: Command): void {
  addReadFlags(program.command('pools').description('connection pools seen from the wire'))
    .option(
      '--dsn <dsn>',
      'postgres://user@host:port/database, straight to the server: list the sessions there that go past pgwitness',
    )
    .addHelpText(
      'after',
      `
With --dsn the server's pg_stat_activity is compared with the open sessions of all places that are read: give every sidecar
of this server with --url. The user needs pg_read_all_stats to be shown addresses; PGPASSWORD and the like are read.

Examples:
  pgwitness pools --since 1h
  pgwitness pools --url http://10.0.0.1:6434 --url http://10.0.0.2:6434 --dsn postgres://monitor@db/shop
`,
    )
    .action(async (flags: PoolsFlags) => {
      const { readTimeRange } = await import('../../reports/questions/grammar.js');
      const { bypassOf } = await import('../views/bypass.js');
      const { printPools } = await import('../views/pools.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      const place = await placeOf(flags);
      try {
        const bypass = flags.dsn === undefined ? undefined : await bypassOf(place, flags.dsn);
        printPools(await place.pools(range), { json: flags.json === true, read: place.name, bypass });
      } finally {
        place.close();
      }
    });
}
