// `pgwitness top`: shows the statements that take most time in a window.
// Here: flags, reading and repeating. Not here: the grammar of filters (reports/questions/grammar.ts), the table
// (cli/views/top.ts), the JSON (reports/forms/statements-json.ts).

import type { Command } from 'commander';
import { ExitCode, UsageError } from '../../config/values/errors.js';
import type { StatementFilter } from '../../facts/answers.js';
import { withMarks } from '../reading/marked-moments.js';
import type { Place } from '../reading/place.js';
import {
  addFilterFlags,
  addReadFlags,
  FILTER_FLAGS,
  flagContext,
  parametersOf,
  placeFlags,
  placeOf,
  type ReadFlags,
} from '../reading/read-flags.js';

interface TopFlags extends ReadFlags {
  readonly limit?: string;
  readonly groupBy?: string;
  readonly all?: boolean;
  readonly watch?: boolean;
}

const PARAMETERS = ['since', 'until', 'sort', 'limit', 'min-ms', ...FILTER_FLAGS];
const WATCH_INTERVAL_MS = 2_000;
/** Cursor home, then clear to the end: rows are overwritten in place, so that the screen does not flicker. */
const REDRAW = '\u001b[H\u001b[J';

export function register(program: Command): void {
  const command = program.command('top').description('show the statements that take most time, with their source');
  addFilterFlags(addReadFlags(command))
    .option('--sort <key>', 'total, mean, p95, p99, max, calls, errors, rows or per-request (default: total)')
    .option(
      '--group-by <what>',
      'a row per route, caller, job, pool, table, source, service, environment, instance, or value of another tag',
    )
    .option('--limit <n>', 'rows to print, 0 for all (default: 20)')
    .option('--min-ms <ms>', 'only statements whose mean service time is at least this')
    .option('--watch', 'print again every 2 s until interrupted')
    .option('--all', 'also print a row for each housekeeping and tool statement')
    .addHelpText(
      'after',
      `
Examples:
  pgwitness top --source raw                      the raw SQL that takes most time
  pgwitness top --handwritten --sort p95 --since 1h
  pgwitness top --group-by route                  what each endpoint costs: requests, statements and time of one
  pgwitness top --group-by caller --source raw    the lines of code whose raw SQL takes most time
  pgwitness top --group-by tag:service            a comment tag that has the name of something else
  pgwitness top --tag 'route=reports/*' --min-ms 20
  pgwitness top --sort per-request                the statements that one request repeats most, as an N+1 does
  pgwitness top --find 'store_order status'
  pgwitness top --url http://10.0.0.7:6434 --url http://10.0.0.8:6434 --json
`,
    )
    .action(top);
}

async function top(given: TopFlags): Promise<void> {
  const flags = await withMarks(given);
  if (flags.watch && flags.json) {
    throw new UsageError('two output formats', { where: '--watch, --json', hint: 'give one of them' });
  }
  if (flags.groupBy !== undefined) return topGroups(flags, flags.groupBy);
  const { readStatementsQuery } = await import('../../reports/questions/grammar.js');
  const { hiddenFor, printTop } = await import('../views/top.js');
  const { trendsOf } = await import('../views/trends.js');
  const redraws = flags.watch === true && process.stdout.isTTY;
  const readQuery = () => {
    const query = readStatementsQuery(parametersOf(flags, PARAMETERS), flagContext());
    return flags.limit === undefined && redraws ? { ...query, limit: rowsThatFit() } : query;
  };
  // Read before anything is opened, so that a wrong flag is reported first.
  let query = readQuery();
  const place = await placeOf(flags);
  // Only a person at a terminal can type the next command.
  const typedPlace = process.stdout.isTTY && !flags.watch ? placeFlags(flags) : undefined;
  if (flags.watch) process.once('SIGINT', () => process.exit(ExitCode.ok));
  try {
    for (;;) {
      const shown = { query, all: flags.all === true };
      const report = await place.statements(flags.json ? query : { ...query, hidden: hiddenFor(shown) });
      if (report.sums.size === 0 && report.observed.executions > 0 && !flags.watch)
        await refuseUnseen(place, query.filter);
      const trends = flags.json ? undefined : await trendsOf(place, { rows: report.statements, ...query });
      const about = new Set(report.statements.map(({ fingerprint }) => fingerprint));
      const findings = flags.json ? [] : (await place.findings(query.range, about)).findings;
      if (redraws) process.stdout.write(REDRAW);
      printTop(report, { ...shown, trends, findings, json: flags.json === true, read: place.name, typedPlace });
      if (!flags.watch) return;
      await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
      // Read again, because "--since 15m" moves on with the clock.
      query = readQuery();
    }
  } finally {
    place.close();
  }
}

async function topGroups(flags: TopFlags, groupBy: string): Promise<void> {
  if (flags.watch) {
    throw new UsageError('groups are not watched', { where: '--watch, --group-by', hint: 'leave one of them out' });
  }
  const { readGroupsQuery } = await import('../../reports/questions/groups-query.js');
  const { printGroups } = await import('../views/groups.js');
  const { hiddenFor } = await import('../views/top.js');
  const parameters = parametersOf(flags, [...PARAMETERS, 'group-by']);
  const query = readGroupsQuery(parameters, flagContext());
  const place = await placeOf(flags);
  try {
    const hidden = flags.json ? [] : hiddenFor({ query, all: flags.all === true });
    const report = await place.groups({ ...query, hidden });
    if (report.observed.executions > 0 && report.groups.every(({ value }) => value === '')) {
      const { checkGroupBy } = await import('../../reports/groups/seen-filters.js');
      checkGroupBy(groupBy, await place.seen());
      await refuseUnseen(place, query.filter);
    }
    printGroups(report, { query, json: flags.json === true });
  } finally {
    place.close();
  }
}

/** Nothing fitted: throws UsageError where a value was never seen. */
async function refuseUnseen(place: Place, filter: StatementFilter): Promise<void> {
  const { checkSeen } = await import('../../reports/groups/seen-filters.js');
  checkSeen(filter, await place.seen());
}

/** A watched table must not scroll; its header and the lines below it need about eight lines. */
function rowsThatFit(): number {
  return Math.max(3, Math.min(20, (process.stdout.rows ?? 24) - 8));
}
