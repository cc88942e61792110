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

/** Beyond, a condition names the first and the last stretch of each range. */
const STRETCHES_MAX = 500;

/**
 * For tables that have stretches. Bounds come first: they are cheaper to look at than a list, and let fewer rows pass,
 * while the list keeps ClickHouse from reading others.
 */
export function inStretches(ranges: readonly Range[]): string {
  const named = new Set<number>();
  for (const { spanS, from, until } of ranges) {
    for (const stretch of stretchesOf(spanS, { from, until, most: STRETCHES_MAX })) named.add(stretch);
    if (named.size > STRETCHES_MAX) return `${anyOf(ranges)} AND ${betweenStretches(ranges)}`;
  }
  return [...(edgesIn(ranges) ?? [anyOf(ranges)]), `stretch IN (${[...named].join(', ')})`].join(' AND ');
}

/**
 * What a list of their stretches lets pass and they do not, in few words: rows before the first one's beginning and
 * after the last one's end. Undefined where there is more between them.
 */
function edgesIn(ranges: readonly Range[]): string[] | undefined {
  const first = Math.min(...ranges.map(({ from }) => from));
  const last = Math.max(...ranges.map(({ until }) => until));
  const edges = new Set<string>();
  for (const [at, { spanS, from, until, only }] of ranges.entries()) {
    if (only !== '1') return undefined;
    const [step, stretchMin] = [spanS / 60, stretchMinOf(spanS)];
    const cutsBegin = from % stretchMin !== 0;
    const cutsEnd = until % stretchMin !== 0;
    if (cutsBegin && ranges[at - 1]?.spanS === spanS) return undefined;
    if (cutsEnd && ranges[at + 1]?.spanS === spanS) return undefined;
    // Buckets begin at multiples of their length, so those from one minute on are those from the next multiple on.
    if (cutsBegin) edges.add(ceilTo(first, step) === from ? bound('>=', first) : bound('>=', from, spanS));
    if (cutsEnd) edges.add(ceilTo(last, step) === until ? bound('<', last) : bound('<', until, spanS));
  }
  return [...edges];
}

/** Of one level, or of all. */
function bound(sign: '>=' | '<', minute: number, spanS?: number): string {
  return spanS === undefined ? `bucket_min ${sign} ${minute}` : `(span_s != ${spanS} OR bucket_min ${sign} ${minute})`;
}

function betweenStretches(ranges: readonly Range[]): string {
  const each = ranges.map(({ spanS, from, until }) => {
    const [first, last] = [from, until - 1].map((minute) => stretchOf(spanS, minute));
    return `stretch BETWEEN ${first} AND ${last}`;
  });
  return `(${each.join(' OR ')})`;
}
