// Prints what new versions of migrated places cost beside the old: in a window, from mark to mark.
// Invariant: a factor is that of the time in the database, and a title says so; what is unclear is said to be.
// Not here: comparing (reports/compare/migration-pairs.ts), the rest of `progress` (progress.ts).

import { chanceText, factorText, intervalText } from '../../facts/words/changes.js';
import type { LedgerFacts } from '../../reports/compare/migration.js';
import type { FactorRange, MarkFacts } from '../../reports/compare/migration-marks.js';
import type { PairFacts } from '../../reports/compare/migration-pairs.js';
import type { VersionCost } from '../../reports/compare/migration-requests.js';
import type { RequestChange } from '../../reports/compare/noise/per-request.js';
import { count, duration, moment, share } from '../terminal/format.js';
import { oneLine, type Screen, styled, wrapped } from '../terminal/output.js';
import { type Column, renderTable } from '../terminal/table.js';

interface Shown {
  readonly screen: Screen;
}

const OLD_BEFORE = '* the old version hardly ran in this window: it is that of all the time up to its end';
const OLD_BEFORE_AT =
  '* the old version hardly ran from there on: it is that of all the time up to the end of the window';
const TIME_WORDS = { more: 'slower', less: 'faster' } as const;
const COUNT_WORDS = { more: 'more', less: 'fewer' } as const;

export function pairLines({ pairs, places }: LedgerFacts, { screen }: Shown): string[] {
  if (pairs.length === 0) return [];
  const nameOf = namesOf({ places });
  const compared = pairs.filter(({ time }) => time !== null);
  const lines = ['', styled('New version beside the old, database time', { style: 'bold', screen })];
  if (compared.length > 0) {
    const columns: Column<PairFacts>[] = [
      { title: 'place', flexible: true, cell: nameOf },
      { title: 'per', cell: ({ per }) => per, dropOrder: 3 },
      ...COSTS,
      { title: 'change of statements', dropOrder: 4, cell: ({ statements }) => changeText(statements, COUNT_WORDS) },
      { title: 'change of rows', dropOrder: 5, cell: ({ rows }) => changeText(rows, COUNT_WORDS) },
      { title: 'time', cell: timeText },
    ];
    lines.push(renderTable(compared, columns, screen));
    if (compared.some(({ oldBefore }) => oldBefore)) lines.push(OLD_BEFORE);
  }
  for (const pair of pairs.filter(({ time }) => time === null)) {
    lines.push(...wrapped(`${nameOf(pair)}: ${pair.reason}`, { width: screen.width, indent: '  ' }));
  }
  return [...lines, ...idleLines(compared, { nameOf, screen })];
}

/** Of pairs by route whose application counts the requests that send nothing. */
function idleLines(
  pairs: readonly PairFacts[],
  { nameOf, screen }: Shown & { nameOf: (pair: PairFacts) => string },
): string[] {
  const known = pairs.filter(({ timeWithIdle }) => timeWithIdle !== null);
  if (known.length === 0) return [];
  const idleShare = (cost: VersionCost | null): string =>
    cost === null || cost.idle === null ? '' : share(cost.idle, cost.uses + cost.idle);
  const columns: Column<PairFacts>[] = [
    { title: 'place', flexible: true, cell: nameOf },
    { title: 'old cached', align: 'right', cell: ({ old }) => idleShare(old) },
    { title: 'new cached', align: 'right', cell: ({ new: now }) => idleShare(now) },
    { title: 'time without them', dropOrder: 1, cell: timeText },
    { title: 'time with them', cell: ({ timeWithIdle }) => changeText(timeWithIdle, TIME_WORDS) },
  ];
  const title = 'With the requests answered without a statement (cached), database time per request';
  return ['', styled(title, { style: 'bold', screen }), renderTable(known, columns, screen)];
}

/** From mark to mark; nothing where the window is one stretch. */
export function markLines({ marks, pairs, places }: LedgerFacts, { screen }: Shown): string[] {
  if (marks.length < 2) return [];
  const nameOf = namesOf({ places });
  const groups = marks[0].groups.map(({ group }) => group);
  const byGroup = groups.flatMap((group) =>
    marks.map((at) => ({ group, at, factors: at.groups.find((one) => one.group === group)?.factors ?? null })),
  );
  const known = byGroup.filter(({ group }) => byGroup.some((one) => one.group === group && one.factors !== null));
  const byPair = pairs.flatMap(({ id }) =>
    marks.flatMap((at) => {
      const pair = at.pairs.find((one) => one.id === id);
      return pair === undefined ? [] : [{ at, pair }];
    }),
  );
  const compared = byPair.filter(({ pair }) => byPair.some((one) => one.pair.id === pair.id && one.pair.time !== null));
  if (compared.length === 0) return [];
  const from = { title: 'from', dropOrder: 1, cell: ({ at }: { at: MarkFacts }) => moment(at.window.sinceMs) };
  const mark = { title: 'since mark', cell: ({ at }: { at: MarkFacts }) => marksText(at) };
  const groupTable = renderTable(
    known,
    [
      { title: 'group', flexible: true, cell: ({ group }) => oneLine(group) },
      mark,
      from,
      { title: 'new beside old, database time', cell: ({ factors }) => factorsText(factors) || 'not compared' },
    ],
    screen,
  );
  const pairTable = renderTable(
    compared,
    [
      { title: 'place', flexible: true, cell: ({ pair }) => nameOf(pair) },
      mark,
      from,
      ...COSTS.map((column) => ({ ...column, cell: ({ pair }: { pair: PairFacts }) => column.cell(pair) })),
      { title: 'time', cell: ({ pair }) => (pair.time === null ? (pair.reason ?? '') : timeText(pair)) },
    ],
    screen,
  );
  const lines = ['', styled('Factor from each mark to the next, database time', { style: 'bold', screen })];
  lines.push(groupTable, '', pairTable);
  if (compared.some(({ pair }) => pair.time !== null && pair.oldBefore)) lines.push(OLD_BEFORE_AT);
  return lines;
}

function marksText({ marks }: MarkFacts): string {
  return marks.length === 0 ? '(start)' : marks.map(({ name }) => oneLine(name)).join(', ');
}

/** "12.0–16.3× slower", "5.10× faster". */
export function factorsText(factors: FactorRange | null): string {
  if (factors === null) return '';
  const { low, high } = factors;
  const words = (from: number, to: number): string =>
    factorText(from) === factorText(to) ? factorText(from) : `${factorText(from)}–${factorText(to)}`;
  if (low >= 1) return `${words(low, high)}× slower`;
  if (high < 1) return `${words(1 / high, 1 / low)}× faster`;
  return `${factorText(1 / low)}× faster to ${factorText(high)}× slower`;
}

function namesOf({ places }: Pick<LedgerFacts, 'places'>): (pair: PairFacts) => string {
  const named = new Map(places.map(({ entry }) => [entry.id, `${entry.at} ${entry.function}`]));
  return ({ id }) => oneLine(named.get(id) ?? id);
}

const COSTS: readonly Column<PairFacts>[] = [
  { title: 'old', align: 'right', cell: ({ old }) => costText(old) },
  { title: 'new', align: 'right', cell: ({ new: now }) => costText(now) },
  { title: 'rows', align: 'right', dropOrder: 2, cell: rowsText },
];

/** "3.0 in 12.1 ms": statements and their time. */
function costText(cost: VersionCost | null): string {
  return cost === null ? '–' : `${decimal(cost.statements)} in ${duration(cost.timeNs / 1e6)}`;
}

function rowsText({ old, new: now }: PairFacts): string {
  return old === null || now === null ? '' : `${decimal(old.rows)} → ${decimal(now.rows)}`;
}

function timeText({ time, oldBefore }: PairFacts): string {
  const text = changeText(time, TIME_WORDS);
  return text === '' || !oldBefore ? text : `${text} *`;
}

/** "2.47× slower, 2.06 to 2.97× with 95 % (p < 0.001)". */
function changeText(change: RequestChange | null, words: { readonly more: string; readonly less: string }): string {
  if (change?.factor === undefined) return '';
  const { factor, judgement } = change;
  const times = factor >= 1 ? `${factorText(factor)}× ${words.more}` : `${factorText(1 / factor)}× ${words.less}`;
  if (judgement === 'too few') return `${times}, too few to tell`;
  if (judgement === 'no clear difference') return factor === 1 ? 'no difference' : `no clear difference (${times})`;
  // Most may have got slower while the mean did not: the judgement is of the first, and the interval of the mean.
  const agrees = judgement === 'slower' ? (change.low ?? factor) >= 1 : (change.high ?? factor) <= 1;
  const told = agrees ? times : `${judgement === 'slower' ? words.more : words.less} mostly, mean ${times}`;
  return `${told}${intervalText(change)} (${chanceText(change.p)})`;
}

function decimal(value: number): string {
  return Number.isInteger(value) ? count(value) : value < 100 ? value.toFixed(1) : count(value);
}
