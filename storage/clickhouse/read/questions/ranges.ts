// Ranges of buckets as a condition on rows of rollup tables, in few words.
// Invariant: a condition lets the same rows pass, whichever words say it. ClickHouse takes as long
// to plan a question as its words are many: on each shard, and once more on the node that is asked.
// Not here: which ranges a question is about (place.ts).

import { STRETCH_SQL, stretchesOf, stretchOf } from '../../schema/stretch.js';

/** Buckets of one level. */
export interface Range {
  readonly spanS: number;
  readonly from: number;
  readonly until: number;
  /** A condition beside. */
  readonly only: string;
}

/** None is empty; neighbours are one. */
export function joined(parts: readonly Range[]): Range[] {
  const ranges: Range[] = [];
  const filled = parts.filter(({ from, until }) => from < until);
  for (const range of filled.sort((a, b) => a.spanS - b.spanS || a.from - b.from)) {
    const last = ranges.at(-1);
    const goesOn = last?.spanS === range.spanS && last.until === range.from && last.only === range.only;
    if (goesOn) ranges[ranges.length - 1] = { ...last, until: range.until };
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

/** Beyond, a condition names the first and the last of each range. */
const STRETCHES_MAX = 500;

/** For tables that are sorted by stretches. The expression is said once. */
export function inStretches(ranges: readonly Range[]): string {
  const named = new Set<string>();
  for (const { spanS, from, until } of ranges) {
    for (const stretch of stretchesOf(spanS, { from, until, most: STRETCHES_MAX })) named.add(`(${spanS}, ${stretch})`);
    if (named.size > STRETCHES_MAX) return betweenStretches(ranges);
  }
  return `(span_s, ${STRETCH_SQL}) IN (${[...named].join(', ')})`;
}

function betweenStretches(ranges: readonly Range[]): string {
  const each = ranges.map(({ spanS, from, until }) => {
    const [first, last] = [from, until - 1].map((minute) => stretchOf(spanS, minute));
    return `(span_s = ${spanS} AND ${STRETCH_SQL} BETWEEN ${first} AND ${last})`;
  });
  return `(${each.join(' OR ')})`;
}
