// Finds the first statements by a percentile, without reading the histograms of all.
// Invariant: they are those that reading all would find, in the same order: what is passed over cannot be among them.
// Not here: ranking by upper bounds (storage/), what else is told of a statement (../statements.ts).

import type { StatementFacts } from '../../facts/answers.js';
import { percentileNs } from '../../facts/latency.js';
import { emptyFacts, keyOf } from '../../facts/statement-facts.js';
import { ordered } from '../../facts/statement-order.js';
import { DAY_MIN } from '../../storage/reading/levels.js';
import { addHistograms, seriesOf } from '../../storage/reading/series-to-facts.js';
import { type Span, spanOf } from '../../storage/reading/span.js';
import type { RankedStatement, Ranking, SeriesFilter } from '../../storage/reading/statement-rows.js';
import type { StoredFacts } from '../../storage/reading/stored-facts.js';
import { Lifetimes } from './lifetimes.js';

/** Statements that are looked at together. */
const CHUNK = 100;
/** Those of them whose histograms of the window are read at once: others may turn out to be too quick meanwhile. */
const READ_AT_ONCE = 25;
/** Statements ranked at first, which are rarely too few: ranking a second time costs most. A multiple of CHUNK. */
const RANKED_FIRST = 2_000;

/** Executions of which one is at or above the percentile. */
const SHARE = { p95: 20, p99: 100 } as const;

interface Asked {
  readonly span: Span;
  readonly filter: SeriesFilter;
  readonly sort: keyof typeof SHARE;
  readonly limit: number;
}

/** @param rank ranks by an upper bound of the percentile: the first so many, 0 = all. */
export function firstByPercentile(
  stored: StoredFacts,
  rank: (most: number) => Ranking,
  { span, filter, sort, limit }: Asked,
): { ranked: StatementFacts[]; sums: Ranking['sums'] } {
  const share = SHARE[sort];
  const everIn = stored.hasLifetimeRows && isLong(span) ? spanOf(stored, {}).segments : undefined;
  let { ranked, sums } = rank(RANKED_FIRST);
  let first: StatementFacts[] = [];
  const leastNs = () => (first.length === limit ? percentileNs(first[limit - 1], 1 - 1 / share) : null);
  // `value` is an upper bound: once it is below the last kept percentile, nothing further can displace it.
  const isBelow = ({ value }: RankedStatement, least: number | null) => least !== null && value < least;
  for (let from = 0; from < ranked.length; from += CHUNK) {
    const least = leastNs();
    if (isBelow(ranked[from], least)) break;
    let left = ranked.slice(from, from + CHUNK);
    const ever = everIn && Lifetimes.of(stored, left, { filter, segments: everIn });
    if (ever !== undefined) left = ever.slowestFirst(ever.reaching(left, least, share), share);
    while (left.length > 0) {
      const some = left.slice(0, ever === undefined ? CHUNK : READ_AT_ONCE);
      left = left.slice(some.length);
      first = ordered([...first, ...factsOf(stored, some, { filter, span })], { sort, limit });
      if (ever !== undefined) left = ever.reaching(left, leastNs(), share);
    }
    if (from + CHUNK === RANKED_FIRST && !isBelow(ranked[ranked.length - 1], leastNs())) ({ ranked, sums } = rank(0));
  }
  return { ranked: first, sums };
}

/** Of a shorter window there are few histograms of each statement, of a whole one no fewer than ever. */
function isLong({ minutes }: Span): boolean {
  return minutes !== null && minutes.until - minutes.since > DAY_MIN;
}

/** Facts that hold only what a percentile is made of. */
function factsOf(
  stored: StoredFacts,
  ranked: readonly RankedStatement[],
  { filter, span }: Pick<Asked, 'filter' | 'span'>,
): StatementFacts[] {
  const byKey = new Map<string, StatementFacts>();
  for (const one of ranked) {
    const facts = emptyFacts(one.fingerprint, one.source);
    facts.serviceMinNs = one.minNs ?? Number.POSITIVE_INFINITY;
    facts.serviceMaxNs = one.maxNs;
    byKey.set(keyOf(one), facts);
  }
  const grouped = seriesOf(stored, byKey, filter);
  const fingerprints = [...new Set(grouped.facts.map(({ fingerprint }) => fingerprint))];
  addHistograms(stored, grouped, { table: 'rollup', segments: span.segments, fingerprints });
  return grouped.facts;
}
