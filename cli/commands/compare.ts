// `pgwitness compare`: compares two windows, sets of statements, values of a tag, or sources.
// Here: flags, and reading the reports of both sides. Not here: comparing (reports/compare), printing
// (cli/views/compare.ts), choosing sides (cli/reading/compare-sides.ts).

import type { Command } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { parseWhole } from '../../config/values/units.js';
import type { StatementsReport } from '../../facts/answers.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { ComparedRequests } from '../../reports/compare/compare.js';
import type { PerRequest } from '../../reports/compare/per-request.js';
import type { StatementsQuery } from '../../reports/questions/grammar.js';
import type { RequestGroup, RequestsReport } from '../../reports/requests.js';
import type { ComparedSide, SideFlags } from '../reading/compare-sides.js';
import { withMarks } from '../reading/marked-moments.js';
import type { Place } from '../reading/place.js';
import { addReadFlags, flagContext, parametersOf, placeOf, repeatable } from '../reading/read-flags.js';
import { openProgress } from '../terminal/progress.js';
import type { CompareView } from '../views/comparison.js';

interface CompareFlags extends SideFlags {
  readonly old?: string;
  readonly new?: string;
  readonly groupBy?: string;
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
    .option('--group-by <tag>', 'print a row per value of this comment tag instead of a row per statement')
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
  const { severalComparisons } = await import('../reading/compare-sides.js');
  const sets = given.old !== undefined || given.new !== undefined;
  const modes = [given.before !== undefined || given.after !== undefined, given.around !== undefined, sets];
  if (modes.filter(Boolean).length > 1) throw severalComparisons();
  if (given.json && given.markdown) {
    throw new UsageError('two output formats', { where: '--json, --markdown', hint: 'give one of them' });
  }
  const limit = parseWhole(given.limit ?? '20', { min: 0, max: 1_000_000, where: '--limit' });
  const flags = await withMarks(given);
  const place = await placeOf(flags);
  try {
    const form = flags.json ? ('json' as const) : flags.markdown ? ('markdown' as const) : ('text' as const);
    const view = { form, limit, verbose: flags.verbose === true };
    if (sets) await compareSetsOf(place, flags, view);
    else await compareSidesOf(place, flags, view);
  } finally {
    place.close();
  }
}

async function compareSetsOf(place: Place, flags: CompareFlags, view: CompareView): Promise<void> {
  const { compareSets, statementsOfSet } = await import('../../reports/compare/sets.js');
  const { fingerprintOf } = await import('../reading/find-statement.js');
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const { printSets } = await import('../views/compare-sets.js');
  const { scopeOf } = await import('../reading/compare-sides.js');
  if (flags.groupBy !== undefined) {
    throw new UsageError('--old and --new cannot be grouped', { where: '--group-by', hint: 'leave it out' });
  }
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  const scope = scopeOf(flags);
  const read = async (flag: '--old' | '--new', text: string | undefined) => {
    const names = (text ?? '').split(',').map((name) => name.trim());
    if (names.includes(''))
      throw new UsageError('no fingerprint', { where: flag, hint: 'give --old FP,… and --new FP,…' });
    const fingerprints = await Promise.all(names.map((name) => fingerprintOf(place, { name, range, where: flag })));
    const side = (fingerprint: string): ComparedSide => ({
      label: fingerprint,
      range,
      filter: { ...scope, prefix: fingerprint },
    });
    const reports = await Promise.all(fingerprints.map((fingerprint) => ask(place, side(fingerprint), [])));
    const plans = await Promise.all(fingerprints.map((fingerprint) => place.samples(fingerprint)));
    return { reports, statements: statementsOfSet(reports), plans };
  };
  const [old, now] = [await read('--old', flags.old), await read('--new', flags.new)];
  const requests = await place.requests({ range, tags: scope.tags ?? [] });
  const compared = compareSets({ ...old, requests }, { ...now, requests });
  printSets(compared, { old, now, scope, ...view });
}

async function compareSidesOf(place: Place, flags: CompareFlags, view: CompareView): Promise<void> {
  const { compareStatements, compareWhole } = await import('../../reports/compare/compare.js');
  const { compareRequests } = await import('../../reports/compare/per-request.js');
  const { groupsTogether } = await import('../../reports/requests.js');
  const { sidesOf } = await import('../reading/compare-sides.js');
  const { clipped } = await import('../reading/compare-windows.js');
  const { printComparison } = await import('../views/compare.js');
  const { sides, differInTime, pairTag, mark } = await sidesOf(place, flags);
  const progress = openProgress();
  const reports = async (both: readonly ComparedSide[], steps: { done: number; of: number }) => {
    const read: StatementsReport[] = [];
    for (const [index, side] of both.entries()) {
      progress.at(`Reading ${side.label}`, { done: steps.done + index, of: steps.of });
      read.push(await ask(place, side, leftOut(side, flags)));
    }
    return read;
  };
  const [before, after] = await reports(sides, { done: 0, of: 2 });
  if (pairTag !== undefined && [before, after].some(({ statements }) => statements.length === 0))
    await refuseUnseen(place, { key: pairTag, sides });
  const recorded = await place.recorded();
  const times = [before, after].map(({ window }) => clipped(window, recorded));
  const key = flags.groupBy;
  const requests = await requestsOf(place, sides, key);
  const byGroup = (value: string): PerRequest | undefined =>
    compareRequests(requests?.before.groups.get(value), requests?.after.groups.get(value));
  const allOf = (side: RequestsReport | undefined): RequestGroup | undefined => side && groupsTogether(side);
  const whole = compareWhole('all', {
    before,
    after,
    requests: compareRequests(allOf(requests?.before), allOf(requests?.after)),
  });
  const minutes = differInTime ? times.map(minutesOf) : undefined;
  let rows = compareStatements(before, after, { minutes, requests: key === undefined ? requests : undefined });
  if (key !== undefined) {
    rows = [];
    const values = valuesOf(key, [before, after]);
    for (const [index, value] of values.entries()) {
      const [one, other] = await reports(
        sides.map((side) => narrowed(side, key, value)),
        { done: 2 + 2 * index, of: 2 + 2 * values.length },
      );
      rows.push(compareWhole(value, { before: one, after: other, requests: byGroup(value) }));
    }
  }
  progress.end();
  const hidden = leftOut(sides[0], flags);
  const comparison = { sides, reports: [before, after], times, differInTime, mark, hidden, whole, rows } as const;
  printComparison({ ...comparison, groupBy: flags.groupBy }, view);
}

/** The requests of both sides. Undefined where executions are compared: without tags, or of some statements alone. */
async function requestsOf(
  place: Place,
  sides: readonly [ComparedSide, ComparedSide],
  by: string | undefined,
): Promise<ComparedRequests | undefined> {
  const isWhole = ({ filter }: ComparedSide): boolean =>
    filter.source === undefined && !filter.handwritten && (by !== undefined || filter.tags !== undefined);
  if (!sides.every(isWhole)) return undefined;
  const [before, after] = await Promise.all(
    sides.map(({ range, filter }) => place.requests({ range, tags: filter.tags ?? [], by })),
  );
  return { before, after };
}

/** Sources that nobody compares unless they are asked for. */
function leftOut({ filter }: ComparedSide, { all }: CompareFlags): readonly string[] {
  return all || HIDDEN_SOURCES.some((source) => source === filter.source) ? [] : HIDDEN_SOURCES;
}

function minutesOf(window: { sinceMs: number; untilMs: number } | undefined): number {
  return window === undefined ? 0 : (window.untilMs - window.sinceMs) / 60_000;
}

function ask(place: Place, side: ComparedSide, hidden: readonly string[]): Promise<StatementsReport> {
  const { range, filter } = side;
  const query: StatementsQuery = { range, filter, sort: 'total', limit: 0, minMs: 0, hidden, form: 'mergeable' };
  return place.statements(query);
}

/** A value that nothing has in this window is a slip of the pen: throws UsageError that names those that are there. */
async function refuseUnseen(
  place: Place,
  { key, sides }: { key: string; sides: readonly [ComparedSide, ComparedSide] },
): Promise<void> {
  const whole = await ask(place, { ...sides[0], filter: {} }, []);
  const seen = valuesOf(key, [whole], '--tag');
  for (const { filter } of sides) {
    const value = filter.tags?.find(([known]) => known === key)?.[1] ?? '';
    if (seen.includes(value)) continue;
    const some = seen.slice(0, 10).join(', ') + (seen.length > 10 ? ', …' : '');
    throw new UsageError(`no statement has ${key}=${value} in this window`, {
      where: '--tag',
      hint: `there is ${some}`,
    });
  }
}

function narrowed(side: ComparedSide, key: string, value: string): ComparedSide {
  return { ...side, filter: { ...side.filter, tags: [...(side.filter.tags ?? []), [key, value]] } };
}

function valuesOf(key: string, reports: readonly StatementsReport[], where = '--group-by'): string[] {
  const values = new Set<string>();
  for (const { statements } of reports) {
    for (const { tags } of statements) for (const value of tags.get(key) ?? []) values.add(value);
  }
  if (values.size > 0) return [...values].sort();
  throw new UsageError(`no statement has the tag "${key}" here`, {
    where,
    hint: 'pgwitness show FINGERPRINT lists the tags of a statement; dimensionKeys in the config file names the keys that are kept',
  });
}
