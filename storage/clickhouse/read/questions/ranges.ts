// Ranges of buckets as a condition on rows of rollup tables, in few words.
// Invariant: a condition lets the same rows pass, whichever words say it. ClickHouse takes as long
// to plan a question as its words are many: on each shard, and once more on the node that is asked.
// Not here: which ranges a question is about (place.ts).

import { ceilTo } from '../../../reading/levels.js';
import { stretchesOf, stretchMinOf, stretchOf } from '../../schema/stretch.js';

/** Buckets of one level. */
export interface Range {
  readonly spanS: number;
  readonly from: number;
  readonly until: number;
  /** A condition beside. */
  readonly only: string;
}

/** In order, and apart: none is empty; neighbours, and those that overlap, are one. */
export function joined(parts: readonly Range[]): Range[] {
  const ranges: Range[] = [];
  const filled = parts.filter(({ from, until }) => from < until);
  for (const range of filled.sort((a, b) => a.spanS - b.spanS || a.from - b.from)) {
    const last = ranges.at(-1);
    const goesOn = last?.spanS === range.spanS && last.until >= range.from && last.only === range.only;
    if (goesOn) ranges[ranges.length - 1] = { ...last, until: Math.max(last.until, range.until) };
    else ranges.push(range);
  }
  return ranges;
}

export function rangeOf(spanS: number, from: number, until: number, only = '1'): Range {
  return { spanS, from, until: Math.min(until, MINUTE_MAX), only };
}

/** Of UInt32. */
const MINUTE_MAX = 2 ** 32 - 1;

export function anyOf(ranges: readonly Range[]): string {
  const each = ranges.map(({ spanS, from, until, only }) => {
    const also = only === '1' ? '' : ` AND ${only}`;
    return `span_s = ${spanS} AND bucket_min >= ${from} AND bucket_min < ${until}${also}`;
  });
  return `(${each.map((range) => `(${range})`).join(' OR ')})`;
}

/** Beyond, a condition names the first and the last stretch of each range. */
const STRETCHES_MAX = 500;

/**
 * For tables that have stretches; `ranges` as joined() has them. Bounds come first: they are cheaper to look at than a
 * list, while the list keeps ClickHouse from reading other stretches.
 */
export function inStretches(ranges: readonly Range[]): string {
  const named = new Set<number>();
  for (const { spanS, from, until } of ranges) {
    for (const stretch of stretchesOf(spanS, { from, until, most: STRETCHES_MAX })) named.add(stretch);
    if (named.size > STRETCHES_MAX) return `${anyOf(ranges)} AND ${betweenStretches(ranges)}`;
  }
  return `${boundsOf(ranges) ?? anyOf(ranges)} AND stretch IN (${[...named].join(', ')})`;
}

/**
 * The first minute and the last, and of a level what does not follow from these and its stretches. Undefined where
 * ranges leave out what lies in one stretch, or have a condition of their own.
 */
function boundsOf(ranges: readonly Range[]): string | undefined {
  const first = Math.min(...ranges.map(({ from }) => from));
  const last = Math.max(...ranges.map(({ until }) => until));
  const bounds = [`bucket_min >= ${first}`, `bucket_min < ${last}`];
  for (const [at, { spanS, from, until, only }] of ranges.entries()) {
    if (only !== '1') return undefined;
    const [step, stretchMin] = [spanS / 60, stretchMinOf(spanS)];
    const cutsBegin = from % stretchMin !== 0;
    const cutsEnd = until % stretchMin !== 0;
    if (cutsBegin && ranges[at - 1]?.spanS === spanS) return undefined;
    if (cutsEnd && ranges[at + 1]?.spanS === spanS) return undefined;
    // Buckets begin at multiples of their length, so those from one minute on are those from the next multiple on.
    if (cutsBegin && ceilTo(first, step) !== from) bounds.push(`(span_s != ${spanS} OR bucket_min >= ${from})`);
    if (cutsEnd && ceilTo(last, step) !== until) bounds.push(`(span_s != ${spanS} OR bucket_min < ${until})`);
  }
  return bounds.join(' AND ');
}

function betweenStretches(ranges: readonly Range[]): string {
  const each = ranges.map(({ spanS, from, until }) => {
    const [first, last] = [from, until - 1].map((minute) => stretchOf(spanS, minute));
    return `stretch BETWEEN ${first} AND ${last}`;
  });
  return `(${each.join(' OR ')})`;
}
