// Reads the two sides of `compare`: windows, values of a tag or sources, and what both share.
// Invariant: exactly one thing differs between the sides. Not here: windows (windows.ts), sets of statements
// (sets-report.ts).

import { UsageError } from '../../config/values/errors.js';
import type { StatementFilter } from '../../facts/answers.js';
import { readTimeRange, type TimeRange } from '../questions/grammar.js';
import type { ParameterContext } from '../questions/reading.js';
import { type LabelledWindow, type MarkedMoment, type MarksPlace, type WindowFlags, windowsOf } from './windows.js';

/** What is to be compared, as it was asked: flags of the terminal or parameters of the API. */
export interface SideFlags extends WindowFlags {
  readonly since?: string;
  readonly until?: string;
  readonly tag?: readonly string[];
  readonly source?: string;
  readonly handwritten?: boolean;
}

/** One side of a comparison: its window, and the filter of its statements. */
export interface ComparedSide extends LabelledWindow {
  readonly filter: StatementFilter;
}

export interface ComparedSides {
  readonly sides: readonly [ComparedSide, ComparedSide];
  /** Both have a window of their own, so that counts are to be held against time. */
  readonly differInTime: boolean;
  /** The tag in whose value they differ. */
  readonly pairTag?: string;
  readonly mark?: MarkedMoment;
}

type Pair = readonly [string, string];

/** The window that both sides share. Throws UsageError. */
export function rangeOf({ since, until }: SideFlags, context: ParameterContext): TimeRange {
  const given = new URLSearchParams();
  if (since !== undefined) given.set('since', since);
  if (until !== undefined) given.set('until', until);
  return readTimeRange(given, context);
}

/** Throws UsageError if nothing differs, or more than one thing does. */
export async function sidesOf(place: MarksPlace, flags: SideFlags, context: ParameterContext): Promise<ComparedSides> {
  const named = context.place ?? ((name: string) => `parameter "${name}"`);
  if (flags.before !== undefined || flags.after !== undefined || flags.around !== undefined) {
    const { windows, mark } = await windowsOf(place, { flags, named, nowMs: context.nowMs });
    const filter = scopeOf(flags);
    const sides = windows.map((window) => ({ ...window, filter }));
    return { sides: [sides[0], sides[1]], differInTime: true, mark };
  }
  const range = rangeOf(flags, context);
  const { tags, source, handwritten } = scopeOf(flags);
  const found = pairsOf(flags);
  if (found.length > 1) throw severalComparisons();
  if (found.length === 0) throw nothingDiffers(flags);
  const [{ key, pair }] = found;
  const side = (value: string): ComparedSide =>
    key === 'source'
      ? { label: value, range, filter: { source: value, handwritten, tags } }
      : {
          label: `${key.tag}=${value}`,
          range,
          filter: { source, handwritten, tags: [...others(tags, key.tag, pair), [key.tag, value]] },
        };
  const pairTag = key === 'source' ? undefined : key.tag;
  return { sides: [side(pair[0]), side(pair[1])], differInTime: false, pairTag };
}

/** What all statements of both sides have in common. Throws UsageError for a tag that is not key=value. */
export function scopeOf(flags: SideFlags): StatementFilter {
  const tags = (flags.tag ?? []).map((text) => tagOf(text));
  return { source: flags.source, handwritten: flags.handwritten, tags: tags.length === 0 ? undefined : tags };
}

/** What names sets of statements; see sets-report.ts. */
export interface SetFlags extends SideFlags {
  readonly old?: string;
  readonly new?: string;
}

/** Throws UsageError if two windows, a mark and sets are asked for at once. */
export function refuseSeveral(flags: SetFlags): void {
  const { before, after, around, old, new: now } = flags;
  const isSets = old !== undefined || now !== undefined;
  const asked = [before !== undefined || after !== undefined, around !== undefined, isSets];
  if (asked.filter(Boolean).length > 1 || (isSets && pairsOf(flags).length > 0)) throw severalComparisons();
}

function severalComparisons(): UsageError {
  return new UsageError('several comparisons at once', { where: 'compare', hint: ONE_OF });
}

const ONE_OF =
  'give --before and --after, or --around, or --old and --new, or a pair: --tag key=a,b or --source a,b; other tags narrow both sides';

function pairsOf(flags: SideFlags): Array<{ key: 'source' | { tag: string }; pair: Pair }> {
  const found: Array<{ key: 'source' | { tag: string }; pair: Pair }> = [];
  const source = pairOf(flags.source ?? '');
  if (source !== undefined) found.push({ key: 'source', pair: source });
  for (const text of flags.tag ?? []) {
    const [key, value] = tagOf(text);
    const pair = pairOf(value);
    if (pair !== undefined) found.push({ key: { tag: key }, pair });
  }
  return found;
}

function pairOf(text: string): Pair | undefined {
  const parts = text.split(',');
  return parts.length === 2 && !parts.includes('') ? [parts[0], parts[1]] : undefined;
}

function tagOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`"${text}" is not key=a,b`, {
    where: '--tag',
    hint: 'for instance app_version=41,42 to compare, or route=search to narrow both sides',
  });
}

function others(tags: StatementFilter['tags'], key: string, pair: Pair): ReadonlyArray<readonly [string, string]> {
  return (tags ?? []).filter(([known, value]) => known !== key || value !== pair.join(','));
}

function nothingDiffers(flags: SideFlags): UsageError {
  const tag = flags.tag?.[0];
  if (tag === undefined) return new UsageError('nothing to compare', { where: 'compare', hint: ONE_OF });
  return new UsageError(`"${tag}" is not key=a,b`, {
    where: '--tag',
    hint: 'for instance app_version=41,42; a tag with one value narrows both sides of --around, --before and --after, --old and --new',
  });
}
