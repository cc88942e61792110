// `pgwitness top`: shows the statements that take most time in a window.
// Here: flags, reading and repeating. Not here: the grammar of filters (reports/questions/grammar.ts), the table
// (cli/views/top.ts), the JSON (reports/forms/statements-json.ts).

import type { Command } from 'commander';
import { ExitCode, UsageError } from '../../config/values/errors.js';
import { withMarks } from '../reading/marked-moments.js';
import {
  addReadFlags,
  flagContext,
  parametersOf,
  placeFlags,
  placeOf,
  type ReadFlags,
  repeatable,
} from '../reading/read-flags.js';

interface TopFlags extends ReadFlags {
  readonly limit?: string;
  readonly all?: boolean;
  readonly watch?: boolean;
}

const PARAMETERS = ['since', 'until', 'source', 'sort', 'limit', 'handwritten', 'pool', 'tag', 'construct', 'min-ms'];
const WATCH_INTERVAL_MS = 2_000;
/** Cursor home, then clear to the end: rows are overwritten in place, so that the screen does not flicker. */
const REDRAW = '\u001b[H\u001b[J';

export function register(program: Command): void {
  addReadFlags(program.command('top').description('show the statements that take most time, with their source'))
    .option('--source <source>', 'django-orm, raw, sqlalchemy, housekeeping, tool, unknown, or a name from your rules')
    .option('--sort <key>', 'total, mean, p95, p99, max, calls, errors or rows (default: total)')
    .option('--limit <n>', 'rows to print, 0 for all (default: 20)')
    .option('--handwritten', 'only handwritten SQL: raw, text(), extra() and RawSQL()')
    .option('--pool <name>', 'only statements of this pool')
    .addOption(repeatable('--tag <key=value>', 'only statements with this comment tag, may repeat'))
    .option('--construct <construct>', 'queryset, raw-queryset, extra, cursor, core, orm, text, …')
    .option('--min-ms <ms>', 'only statements whose mean service time is at least this')
    .option('--watch', 'print again every 2 s until interrupted')
    .option('--all', 'also print a row for each housekeeping and tool statement')
    .addHelpText(
      'after',
      `
Examples:
  pgwitness top --source raw                      the raw SQL that takes most time
  pgwitness top --handwritten --sort p95 --since 1h
  pgwitness top --tag route=/books/ --min-ms 20
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
      const trends = flags.json ? undefined : await trendsOf(place, { rows: report.statements, range: query.range });
      if (redraws) process.stdout.write(REDRAW);
      printTop(report, { ...shown, trends, json: flags.json === true, read: place.name, typedPlace });
      if (!flags.watch) return;
      await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
      // Read again, because "--since 15m" moves on with the clock.
      query = readQuery();
    }
  } finally {
    place.close();
  }
}

/** A watched table must not scroll; its header and the lines below it need about eight lines. */
function rowsThatFit(): number {
  return Math.max(3, Math.min(20, (process.stdout.rows ?? 24) - 8));
}
