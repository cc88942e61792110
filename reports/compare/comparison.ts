// Compares two sides as somebody asked: reads both, whole, by statement or by the values of a tag.
// Invariant: terminal and API compare here, so they say the same. Not here: choosing sides (sides.ts), the arithmetic
// (noise/compare.ts), words.

import { UsageError } from '../../config/values/errors.js';
import { MINUTE_MS } from '../../config/values/minute.js';
import type { StatementsReport, Window } from '../../facts/answers.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { StatementsQuery, TimeRange } from '../questions/grammar.js';
import { groupsTogether, type RequestGroup, type RequestsReport } from '../requests.js';
import {
  type ComparedRequests,
  type ComparedRow,
  compareGroups,
  compareStatements,
  compareWhole,
  countPairs,
} from './noise/compare.js';
import type { ComparedSide, ComparedSides } from './sides.js';
import { clipped, type MarkedMoment } from './windows.js';

/** What comparing reads from. */
export interface ComparedPlace {
  statements(query: StatementsQuery): Promise<StatementsReport>;
  /** The same without texts, verdicts and tags, for rows whose texts are asked for alone; left out by some places. */
  counts?(query: StatementsQuery): Promise<StatementsReport>;
  /** Normalised texts of all of these; where there is counts(). */
  texts?(fingerprints: readonly string[]): ReadonlyMap<string, string>;
  requests(question: {
    range: TimeRange;
    tags: ReadonlyArray<readonly [key: string, value: string]>;
    by?: string;
  }): Promise<RequestsReport>;
  /** From the first to the last minute with anything in it; undefined while there is none. */
  recorded(): Promise<Window | undefined>;
}

export interface Comparison {
  readonly sides: readonly [ComparedSide, ComparedSide];
  readonly reports: readonly [StatementsReport, StatementsReport];
  /** The part of each window that was recorded. */
  readonly times: ReadonlyArray<Window | undefined>;
  /** The sides have windows of their own. */
  readonly differInTime: boolean;
  readonly mark?: MarkedMoment;
  /** Sources that are not compared. */
  readonly hidden: readonly string[];
  /** All statements of both sides. */
  readonly whole: ComparedRow;
  /** Per statement, or per value of `groupBy`. */
  readonly rows: readonly ComparedRow[];
  /** How many rows there are without a bound. */
  readonly rowsAll: number;
  readonly groupBy?: string;
}

export interface CompareOptions {
  /** Housekeeping and tools too. */
  readonly all?: boolean;
  /** The key of a tag. */
  readonly groupBy?: string;
  /** Groups from their requests alone: no executions without one, no percentiles, and two reads however many. */
  readonly requestsOnly?: boolean;
  /** Rows at most; default: all of them. */
  readonly rowsMax?: number;
  readonly onRead?: (label: string, steps: { done: number; of: number }) => void;
}

/** Throws UsageError for a value of a tag, or a tag, that nothing in the window has. */
export async function compareSides(
  place: ComparedPlace,
  { sides, differInTime, pairTag, mark }: ComparedSides,
  options: CompareOptions,
): Promise<Comparison> {
  const { groupBy: key, requestsOnly = false, rowsMax, onRead = () => {} } = options;
  // Groups of statements are found by their tags, and values of a tag that nothing has too.
  const isLean = key === undefined || requestsOnly;
  const hidden = leftOut(sides[0], options.all ?? false);
  const read = async (both: readonly ComparedSide[], steps: { done: number; of: number }) => {
    const reports: StatementsReport[] = [];
    for (const [index, side] of both.entries()) {
      onRead(side.label, { done: steps.done + index, of: steps.of });
      reports.push(await ask(place, side, { hidden: leftOut(side, options.all ?? false), isLean }));
    }
    return reports;
  };
  const [before, after] = await read(sides, { done: 0, of: 2 });
  if (pairTag !== undefined && [before, after].some(({ statements }) => statements.length === 0))
    await refuseUnseen(place, { key: pairTag, sides });
  const recorded = await place.recorded();
  const times = [before, after].map(({ window }) => clipped(window, recorded));
  const requests = await requestsOf(place, sides, key);
  const allOf = (side: RequestsReport | undefined): RequestGroup | undefined => side && groupsTogether(side);
  const together = { before: allOf(requests?.before), after: allOf(requests?.after) };
  const whole = compareWhole('all', { before, after }, together);
  const minutes = differInTime ? times.map(minutesOf) : undefined;
  const reports = [before, after] as const;
  const comparison = { sides, reports, times, differInTime, mark, hidden, whole, groupBy: key };
  if (key === undefined) {
    const rows = withTexts(place, compareStatements(before, after, { minutes, requests, rowsMax }));
    return { ...comparison, rows, rowsAll: countPairs(before, after) };
  }
  const rows = requestsOnly
    ? compareGroups(requests, { minutes })
    : await groupRows({ key, sides, reports, requests, read });
  return { ...comparison, rows: rows.slice(0, rowsMax), rowsAll: rows.length };
}

function withTexts(place: ComparedPlace, rows: ComparedRow[]): ComparedRow[] {
  if (place.counts === undefined) return rows;
  const texts = place.texts?.([...new Set(rows.map(({ key }) => key))]);
  return rows.map((row) => ({ ...row, query: texts?.get(row.key) ?? row.query }));
}

interface Grouped {
  readonly key: string;
  readonly sides: readonly [ComparedSide, ComparedSide];
  readonly reports: readonly StatementsReport[];
  readonly requests: ComparedRequests | undefined;
  readonly read: (both: readonly ComparedSide[], steps: { done: number; of: number }) => Promise<StatementsReport[]>;
}

async function groupRows({ key, sides, reports, requests, read }: Grouped): Promise<ComparedRow[]> {
  const rows: ComparedRow[] = [];
  const values = valuesOf(key, reports);
  for (const [index, value] of values.entries()) {
    const [one, other] = await read(
      sides.map((side) => narrowed(side, key, value)),
      { done: 2 + 2 * index, of: 2 + 2 * values.length },
    );
    const groups = { before: requests?.before.groups.get(value), after: requests?.after.groups.get(value) };
    const row = compareWhole(value, { before: one, after: other }, groups);
    // A statement of both sides may have run with this value on neither of them.
    if (row.before !== undefined || row.after !== undefined) rows.push(row);
  }
  return rows;
}

/** The requests of both sides. Undefined where executions are compared: without tags, or of some statements alone. */
async function requestsOf(
  place: ComparedPlace,
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
function leftOut({ filter }: ComparedSide, all: boolean): readonly string[] {
  return all || HIDDEN_SOURCES.some((source) => source === filter.source) ? [] : HIDDEN_SOURCES;
}

/** `isLean`: neither texts nor tags are needed. */
function ask(
  place: ComparedPlace,
  { range, filter }: ComparedSide,
  { hidden, isLean }: { hidden: readonly string[]; isLean: boolean },
): Promise<StatementsReport> {
  const query = { range, filter, sort: 'total', limit: 0, minMs: 0, hidden, form: 'mergeable' } as const;
  return isLean && place.counts !== undefined ? place.counts(query) : place.statements(query);
}

/** A value that nothing has in this window is a slip of the pen: throws UsageError that names those that are there. */
async function refuseUnseen(
  place: ComparedPlace,
  { key, sides }: { key: string; sides: readonly [ComparedSide, ComparedSide] },
): Promise<void> {
  const whole = await ask(place, { ...sides[0], filter: {} }, { hidden: [], isLean: false });
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

/** Executions of sources that are not compared, before and after, by source. */
export function leftOutOf({ reports, hidden }: Comparison): Map<string, readonly [number, number]> {
  const left = new Map<string, readonly [number, number]>();
  for (const source of hidden) {
    const [before, after] = reports.map(({ sums }) => sums.get(source)?.executions ?? 0);
    if (before + after > 0) left.set(source, [before, after]);
  }
  return left;
}

export function minutesOf(window: Window | undefined): number {
  return window === undefined ? 0 : (window.untilMs - window.sinceMs) / MINUTE_MS;
}
