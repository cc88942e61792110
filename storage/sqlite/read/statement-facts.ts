// From rows per series to facts per (fingerprint, source): sums added up, histograms merged where they are wanted.
// Invariant: each series row is added to exactly one fact, once. Not here: SQL (read/query-statements.ts), texts and order.

import type { SourceSums, StatementFacts } from '../../../facts/answers.js';
import { addTo } from '../../../facts/counts.js';
import { LogHistogram } from '../../../facts/histogram.js';
import type { Rows } from '../file/rows.js';
import type { Segment } from '../tables/levels.js';
import { histogramsOf, type SeriesFilter, type SeriesSums, seriesIds, type TagSums } from './query-statements.js';

export interface FactsById {
  facts: StatementFacts[];
  /** series_id or tag_series_id → the fact that it was added to. */
  byId: Map<number, StatementFacts>;
}

export function emptyFacts(fingerprint: string, source: string): StatementFacts {
  return {
    fingerprint,
    source,
    query: '',
    summary: '',
    byConstruct: new Map(),
    byConfidence: new Map(),
    calls: 0,
    batchedCalls: 0,
    errors: 0,
    errorsBySqlstate: new Map(),
    rows: 0,
    requests: 0,
    requestBytes: 0,
    responseBytes: 0,
    serviceTotalNs: 0,
    serviceMinNs: Number.POSITIVE_INFINITY,
    serviceMaxNs: 0,
    firstRowCount: 0,
    firstRowTotalNs: 0,
    clientStallTotalNs: 0,
    waitTotalNs: 0,
    histogram: new LogHistogram(),
    firstSeenMs: 0,
    lastSeenMs: 0,
    pools: new Set(),
    tags: new Map(),
    evidence: [],
    variants: [],
  };
}

/** Pools are ids until names are looked up. */
export function groupSeries(sums: readonly SeriesSums[]): FactsById {
  const found = new Map<string, StatementFacts>();
  const byId = new Map<number, StatementFacts>();
  for (const row of sums) {
    const facts = factsFor(found, row);
    byId.set(row.series_id, facts);
    const calls = row.calls_certain + row.calls_strong + row.calls_weak + row.calls_none;
    addTo(facts.byConstruct, row.construct, calls + row.errors);
    addTo(facts.byConfidence, 'certain', row.calls_certain);
    addTo(facts.byConfidence, 'strong', row.calls_strong);
    addTo(facts.byConfidence, 'weak', row.calls_weak);
    addTo(facts.byConfidence, 'none', row.calls_none);
    facts.calls += calls;
    facts.requestBytes += row.request_bytes;
    facts.responseBytes += row.response_bytes;
    facts.firstRowCount += row.first_row_count;
    facts.firstRowTotalNs += row.first_row_total_ns;
    facts.clientStallTotalNs += row.client_stall_total_ns;
    facts.waitTotalNs += row.wait_total_ns;
    facts.pools.add(row.pool_id);
    addShared(facts, row);
  }
  return { facts: [...found.values()], byId };
}

/** Tag rows hold no pools, bytes or waiting times: those stay empty. */
export function groupTags(sums: readonly TagSums[]): FactsById {
  const found = new Map<string, StatementFacts>();
  const byId = new Map<number, StatementFacts>();
  for (const row of sums) {
    const facts = factsFor(found, row);
    byId.set(row.tag_series_id, facts);
    facts.calls += row.calls;
    addShared(facts, row);
  }
  return { facts: [...found.values()], byId };
}

/** The series of these facts, found by "fingerprint\\0source". */
export function seriesOf(rows: Rows, byKey: ReadonlyMap<string, StatementFacts>, filter: SeriesFilter): FactsById {
  const facts = [...byKey.values()];
  const fingerprints = [...new Set(facts.map(({ fingerprint }) => fingerprint))];
  const byId = new Map<number, StatementFacts>();
  for (const { id, fingerprint, source } of seriesIds(rows, { ...filter, fingerprints })) {
    const found = byKey.get(`${fingerprint}\0${source}`);
    if (found !== undefined) byId.set(id, found);
  }
  return { facts, byId };
}

/** Merges the histograms of `only` (default: of all) into their facts. */
export function addHistograms(
  rows: Rows,
  grouped: FactsById,
  what: {
    table: 'rollup' | 'tag_rollup';
    segments: readonly Segment[];
    only?: ReadonlySet<StatementFacts>;
    fingerprint?: string;
    fingerprints?: readonly string[];
  },
): void {
  const { only } = what;
  const ids: number[] = [];
  for (const [id, facts] of grouped.byId) if (only === undefined || only.has(facts)) ids.push(id);
  const asked = { segments: what.segments, fingerprint: what.fingerprint, fingerprints: what.fingerprints };
  // Of most of what there is, looking each id up costs more than passing by the others.
  const named = ids.length < MOST ? ids : undefined;
  for (const row of histogramsOf(rows, what.table, { ...asked, ids: named })) {
    const facts = grouped.byId.get(row.id);
    if (facts !== undefined && (only === undefined || only.has(facts))) facts.histogram.mergeEncoded(row.histogram);
  }
}

const MOST = 5_000;

/** By source. */
export function sumsOf(statements: readonly StatementFacts[]): Map<string, SourceSums> {
  const sums = new Map<string, SourceSums>();
  for (const { source, calls, errors, serviceTotalNs } of statements) {
    let sum = sums.get(source);
    if (sum === undefined) {
      sum = { statements: 0, executions: 0, serviceTotalNs: 0 };
      sums.set(source, sum);
    }
    sum.statements++;
    sum.executions += calls + errors;
    sum.serviceTotalNs += serviceTotalNs;
  }
  return sums;
}

function factsFor(found: Map<string, StatementFacts>, row: { fingerprint: string; source: string }): StatementFacts {
  const key = `${row.fingerprint}\0${row.source}`;
  let facts = found.get(key);
  if (facts === undefined) {
    facts = emptyFacts(row.fingerprint, row.source);
    found.set(key, facts);
  }
  return facts;
}

function addShared(facts: StatementFacts, row: SeriesSums | TagSums): void {
  facts.batchedCalls += row.batched_calls;
  facts.errors += row.errors;
  facts.rows += row.rows;
  facts.requests += row.requests;
  facts.serviceTotalNs += row.service_total_ns;
  facts.serviceMinNs = Math.min(facts.serviceMinNs, row.service_min_ns ?? Number.POSITIVE_INFINITY);
  facts.serviceMaxNs = Math.max(facts.serviceMaxNs, row.service_max_ns);
}
