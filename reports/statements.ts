// The statements of a window: what ran, how often, how long, from whom.
// Invariant: all counts of a report come from one snapshot; `observed` is of all traffic in the window, whatever the
// filter. Not here: the JSON of `top` (forms/statements-json.ts), merging several stores (forms/merge.ts).

import type { Observed, SourceSums, StatementFacts, StatementFilter, StatementsReport } from '../facts/answers.js';
import { meanNs } from '../facts/latency.js';
import { keyOf, sumsBySource } from '../facts/statement-facts.js';
import { needsHistograms, ordered, type StatementSort } from '../facts/statement-order.js';
import { observedIn } from '../storage/reading/observed.js';
import { addHistograms, type FactsById, groupSeries, groupTags } from '../storage/reading/series-to-facts.js';
import { type Span, spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { RankedSort, Ranking } from '../storage/reading/statement-rows.js';
import type { StoredFacts, StoreReader } from '../storage/reading/stored-facts.js';
import { firstByPercentile } from './percentiles/first-by-percentile.js';
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
  const { ranked, sums } =
    sort === 'p95' || sort === 'p99'
      ? firstByPercentile(stored, rank, { span, filter, sort, limit: offset + limit })
      : rank(offset + limit);
  const page = ranked.slice(offset);
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
