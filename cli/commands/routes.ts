// `pgwitness routes`: shows what requests of each route, job or command cost.
// Not here: the table (cli/views/routes.ts), which statements are one request (analyzer/work).

import type { Command } from 'commander';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';

export function register(program: Command): void {
  addReadFlags(program.command('routes').description('show what requests of each route, job or command cost'))
    .addHelpText(
      'after',
      `
Figures are per request: statements (without BEGIN, SET and other housekeeping), repeated ones, time in the database, rows.
Requests that sent nothing are counted where the application tells them (clients/python). Untagged requests are one row:
see docs/REQUESTS.md for how they are found.

Examples:
  pgwitness routes --since 1h
  pgwitness routes --json | jq '.routes[] | select(.repeated_per_request > 5) | .route'
`,
    )
    .action(async (given: ReadFlags) => {
      const flags = await withMarks(given);
      const { readTimeRange } = await import('../../reports/questions/grammar.js');
      const { printRoutes } = await import('../views/routes.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      const place = await placeOf(flags);
      try {
        printRoutes(await place.routes(range), { json: flags.json === true, read: place.name });
      } finally {
        place.close();
      }
    });
}
