// `pgwitness compare`: compares two windows, sets of statements, values of a tag, or sources.
// Here: flags. Not here: choosing sides and comparing (reports/compare), printing (cli/views/compare.ts).

import type { Command } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { parseWhole } from '../../config/values/units.js';
import type { SetsQuestion } from '../../reports/compare/sets-report.js';
import { withMarks } from '../reading/marked-moments.js';
import type { Place } from '../reading/place.js';
import { addReadFlags, flagContext, placeOf, type ReadFlags, repeatable } from '../reading/read-flags.js';
import { openProgress } from '../terminal/progress.js';
import type { CompareView } from '../views/compare-view.js';

interface CompareFlags extends SetsQuestion, ReadFlags {
  readonly limit?: string;
  readonly markdown?: boolean;
  readonly all?: boolean;
  readonly verbose?: boolean;
}

export function register(program: Command): void {
  addReadFlags(
    program.command('compare').description('show what got slower or faster, and whether that is more than noise'),
  )
    .option(
      '--before <window>',
      'window as from..to, each a time ago (15m), ISO 8601, a mark or nothing: 3h..1h, 2026-01-31T08:00..',
    )
    .option('--after <window>', 'window to compare it with')
    .option('--around <mark>', 'compare before and after a mark (pgwitness mark) or a moment')
    .option('--span <duration>', 'length of each window with --around (default: 1h)')
    .option(
      '--old <fingerprints>',
      'statements before their migration, separated by commas; each execution of the first is one use',
    )
    .option('--new <fingerprints>', 'statements that replace them')
    .addOption(
      repeatable(
        '--tag <key=a,b>',
        'compare executions with value a of a comment tag to those with value b; key=a narrows both sides; may repeat',
      ),
    )
    .option(
      '--group-by <tag>',
      'print a row per value of this comment tag (also tag:NAME; service and pool are tags here) instead of a row per statement',
    )
    .option('--source <source>', 'only statements of this source; a,b compares two sources')
    .option('--handwritten', 'only handwritten SQL')
    .option('--all', 'also compare housekeeping (BEGIN, pings, …) and tools')
    .option('--limit <n>', 'rows to print, 0 for all (default: 20)')
    .option('--verbose', 'name the test of each judgement')
    .option('--markdown', 'print Markdown, for instance for a pull request')
    .addHelpText(
      'after',
      `
A factor compares the time per request where requests are known (two values of a tag, --group-by, or a --tag that both
sides share, without --source and --handwritten), else mean service times. A difference counts as slower or faster if Mann-Whitney's U test on the merged
histograms, or Welch's t test on the means, gives p < 0.005; of requests
Welch's alone. With fewer than 20 executions or requests there is no verdict.
Windows are clipped to what was recorded; where they differ in length, counts are per minute.

Examples:
  pgwitness compare --around "deploy 42" --span 2h
  pgwitness compare --before 3h..2h --after 1h.. --group-by route
  pgwitness compare --old 5c1d2a… --new 77aa01…,90bc12…,1f00aa…     one CTE against three ORM queries
  pgwitness compare --old 5c1d2a… --new 77aa01… --tag 'route=reports/*'   as this route uses them
  pgwitness compare --tag route=/api/x,/api/v2/x                    a route and the one that replaces it
  pgwitness compare --tag flag=off,on --tag route=search
  pgwitness compare --tag app_version=41,42 --markdown
`,
    )
    .action(compare);
}

async function compare(given: CompareFlags): Promise<void> {
  const { refuseSeveral } = await import('../../reports/compare/sides.js');
  refuseSeveral(given);
  if (given.json && given.markdown) {
    throw new UsageError('two output formats', { where: '--json, --markdown', hint: 'give one of them' });
  }
  const limit = parseWhole(given.limit ?? '20', { min: 0, max: 1_000_000, where: '--limit' });
  const flags = await withMarks(given);
  const place = await placeOf(flags);
  try {
    const form = flags.json ? ('json' as const) : flags.markdown ? ('markdown' as const) : ('text' as const);
    const view = { form, limit, verbose: flags.verbose === true };
    if (flags.old !== undefined || flags.new !== undefined) await compareSetsOf(place, flags, view);
    else await compareSidesOf(place, flags, view);
  } finally {
    place.close();
  }
}

async function compareSetsOf(place: Place, flags: CompareFlags, view: CompareView): Promise<void> {
  const { reportSets } = await import('../../reports/compare/sets-report.js');
  const { setsJson } = await import('../../reports/compare/sets-json.js');
  const { printSets } = await import('../views/compare-sets.js');
  printSets(setsJson(await reportSets(place, flags, flagContext())), { tags: flags.tag ?? [], ...view });
}

async function compareSidesOf(place: Place, flags: CompareFlags, view: CompareView): Promise<void> {
  const { comparedTag } = await import('../../reports/compare/compare-query.js');
  const { compareSides } = await import('../../reports/compare/comparison.js');
  const { sidesOf } = await import('../../reports/compare/sides.js');
  const { printComparison } = await import('../views/compare.js');
  const { all } = flags;
  const groupBy = flags.groupBy === undefined ? undefined : comparedTag(flags.groupBy, '--group-by');
  const sides = await sidesOf(place, flags, flagContext());
  const progress = openProgress();
  const onRead = (label: string, steps: { done: number; of: number }): void => progress.at(`Reading ${label}`, steps);
  const comparison = await compareSides(place, sides, { all, groupBy, onRead });
  progress.end();
  const empty = comparison.sides.filter((_, side) => comparison.reports[side].statements.length === 0);
  if (empty.length > 0) {
    const { checkSeen } = await import('../../reports/groups/seen-filters.js');
    const seen = await place.seen();
    for (const { filter } of empty) checkSeen(filter, seen);
  }
  printComparison(comparison, view);
}
