// The statements of a window: what ran, how often, how long, from whom.
// Invariant: all counts of a report come from one snapshot; `observed` is of all traffic in the window, whatever the
// filter. Not here: the JSON of `top` (forms/statements-json.ts), merging several stores (forms/merge.ts).

import type { Observed, SourceSums, StatementFacts, StatementFilter, StatementsReport } from '../facts/answers.js';
import { GAMMA } from '../facts/histogram.js';
import { meanNs, percentileNs } from '../facts/latency.js';
import { emptyFacts, keyOf, sumsBySource } from '../facts/statement-facts.js';
import { needsHistograms, ordered, type StatementSort } from '../facts/statement-order.js';
import { DAY_MIN, type Segment } from '../storage/reading/levels.js';
import { observedIn } from '../storage/reading/observed.js';
import { addHistograms, type FactsById, groupSeries, groupTags, seriesOf } from '../storage/reading/series-to-facts.js';
import { type Span, spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { RankedSort, RankedStatement, Ranking, SeriesFilter } from '../storage/reading/statement-rows.js';
import type { StoredFacts, StoreReader } from '../storage/reading/stored-facts.js';
import { addErrors, addTags, addTexts, describe, FEW, fingerprintsOf } from './statement-details.js';
import { taggedSums } from './tagged-sums.js';

/** Values shown per tag key, unless the question says otherwise. */
export const TAG_VALUES_SHOWN = 20;
/** From so many statements on, reading the sums of all costs less than ranking them first. */
const MANY = 5_000;

export interface StatementsQuestion extends TimeBounds {
  filter?: StatementFilter;
  /** With `limit`: only the first statements in this order are answered, and only they are read. */
  sort?: StatementSort;
  /** 0 or undefined = all. */
  limit?: number;
  /** Statements that come before them in this order. */
  offset?: number;
  /** Sources that are in the sums but not in the list. */
  hidden?: ReadonlySet<string>;
  /** Statements with a smaller mean service time are left out, of the sums too. */
  meanNsMin?: number;
  /** Values per tag key; TAG_VALUES_SHOWN where it is not given. */
  tagValuesMax?: number;
  /**
   * How much of each statement is read beside its counts. `list`: text, construct and tags. `counts`: nothing else.
   * Default: all of it.
   */
  detail?: 'list' | 'counts';
}

/**
 * With `filter.tags` counts are of the executions with those tags; pools, bytes, waiting times and SQLSTATEs are not
 * known by tag and stay empty. Throws StoreError, RangeError for a window that ends before it starts, and UsageError
 * for a pool with tags where a statement ran in another pool too.
 */
export function reportStatements(reader: StoreReader, question: StatementsQuestion = {}): StatementsReport {
  const filter = question.filter ?? {};
  const tagged = (filter.tags ?? []).length > 0;
  return reader.read((stored) => {
    const span = spanOf(stored, question);
    const { sort = 'total' } = question;
    const observed = (): Observed => observedIn(stored, span, reader.unstoredSinceMs);
    stored.ahead?.(observed);
    const only = filter.fingerprint;
    if (only !== undefined && !tagged) askDetails(stored, { span, question, fingerprints: [only] });
    const { limit = 0, detail } = question;
    const isCut = limit > 0 && limit < MANY && !tagged && filter.fingerprint === undefined;
    const { grouped, statements, sums } =
      isCut && sort !== 'per-request'
        ? first(stored, { span, question, sort })
        : chooseOfAll(stored, { span, question, tagged });
    if (!tagged && detail === undefined) addErrors(stored, grouped, { span, statements });
    // Rows by tag have their construct from the verdict.
    if (detail === 'list' && !tagged) addTexts(stored, statements);
    else if (detail !== 'counts') describe(stored, statements);
    if (detail !== 'counts') {
      addTags(stored, statements, { span, valuesMax: question.tagValuesMax ?? TAG_VALUES_SHOWN });
    }
    return { window: span.window, observed: observed(), statements, sums };
  });
}

interface Chosen {
  grouped: FactsById;
  statements: StatementFacts[];
  sums: Map<string, SourceSums>;
}

function chooseOfAll(
  stored: StoredFacts,
  parts: { span: Span; question: StatementsQuestion; tagged: boolean },
): Chosen {
  const { span, question, tagged } = parts;
  const { filter = {}, sort = 'total', hidden, meanNsMin = 0 } = question;
  const grouped = tagged
    ? groupTags(taggedSums(stored, span, filter))
    : groupSeries(stored.seriesSums(span.segments, filter));
  const all = meanNsMin === 0 ? grouped.facts : grouped.facts.filter((facts) => meanNs(facts) >= meanNsMin);
  const wanted = hidden === undefined ? all : all.filter(({ source }) => !hidden.has(source));
  // Reading histograms costs most, so only those of statements in the answer are read.
  const read = needsHistograms(sort) ? wanted : pageOf(wanted, question);
  addHistograms(stored, grouped, {
    table: tagged ? 'tag_rollup' : 'rollup',
    segments: span.segments,
    fingerprint: filter.fingerprint,
    only: read.length === grouped.facts.length ? undefined : new Set(read),
  });
  const statements = needsHistograms(sort) ? pageOf(read, question) : read;
  return { grouped, statements, sums: sumsBySource(all) };
}

/** The statements of a question, of all that fit, in its order. */
function pageOf(
  statements: readonly StatementFacts[],
  { sort = 'total', limit = 0, offset = 0 }: StatementsQuestion,
): StatementFacts[] {
  return ordered(statements, { sort, limit: limit === 0 ? 0 : offset + limit }).slice(offset);
}

const NONE: ReadonlySet<string> = new Set();

/** Ranks inside SQL, and reads only the first statements. */
function first(
  stored: StoredFacts,
  { span, question, sort }: { span: Span; question: StatementsQuestion; sort: RankedSort },
): Chosen {
  const { limit = 0, offset = 0, filter = {}, hidden = NONE, meanNsMin = 0 } = question;
  const rank = (most: number): Ranking =>
    stored.rankStatements(span.segments, { filter, sort, hidden, meanNsMin, limit: most });
  const { best, sums } = needsHistograms(sort)
    ? firstByPercentile(stored, rank, { span, question })
    : bestOf(rank(offset + limit));
  const page = best.slice(offset);
  const keys = new Set(page.map(keyOf));
  const fingerprints = fingerprintsOf(page);
  askDetails(stored, { span, question, fingerprints });
  const grouped = groupSeries(stored.seriesSums(span.segments, { ...filter, fingerprints }));
  addHistograms(stored, grouped, { table: 'rollup', segments: span.segments, fingerprints });
  const found = grouped.facts.filter((facts) => keys.has(keyOf(facts)));
  return { grouped, statements: ordered(found, { sort, limit }), sums };
}

/** What statements have beside counts comes along with their counts. */
function askDetails(
  stored: StoredFacts,
  { span, question, fingerprints }: { span: Span; question: StatementsQuestion; fingerprints: readonly string[] },
): void {
  stored.ahead?.(() => {
    const isWhole = question.detail === undefined;
    if (isWhole && fingerprints.length <= FEW) stored.errorSums(span.segments, { fingerprints });
    if (question.detail !== 'counts' && fingerprints.length <= FEW) stored.tagSums(span.segments, { fingerprints });
    if (isWhole) stored.describe(fingerprints);
    else if (question.detail === 'list') stored.textsOf(fingerprints);
  });
}

/** Statements whose histograms are read at once, in search of the first by a percentile. */
const CHUNK = 100;
/** Statements ranked at first, which are rarely too few: ranking a second time costs most. A multiple of CHUNK. */
const RANKED_FIRST = 2_000;

interface Best {
  best: ReadonlyArray<{ fingerprint: string; source: string }>;
  sums: Ranking['sums'];
}

function bestOf({ ranked, sums }: Ranking): Best {
  return { best: ranked, sums };
}

/** Executions of which one is at or above the percentile. */
const SHARE = { p95: 20, p99: 100 } as const;

function firstByPercentile(
  stored: StoredFacts,
  rank: (most: number) => Ranking,
  { span, question }: { span: Span; question: StatementsQuestion },
): Best {
  const { filter = {} } = question;
  const sort = question.sort === 'p99' ? 'p99' : 'p95';
  const limit = (question.offset ?? 0) + (question.limit ?? 0);
  const ever = stored.hasLifetimeRows && isLong(span) ? spanOf(stored, {}).segments : undefined;
  let { ranked, sums } = rank(RANKED_FIRST);
  let best: StatementFacts[] = [];
  for (let from = 0; from < ranked.length; from += CHUNK) {
    // `value` is an upper bound: once it is below the last kept percentile, nothing further can displace it.
    const last = best.length === limit ? percentileNs(best[limit - 1], 1 - 1 / SHARE[sort]) : null;
    if (last !== null && ranked[from].value < last) break;
    let candidates = ranked.slice(from, from + CHUNK);
    if (ever !== undefined && last !== null) {
      candidates = reaching(stored, candidates, { filter, segments: ever, leastNs: last, share: SHARE[sort] });
    }
    const chunk = factsOf(stored, candidates, { filter, segments: span.segments });
    best = ordered([...best, ...chunk], { sort, limit });
    if (from + CHUNK === RANKED_FIRST) ({ ranked, sums } = rank(0));
  }
  return { best, sums };
}

/** Of a shorter window there are few histograms of each statement, of a whole one no fewer than ever. */
function isLong({ minutes }: Span): boolean {
  return minutes !== null && minutes.until - minutes.since > DAY_MIN;
}

/**
 * Those that can have the percentile: of a window no more executions can have taken `leastNs` than ever did, which one
 * histogram tells where the window's are one a day.
 */
function reaching(
  stored: StoredFacts,
  candidates: readonly RankedStatement[],
  asked: { filter: SeriesFilter; segments: readonly Segment[]; leastNs: number; share: number },
): RankedStatement[] {
  const ever = new Map(factsOf(stored, candidates, asked).map((facts) => [keyOf(facts), facts.histogram]));
  // A percentile is told as the middle of its bucket.
  const leastNs = asked.leastNs / GAMMA;
  return candidates.filter((one) => {
    const count = ever.get(keyOf(one))?.countFrom(leastNs) ?? 0;
    return count >= Math.max(1, (one.timed ?? 0) / asked.share);
  });
}

/** Facts that hold only what a percentile is made of. */
function factsOf(
  stored: StoredFacts,
  ranked: readonly RankedStatement[],
  { filter, segments }: { filter: SeriesFilter; segments: readonly Segment[] },
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
  addHistograms(stored, grouped, { table: 'rollup', segments, fingerprints });
  return grouped.facts;
}
