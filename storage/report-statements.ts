// The statements of a window: what ran, how often, how long, from whom.
// Invariant: the counts of a report come from one snapshot; `observed` speaks of all traffic in the window, whatever is filtered.
// Not here: the JSON of `top` (report-json.ts), merging several stores (merge.ts).

import type { Evidence } from '../analyzer/attribution/verdict.js';
import { addTo, mostOf } from './counts.js';
import { percentileNs } from './latency.js';
import type { StatementFacts, StatementFilter, StatementsReport } from './report-types.js';
import { type Frame, frameOf, type TimeBounds } from './sqlite/frame.js';
import { poolNames, textsOf, variantsOf, verdictsOf } from './sqlite/query-catalogue.js';
import { observedIn } from './sqlite/query-observed.js';
import { errorSums, seriesSums, tagSums } from './sqlite/query-statements.js';
import { rankStatements } from './sqlite/rank-statements.js';
import type { Reader } from './sqlite/reader.js';
import type { Rows } from './sqlite/rows.js';
import { addHistograms, type FactsById, groupSeries, groupTags } from './statement-facts.js';
import { needsHistograms, ordered, type StatementSort } from './statement-order.js';

/** Values shown per tag key. */
const TAG_VALUES_MAX = 20;
const TAGS_OF_FEW = 300;
/** Shown for a fingerprint that has no text in the catalogue. */
const TEXT_UNKNOWN = '(text unknown)';

export interface PercentilesOf {
  readonly limit: number;
  readonly exceptSources: ReadonlySet<string>;
}

export interface StatementsQuestion extends TimeBounds {
  filter?: StatementFilter;
  /** With `limit`: only the first statements in this order are answered, and only their histograms are read. */
  sort?: StatementSort;
  /** 0 or undefined = all. */
  limit?: number;
  /** All are answered, but only the first `limit` of them, those of some sources left out, with their histograms. */
  percentilesOf?: PercentilesOf;
}

/**
 * With `filter.tags` counts are of the executions with those tags; pools, bytes, waiting times and SQLSTATEs are not known by tag and
 * stay empty. Throws StoreError, and RangeError for a window that ends before it starts or a pool asked for together with tags.
 */
export function reportStatements(reader: Reader, question: StatementsQuestion = {}): StatementsReport {
  const filter = question.filter ?? {};
  const tagged = (filter.tags ?? []).length > 0;
  if (tagged && filter.pool !== undefined) {
    throw new RangeError('tags are not kept by pool: ask for a pool or for tags, not for both');
  }
  return reader.read((rows) => {
    const frame = frameOf(rows, question);
    const isCut = (question.limit ?? 0) > 0 && !tagged && filter.fingerprint === undefined;
    const { grouped, statements } = isCut
      ? first(rows, { frame, question })
      : chooseOfAll(rows, { frame, question, tagged });
    if (!tagged) addErrors(rows, grouped, frame);
    describe(rows, statements);
    addTags(rows, statements, frame);
    return { window: frame.window, observed: observedIn(rows, frame), statements };
  });
}

interface Chosen {
  grouped: FactsById;
  statements: StatementFacts[];
}

function chooseOfAll(rows: Rows, how: { frame: Frame; question: StatementsQuestion; tagged: boolean }): Chosen {
  const { frame, question, tagged } = how;
  const filter = question.filter ?? {};
  const grouped = tagged
    ? groupTags(tagSums(rows, frame.segments, filter))
    : groupSeries(seriesSums(rows, frame.segments, filter));
  return { grouped, statements: choose(rows, grouped, { frame, question, table: tagged ? 'tag_rollup' : 'rollup' }) };
}

/** Statements read at once while the first by a percentile are looked for. */
const CHUNK = 250;

/** The first few in the order asked for: ranked inside SQL, and only then read. */
function first(rows: Rows, { frame, question }: { frame: Frame; question: StatementsQuestion }): Chosen {
  const { sort = 'total', limit = 0, filter = {} } = question;
  const byPercentile = needsHistograms(sort);
  const ranked = rankStatements(rows, frame.segments, { filter, sort, limit: byPercentile ? 0 : limit });
  const read = (fingerprints: readonly string[]): FactsById => {
    const grouped = groupSeries(seriesSums(rows, frame.segments, { ...filter, fingerprints }));
    addHistograms(rows, grouped, { table: 'rollup', segments: frame.segments, fingerprints });
    return grouped;
  };
  if (!byPercentile) {
    const keys = new Set(ranked.map(keyOf));
    const grouped = read([...new Set(ranked.map(({ fingerprint }) => fingerprint))]);
    return {
      grouped,
      statements: ordered(
        grouped.facts.filter((facts) => keys.has(keyOf(facts))),
        { sort, limit },
      ),
    };
  }
  const byId: FactsById['byId'] = new Map();
  const seen = new Set<string>();
  let best: StatementFacts[] = [];
  for (let from = 0; from < ranked.length; ) {
    // The slowest execution of what is left is faster than the percentile of what is last: none of it comes before that.
    const last = best.length === limit ? percentileNs(best[limit - 1], sort === 'p95' ? 0.95 : 0.99) : null;
    if (last !== null && ranked[from].maxNs < last) break;
    const chunk: string[] = [];
    for (; from < ranked.length && chunk.length < CHUNK; from++) {
      const { fingerprint } = ranked[from];
      if (seen.has(fingerprint)) continue;
      seen.add(fingerprint);
      chunk.push(fingerprint);
    }
    if (chunk.length === 0) break;
    const grouped = read(chunk);
    for (const [id, facts] of grouped.byId) byId.set(id, facts);
    best = ordered([...best, ...grouped.facts], { sort, limit });
  }
  return { grouped: { facts: best, byId }, statements: best };
}

function keyOf({ fingerprint, source }: { fingerprint: string; source: string }): string {
  return `${fingerprint}\0${source}`;
}

interface Choice {
  frame: Frame;
  question: StatementsQuestion;
  table: 'rollup' | 'tag_rollup';
}

/** The statements to answer, with their histograms. */
function choose(rows: Rows, grouped: FactsById, choice: Choice): StatementFacts[] {
  const { sort = 'total', limit = 0, filter } = choice.question;
  const what = { table: choice.table, segments: choice.frame.segments, fingerprint: filter?.fingerprint };
  const { percentilesOf } = choice.question;
  if (limit === 0 && percentilesOf !== undefined && !needsHistograms(sort)) {
    const wanted = grouped.facts.filter(({ source }) => !percentilesOf.exceptSources.has(source));
    addHistograms(rows, grouped, { ...what, only: new Set(ordered(wanted, { sort, limit: percentilesOf.limit })) });
    return ordered(grouped.facts, { sort, limit });
  }
  if (limit === 0 || needsHistograms(sort)) {
    addHistograms(rows, grouped, what);
    return ordered(grouped.facts, { sort, limit });
  }
  const first = ordered(grouped.facts, { sort, limit });
  addHistograms(rows, grouped, { ...what, only: new Set(first) });
  return first;
}

function addErrors(rows: Rows, grouped: FactsById, frame: Frame): void {
  for (const row of errorSums(rows, frame.segments)) {
    const facts = grouped.byId.get(row.series_id);
    if (facts !== undefined) addTo(facts.errorsBySqlstate, row.sqlstate, row.errors);
  }
}

/** Texts, verdicts and names. */
function describe(rows: Rows, statements: readonly StatementFacts[]): void {
  const fingerprints = [...new Set(statements.map(({ fingerprint }) => fingerprint))];
  const texts = new Map(textsOf(rows, fingerprints).map((text) => [text.fingerprint, text]));
  const variants = groupedBy(variantsOf(rows, fingerprints), ({ fingerprint }) => fingerprint);
  const verdicts = groupedBy(verdictsOf(rows, fingerprints), (row) => `${row.fingerprint}\0${row.source}`);
  const names = poolNames(rows);
  for (const facts of statements) {
    const text = texts.get(facts.fingerprint);
    facts.query = text?.query ?? TEXT_UNKNOWN;
    facts.summary = text?.summary ?? '';
    facts.variants = (variants.get(facts.fingerprint) ?? []).map(({ query }) => query);
    facts.pools = new Set([...facts.pools].map((id) => names.get(id) ?? id));
    const own = verdicts.get(`${facts.fingerprint}\0${facts.source}`) ?? [];
    if (own.length === 0) continue;
    facts.firstSeenMs = Math.min(...own.map(({ firstSeenMs }) => firstSeenMs));
    facts.lastSeenMs = Math.max(...own.map(({ lastSeenMs }) => lastSeenMs));
    const construct = mostOf(facts.byConstruct) ?? own[0].construct;
    const verdict = own.find((row) => row.construct === construct) ?? own[0];
    facts.evidence = JSON.parse(verdict.evidence) as Evidence[];
    // Rows by tag know no verdict, and errors no confidence of their own.
    if (facts.byConstruct.size === 0) facts.byConstruct.set(verdict.construct, facts.calls + facts.errors);
    if (facts.byConfidence.size === 0) facts.byConfidence.set(verdict.confidence, facts.calls + facts.errors);
  }
}

function addTags(rows: Rows, statements: readonly StatementFacts[], frame: Frame): void {
  const byKey = new Map(statements.map((facts) => [`${facts.fingerprint}\0${facts.source}`, facts]));
  // Of a few statements only their own tags are read.
  const few =
    byKey.size <= TAGS_OF_FEW ? { fingerprints: [...new Set(statements.map((facts) => facts.fingerprint))] } : {};
  for (const row of tagSums(rows, frame.segments, few)) {
    const facts = byKey.get(`${row.fingerprint}\0${row.source}`);
    if (facts === undefined || !row.tag_set.startsWith('{')) continue;
    for (const [key, value] of Object.entries(JSON.parse(row.tag_set) as Record<string, unknown>)) {
      const values = facts.tags.get(key) ?? new Set<string>();
      if (values.size < TAG_VALUES_MAX) values.add(String(value));
      facts.tags.set(key, values);
    }
  }
}

function groupedBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}
