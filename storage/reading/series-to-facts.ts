// Turns rows per series into facts per (fingerprint, source), and merges their histograms.
// Invariant: each series row is added to exactly one fact, once.
// Not here: SQL (sqlite/read/), texts and order (reports/statements.ts).

import type { StatementFacts } from '../../facts/answers.js';
import { CALLS_BY_CONFIDENCE } from '../../facts/measures.js';
import { emptyFacts, keyOf } from '../../facts/statement-facts.js';
import { addSums, addTo, STATEMENT_RULES, TAG_RULES } from '../../facts/sums.js';
import { CONFIDENCES } from '../../facts/verdict.js';
import { HistogramSum } from './histogram-sum.js';
import type { Segment } from './levels.js';
import type { SeriesFilter, SeriesSums, TagSums } from './statement-rows.js';
import type { StoredFacts } from './stored-facts.js';

export interface FactsById {
  facts: StatementFacts[];
  /** series_id or tag_series_id → the fact that it was added to. */
  byId: Map<number, StatementFacts>;
}

/** Pools are ids until names are looked up. */
export function groupSeries(sums: readonly SeriesSums[]): FactsById {
  const found = new Map<string, StatementFacts>();
  const byId = new Map<number, StatementFacts>();
  for (const row of sums) {
    const facts = factsFor(found, row);
    byId.set(row.seriesId, facts);
    addTo(facts.byConstruct, row.construct, row.calls + row.errors);
    for (const confidence of CONFIDENCES) addTo(facts.byConfidence, confidence, row[CALLS_BY_CONFIDENCE[confidence]]);
    facts.pools.add(row.poolId);
    addSums(STATEMENT_RULES, facts, row);
  }
  return { facts: [...found.values()], byId };
}

/** Tag rows hold no pools, bytes or waiting times: those stay empty. */
export function groupTags(sums: readonly TagSums[]): FactsById {
  const found = new Map<string, StatementFacts>();
  const byId = new Map<number, StatementFacts>();
  for (const row of sums) {
    const facts = factsFor(found, row);
    byId.set(row.tagSeriesId, facts);
    addSums(TAG_RULES, facts, row);
  }
  return { facts: [...found.values()], byId };
}

/** The series of these facts, found by keyOf. */
export function seriesOf(
  stored: StoredFacts,
  byKey: ReadonlyMap<string, StatementFacts>,
  filter: SeriesFilter,
): FactsById {
  const facts = [...byKey.values()];
  const byId = new Map<number, StatementFacts>();
  for (const series of stored.seriesIds(facts, filter)) {
    const found = byKey.get(keyOf(series));
    if (found !== undefined) byId.set(series.id, found);
  }
  return { facts, byId };
}

/** Merges the histograms of `only` (default: of all) into their facts. */
export function addHistograms(
  stored: StoredFacts,
  grouped: FactsById,
  wanted: {
    table: 'rollup' | 'tag_rollup';
    segments: readonly Segment[];
    only?: ReadonlySet<StatementFacts>;
    fingerprint?: string;
    fingerprints?: readonly string[];
  },
): void {
  const { only } = wanted;
  const ids: number[] = [];
  for (const [id, facts] of grouped.byId) if (only === undefined || only.has(facts)) ids.push(id);
  const asked = { segments: wanted.segments, fingerprint: wanted.fingerprint, fingerprints: wanted.fingerprints };
  // With very many ids, looking each up costs more than reading all rows.
  const named = ids.length < MOST ? ids : undefined;
  const sums = ids.length <= FEW ? new Map<StatementFacts, HistogramSum>() : undefined;
  for (const row of stored.histogramsOf(wanted.table, { ...asked, ids: named })) {
    const facts = grouped.byId.get(row.id);
    if (facts === undefined || (only !== undefined && !only.has(facts))) continue;
    if (sums === undefined) facts.histogram.mergeEncoded(row.histogram);
    else sumFor(sums, facts).add(row.histogram);
  }
  if (sums !== undefined) for (const [facts, sum] of sums) sum.addTo(facts.histogram);
}

const MOST = 5_000;
/** Of so many ids each statement gets a sum of its own. */
const FEW = 1_000;

function sumFor(sums: Map<StatementFacts, HistogramSum>, facts: StatementFacts): HistogramSum {
  let sum = sums.get(facts);
  if (sum === undefined) {
    sum = new HistogramSum();
    sums.set(facts, sum);
  }
  return sum;
}

function factsFor(found: Map<string, StatementFacts>, row: { fingerprint: string; source: string }): StatementFacts {
  const key = keyOf(row);
  let facts = found.get(key);
  if (facts === undefined) {
    facts = emptyFacts(row.fingerprint, row.source);
    found.set(key, facts);
  }
  return facts;
}
