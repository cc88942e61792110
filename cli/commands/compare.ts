// `pgwitness compare`: compares two windows, two sets of statements, or two values of a tag.
// Here: flags, and reading the reports of both sides. Not here: comparing (reports/compare), printing
// (cli/views/compare.ts), choosing windows (cli/reading/compare-windows.ts).

import type { Command } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { parseWhole } from '../../config/values/units.js';
import type { StatementFilter, StatementsReport } from '../../facts/answers.js';
import type { StatementsQuery } from '../../reports/questions/grammar.js';
import type { ComparedSide } from '../reading/compare-windows.js';
import type { Place } from '../reading/place.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';
import { openProgress } from '../terminal/progress.js';

interface CompareFlags extends ReadFlags {
  readonly before?: string;
  readonly after?: string;
  readonly around?: string;
  readonly span?: string;
  readonly old?: string;
  readonly new?: string;
  readonly tag?: string;
  readonly groupBy?: string;
  readonly source?: string;
  readonly handwritten?: boolean;
  readonly limit?: string;
  readonly markdown?: boolean;
}

export function register(program: Command): void {
  addReadFlags(
    program.command('compare').description('show what got slower or faster, and whether that is more than noise'),
  )
    .option(
      '--before <window>',
      'window as from..to, each a time ago (15m), ISO 8601 or nothing: 3h..1h, 2026-01-31T08:00..',
    )
    .option('--after <window>', 'window to compare it with')
    .option('--around <mark>', 'compare before and after a mark (pgwitness mark) or a moment')
    .option('--span <duration>', 'length of each window with --around (default: 1h)')
    .option(
      '--old <fingerprints>',
      'statements before their migration, separated by commas; each execution of the first is one use',
    )
    .option('--new <fingerprints>', 'statements that replace them')
    .option('--tag <key=a,b>', 'compare executions with value a of a comment tag to those with value b')
    .option('--group-by <tag>', 'print a row per value of this comment tag instead of a row per statement')
    .option('--source <source>', 'only statements of this source')
    .option('--handwritten', 'only handwritten SQL')
    .option('--limit <n>', 'rows to print, 0 for all (default: 20)')
    .option('--markdown', 'print Markdown, for instance for a pull request')
    .addHelpText(
      'after',
      `
A factor compares mean service times. A difference counts as slower or faster if Mann-Whitney's U test on the merged
histograms, or Welch's t test on the means, gives p < 0.005. With fewer than 20 executions there is no verdict.

Examples:
  pgwitness compare --around "deploy 42" --span 2h
  pgwitness compare --before 3h..2h --after 1h.. --group-by route
  pgwitness compare --old 5c1d2a… --new 77aa01…,90bc12…,1f00aa…     one CTE against three ORM queries
  pgwitness compare --tag app_version=41,42 --markdown
`,
    )
    .action(compare);
}

async function compare(flags: CompareFlags): Promise<void> {
  const modes = [
    flags.before !== undefined || flags.after !== undefined,
    flags.around !== undefined,
    flags.old !== undefined || flags.new !== undefined,
    flags.tag !== undefined,
  ].filter(Boolean).length;
  if (modes !== 1) {
    throw new UsageError(modes === 0 ? 'nothing to compare' : 'several comparisons at once', {
      where: 'compare',
      hint: 'give --before and --after, or --around, or --old and --new, or --tag key=a,b',
    });
  }
  if (flags.json && flags.markdown) {
    throw new UsageError('two output formats', { where: '--json, --markdown', hint: 'give one of them' });
  }
  const limit = parseWhole(flags.limit ?? '20', { min: 0, max: 1_000_000, where: '--limit' });
  const place = await placeOf(flags);
  try {
    const view = {
      form: flags.json ? ('json' as const) : flags.markdown ? ('markdown' as const) : ('text' as const),
      limit,
    };
    if (flags.old !== undefined || flags.new !== undefined) await compareSetsOf(place, flags, view);
    else await compareSidesOf(place, flags, view);
  } finally {
    place.close();
  }
}

interface View {
  readonly form: 'json' | 'markdown' | 'text';
  readonly limit: number;
}

async function compareSetsOf(place: Place, flags: CompareFlags, view: View): Promise<void> {
  const { compareSets, statementsOfSet } = await import('../../reports/compare/compare.js');
  const { fingerprintOf } = await import('../reading/find-statement.js');
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const { printSets } = await import('../views/compare-sets.js');
  if (flags.groupBy !== undefined) {
    throw new UsageError('--old and --new cannot be grouped', { where: '--group-by', hint: 'leave it out' });
  }
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  const read = async (flag: '--old' | '--new', text: string | undefined) => {
    const names = (text ?? '').split(',').map((name) => name.trim());
    if (names.includes(''))
      throw new UsageError('no fingerprint', { where: flag, hint: 'give --old FP,… and --new FP,…' });
    const fingerprints = await Promise.all(names.map((name) => fingerprintOf(place, { name, range, where: flag })));
    const reports = await Promise.all(fingerprints.map((fingerprint) => place.statement(fingerprint, range)));
    const plans = await Promise.all(fingerprints.map((fingerprint) => place.samples(fingerprint)));
    return { reports, statements: statementsOfSet(reports), plans };
  };
  const [old, now] = [await read('--old', flags.old), await read('--new', flags.new)];
  printSets(compareSets(old.statements, now.statements), { old, now, ...view });
}

async function compareSidesOf(place: Place, flags: CompareFlags, view: View): Promise<void> {
  const { compareStatements, compareWhole } = await import('../../reports/compare/compare.js');
  const { printComparison } = await import('../views/compare.js');
  const sides = await sidesOf(place, flags);
  const progress = openProgress();
  const reports = async (both: readonly ComparedSide[], steps: { done: number; of: number }) => {
    const read: StatementsReport[] = [];
    for (const [index, side] of both.entries()) {
      progress.at(`Reading ${side.label}`, { done: steps.done + index, of: steps.of });
      read.push(await ask(place, side));
    }
    return read;
  };
  const [before, after] = await reports(sides, { done: 0, of: 2 });
  const whole = compareWhole('all', before, after);
  let rows = compareStatements(before, after);
  if (flags.groupBy !== undefined) {
    const key = flags.groupBy;
    rows = [];
    const values = valuesOf(key, [before, after]);
    for (const [index, value] of values.entries()) {
      const [one, other] = await reports(
        sides.map((side) => narrowed(side, key, value)),
        { done: 2 + 2 * index, of: 2 + 2 * values.length },
      );
      rows.push(compareWhole(value, one, other));
    }
  }
  progress.end();
  printComparison({ sides, reports: [before, after], whole, rows, groupBy: flags.groupBy }, view);
}

async function sidesOf(place: Place, flags: CompareFlags): Promise<[ComparedSide, ComparedSide]> {
  const filter: StatementFilter = { source: flags.source, handwritten: flags.handwritten };
  if (flags.tag !== undefined) {
    const { readTimeRange } = await import('../../reports/questions/grammar.js');
    const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
    const [key, values] = [flags.tag.split('=', 1)[0], flags.tag.slice(flags.tag.indexOf('=') + 1).split(',')];
    if (!flags.tag.includes('=') || key === '' || values.length !== 2 || values.includes('')) {
      throw new UsageError(`"${flags.tag}" is not key=a,b`, { where: '--tag', hint: 'for instance app_version=41,42' });
    }
    const side = (value: string): ComparedSide => ({
      label: `${key}=${value}`,
      range,
      filter: { ...filter, tags: [[key, value]] },
    });
    return [side(values[0]), side(values[1])];
  }
  const { windowsOf } = await import('../reading/compare-windows.js');
  const [before, after] = await windowsOf(place, flags);
  return [
    { ...before, filter },
    { ...after, filter },
  ];
}

function ask(place: Place, side: ComparedSide): Promise<StatementsReport> {
  const query: StatementsQuery = { ...side, sort: 'total', limit: 0, minMs: 0, hidden: [], form: 'mergeable' };
  return place.statements(query);
}

function narrowed(side: ComparedSide, key: string, value: string): ComparedSide {
  return { ...side, filter: { ...side.filter, tags: [...(side.filter.tags ?? []), [key, value]] } };
}

function valuesOf(key: string, reports: readonly StatementsReport[]): string[] {
  const values = new Set<string>();
  for (const { statements } of reports) {
    for (const { tags } of statements) for (const value of tags.get(key) ?? []) values.add(value);
  }
  if (values.size > 0) return [...values].sort();
  throw new UsageError(`no statement has the tag "${key}" here`, {
    where: '--group-by',
    hint: 'pgwitness show FINGERPRINT lists the tags of a statement; dimensionKeys in the config file names the keys that are kept',
  });
}
