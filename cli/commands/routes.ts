// `pgwitness routes`: shows what requests of each route, job or command cost.
// Not here: the table (cli/views/routes.ts), which statements are one request (analyzer/work).

import type { Command } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import { withMarks } from '../reading/marked-moments.js';
import type { Place } from '../reading/place.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';

interface RoutesFlags extends ReadFlags {
  readonly slowest?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('routes [route]')
    .description('show what requests of each route, job or command cost; of one route what a request of it sends')
    .option('--slowest', 'of one route, its slowest request instead of a typical one');
  addReadFlags(command)
    .addHelpText(
      'after',
      `
Figures are per request: statements (without BEGIN, SET and other housekeeping), repeated ones, time in the database, rows.
Requests that sent nothing are counted where the application tells them (clients/python). Untagged requests are one row:
see docs/REQUESTS.md for how they are found.

Of one route, as the list names it, a typical request is shown as a waterfall: of the requests drawn at random, one per hour or day,
that whose time is nearest to the median. Literals are never shown.

Examples:
  pgwitness routes --since 1h
  pgwitness routes orders/<int:pk>/
  pgwitness routes 'job nightly' --slowest
  pgwitness routes --json | jq '.routes[] | select(.repeated_per_request > 5) | .route'
`,
    )
    .action(async (route: string | undefined, given: RoutesFlags) => {
      const flags = await withMarks(given);
      const { readTimeRange } = await import('../../reports/questions/grammar.js');
      const { printRoutes } = await import('../views/routes.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      const place = await placeOf(flags);
      try {
        const json = flags.json === true;
        if (route === undefined) {
          if (flags.slowest) throw new UsageError('it is of one route', { where: '--slowest', hint: 'name the route' });
          printRoutes(await place.routes(range), { json, read: place.name });
          return;
        }
        const details = await place.route(route, range);
        if (details === undefined) throw await noSuchRoute(place, { route, range });
        const { printRoute } = await import('../views/route-details.js');
        printRoute(details, { json, slowest: flags.slowest === true });
      } finally {
        place.close();
      }
    });
}

const ROUTES_NAMED = 10;

async function noSuchRoute(place: Place, { route, range }: { route: string; range: TimeRange }): Promise<UsageError> {
  const { nearestName } = await import('../../config/values/nearest.js');
  const { nameOf } = await import('../views/routes.js');
  const names = (await place.routes(range)).routes.map(nameOf);
  const near = nearestName(route, names);
  const listed = names.slice(0, ROUTES_NAMED).join(', ') + (names.length > ROUTES_NAMED ? ', …' : '');
  const hint =
    near !== undefined ? `did you mean ${near}?` : names.length === 0 ? 'widen --since' : `routes: ${listed}`;
  return new UsageError(`no request of "${route}" in this window`, { where: place.name, hint });
}
