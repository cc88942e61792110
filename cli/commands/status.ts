// `pgwitness status`: the overview in ten lines.
// Here: flags, the windows around the last mark, and reading. Not here: what counts as a change
// (reports/compare/changes.ts), printing (cli/views/status.ts).

import type { Command } from 'commander';
import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import type { MarkRow } from '../../facts/flush.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import { markNamed } from '../../reports/compare/windows.js';
import type { StatementsQuery, TimeRange } from '../../reports/questions/grammar.js';
import { withMarks } from '../reading/marked-moments.js';
import type { Place } from '../reading/place.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';
import { openProgress } from '../terminal/progress.js';

interface StatusFlags extends ReadFlags {
  readonly mark?: string;
  readonly dsn?: string;
}

/** Of the window before the mark: long enough for what runs seldom. */
const BEFORE_MIN_MS = 3_600_000;

export function register(program: Command): void {
  addReadFlags(
    program.command('status').description('the overview in ten lines: what was lost, new, slower, gone, which pools'),
  )
    .option('--mark <name>', 'what changed since this mark (default: the last deployment or mark)')
    .option('--dsn <dsn>', 'also say what bypasses pgwitness, of this server: postgres://user@host:port/database')
    .addHelpText(
      'after',
      `
New is what was never seen before the mark, slower what passed a test (see pgwitness compare --help), gone what would have run
at least 5 times by now. Before is the time before the mark, as long as the time since, one hour at least.

Examples:
  pgwitness status
  pgwitness status --mark "deploy 42" --format markdown     for a pull request
  pgwitness status --dsn postgres://monitor@db/shop
`,
    )
    .action(status);
}

async function status(given: StatusFlags): Promise<void> {
  const flags = await withMarks(given);
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const { changesSince } = await import('../../reports/compare/changes.js');
  const { printStatus } = await import('../views/status.js');
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  const place = await placeOf(flags);
  const progress = openProgress();
  progress.at(`Reading ${place.name}`);
  try {
    const nowMs = range.untilMs ?? Date.now();
    const whole = await place.statements({ ...ALL, range, hidden: HIDDEN_SOURCES, limit: 1 });
    const pools = await place.pools(range);
    const mark = await markOf(place, flags.mark, nowMs);
    const sides = mark && (await sidesOf(place, { atMs: mark.atMs, nowMs }));
    const shipping = await place.shipping();
    const bypass = flags.dsn === undefined ? undefined : await bypassing(place, flags.dsn);
    progress.end();
    const changes = mark && sides && changesSince(mark.atMs, sides);
    printStatus(
      { whole, pools, mark, changes, shipping, bypass, read: place.name, nowMs },
      { json: flags.json === true },
    );
  } finally {
    progress.end();
    place.close();
  }
}

const ALL: Omit<StatementsQuery, 'range'> = {
  filter: {},
  sort: 'total',
  limit: 0,
  minMs: 0,
  hidden: [],
  form: 'mergeable',
};

/** The mark of that name; else the last deployment or mark that somebody set; else the last of any kind. */
async function markOf(place: Place, name: string | undefined, nowMs: number): Promise<MarkRow | undefined> {
  const marks = (await place.marks({})).filter(({ atMs }) => atMs <= nowMs);
  if (name !== undefined) return markNamed(marks, { name, nowMs, read: place.name });
  return marks.findLast(({ kind }) => kind !== 'ddl') ?? marks.at(-1);
}

async function sidesOf(place: Place, { atMs, nowMs }: { atMs: number; nowMs: number }) {
  const minute = minuteOf(atMs) * MINUTE_MS;
  const spanMs = Math.max(BEFORE_MIN_MS, nowMs - minute);
  const read = (range: TimeRange) => place.statements({ ...ALL, range });
  const before = await read({ sinceMs: minute - spanMs, untilMs: minute });
  // What is new shows from the mark's own minute on.
  return { before, after: await read({ sinceMs: minute, untilMs: Math.max(nowMs, minute + MINUTE_MS) }) };
}

async function bypassing(place: Place, dsn: string) {
  const { bypassOf } = await import('../views/bypass.js');
  return bypassOf(place, dsn);
}
