// `pgwitness pools`: shows who holds connections, and how many one pool would need.
// Not here: the table (cli/views/pools.ts), how pools are told apart (analyzer/pools).

import type { Command } from 'commander';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';

interface PoolsFlags extends ReadFlags {
  readonly dsn?: string;
}

export function register(program: Command): void {
  addReadFlags(program.command('pools').description('show the connection pools and how they are used'))
    .option(
      '--dsn <dsn>',
      'also list the sessions of this server that bypass pgwitness: postgres://user@host:port/database',
    )
    .addHelpText(
      'after',
      `
--dsn compares the server's pg_stat_activity with the open sessions of all places that are read, so give every sidecar of this
server with --url. Connect directly, not through pgwitness. The user needs pg_read_all_stats to see addresses. PGPASSWORD and
other variables of libpq are read.

Examples:
  pgwitness pools --since 1h
  pgwitness pools --url http://10.0.0.1:6434 --url http://10.0.0.2:6434 --dsn postgres://monitor@db/shop
`,
    )
    .action(async (given: PoolsFlags) => {
      const flags = await withMarks(given);
      const { readTimeRange } = await import('../../reports/questions/grammar.js');
      const { bypassOf } = await import('../views/bypass.js');
      const { printPools } = await import('../views/pools.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      const place = await placeOf(flags);
      try {
        const bypass = flags.dsn === undefined ? undefined : await bypassOf(place, flags.dsn);
        const { findings } = await place.findings(range);
        const report = await place.pools(range);
        printPools(report, { json: flags.json === true, read: place.name, bypass, findings });
      } finally {
        place.close();
      }
    });
}
