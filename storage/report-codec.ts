// Reports as JSON that can be merged at the other end: histograms whole, maps as pairs.
// Invariant: decode(encode(report)) equals the report. Not here: the JSON that people and scripts read (report-json.ts).

import { LogHistogram } from '../analyzer/rollup/histogram.js';
import type { Observed, PoolFacts, PoolsReport, StatementFacts, StatementsReport } from './report-types.js';

/** Goes up with every change of the form; a reader refuses another one. */
const FORM = 1;

interface EncodedObserved extends Omit<Observed, 'notObservedByReason'> {
  notObservedByReason: Array<[string, number]>;
}

interface EncodedStatement
  extends Omit<
    StatementFacts,
    'byConstruct' | 'byConfidence' | 'errorsBySqlstate' | 'serviceMinNs' | 'histogram' | 'pools' | 'tags'
  > {
  byConstruct: Array<[string, number]>;
  byConfidence: Array<[string, number]>;
  errorsBySqlstate: Array<[string, number]>;
  /** null where it is Infinity, which JSON has not. */
  serviceMinNs: number | null;
  /** Base64 of LogHistogram.encode. */
  histogram: string;
  pools: string[];
  tags: Array<[string, string[]]>;
}

interface EncodedStatements extends Omit<StatementsReport, 'observed' | 'statements'> {
  form: number;
  observed: EncodedObserved;
  statements: EncodedStatement[];
}

interface EncodedPools extends Omit<PoolsReport, 'pools'> {
  form: number;
  pools: Array<Omit<PoolFacts, 'sources'> & { sources: Array<[string, number]> }>;
}

/** A JSON text. */
export function encodeStatementsReport(report: StatementsReport): string {
  const encoded: EncodedStatements = {
    form: FORM,
    window: report.window,
    observed: { ...report.observed, notObservedByReason: [...report.observed.notObservedByReason] },
    statements: report.statements.map((facts) => ({
      ...facts,
      byConstruct: [...facts.byConstruct],
      byConfidence: [...facts.byConfidence],
      errorsBySqlstate: [...facts.errorsBySqlstate],
      serviceMinNs: Number.isFinite(facts.serviceMinNs) ? facts.serviceMinNs : null,
      histogram: Buffer.from(facts.histogram.encode()).toString('base64'),
      pools: [...facts.pools],
      tags: [...facts.tags].map(([key, values]): [string, string[]] => [key, [...values]]),
    })),
  };
  return JSON.stringify(encoded);
}

/** Throws SyntaxError or RangeError on a text that encodeStatementsReport of this version did not make. */
export function decodeStatementsReport(text: string): StatementsReport {
  const encoded = JSON.parse(text) as EncodedStatements;
  requireForm(encoded, 'statements');
  return {
    window: encoded.window,
    observed: { ...encoded.observed, notObservedByReason: new Map(encoded.observed.notObservedByReason) },
    statements: encoded.statements.map((facts) => ({
      ...facts,
      byConstruct: new Map(facts.byConstruct),
      byConfidence: new Map(facts.byConfidence),
      errorsBySqlstate: new Map(facts.errorsBySqlstate),
      serviceMinNs: facts.serviceMinNs ?? Number.POSITIVE_INFINITY,
      histogram: decodeHistogram(facts.histogram),
      pools: new Set(facts.pools),
      tags: new Map(facts.tags.map(([key, values]) => [key, new Set(values)])),
    })),
  };
}

/** A JSON text. */
export function encodePoolsReport(report: PoolsReport): string {
  const pools = report.pools.map((pool) => ({ ...pool, sources: [...pool.sources] }));
  const encoded: EncodedPools = { form: FORM, ...report, pools };
  return JSON.stringify(encoded);
}

/** Throws SyntaxError or RangeError on a text that encodePoolsReport of this version did not make. */
export function decodePoolsReport(text: string): PoolsReport {
  const encoded = JSON.parse(text) as EncodedPools;
  requireForm(encoded, 'pools');
  return {
    window: encoded.window,
    pools: encoded.pools.map((pool) => ({ ...pool, sources: new Map(pool.sources) })),
    connectionsMax: encoded.connectionsMax,
    busyMax: encoded.busyMax,
  };
}

function requireForm(encoded: unknown, list: string): void {
  const found = encoded as Record<string, unknown> | null;
  if (found === null || typeof found !== 'object' || found.form !== FORM || !Array.isArray(found[list])) {
    throw new RangeError(`this is no ${list} report that this version of pgwitness can merge`);
  }
}

function decodeHistogram(base64: string): LogHistogram {
  const histogram = new LogHistogram();
  histogram.mergeEncoded(Buffer.from(base64, 'base64'));
  return histogram;
}
