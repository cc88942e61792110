// A statements report as a JSON value that can be merged at the other end: histograms whole, maps as pairs.
// Invariant: decode(encode(report)) equals the report, and what decode lets through has the types it claims.
// Not here: the JSON that people and scripts read (statements-json.ts).

import * as v from 'valibot';
import type { StatementsReport } from '../../facts/answers.js';
import { LogHistogram } from '../../facts/histogram.js';

/** Goes up with every change of the form; a reader refuses another one. */
const FORM = 3;

const count = v.pipe(v.number(), v.minValue(0));
const counts = v.array(v.tuple([v.string(), count]));
const statementSchema = v.object({
  fingerprint: v.string(),
  source: v.string(),
  query: v.string(),
  summary: v.string(),
  byConstruct: counts,
  byConfidence: counts,
  calls: count,
  batchedCalls: count,
  errors: count,
  errorsBySqlstate: counts,
  rows: count,
  requests: count,
  requestBytes: count,
  responseBytes: count,
  serviceTotalNs: count,
  /** null where it is Infinity, which JSON has not. */
  serviceMinNs: v.nullable(count),
  serviceMaxNs: count,
  firstRowCount: count,
  firstRowTotalNs: count,
  clientStallTotalNs: count,
  waitTotalNs: count,
  /** Base64 of LogHistogram.encode. */
  histogram: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/)),
  firstSeenMs: count,
  lastSeenMs: count,
  pools: v.array(v.string()),
  tags: v.array(v.tuple([v.string(), v.array(v.string())])),
  evidence: v.array(v.object({ rule: v.string(), saw: v.string() })),
  variants: v.array(v.string()),
});
const reportSchema = v.object({
  form: v.literal(FORM, 'it was made by another version of pgwitness'),
  window: v.object({ sinceMs: v.number(), untilMs: v.number() }),
  observed: v.object({
    statements: count,
    notObserved: count,
    notObservedByReason: counts,
    unknown: count,
    exact: v.boolean(),
  }),
  statements: v.array(statementSchema),
  sums: v.array(v.tuple([v.string(), v.object({ statements: count, executions: count, serviceTotalNs: count })])),
});

export type EncodedStatementsReport = v.InferOutput<typeof reportSchema>;

/** A value for JSON.stringify. */
export function encodeStatementsReport(report: StatementsReport): EncodedStatementsReport {
  return {
    form: FORM,
    window: report.window,
    observed: { ...report.observed, notObservedByReason: [...report.observed.notObservedByReason] },
    sums: [...report.sums],
    statements: report.statements.map((facts) => ({
      ...facts,
      byConstruct: [...facts.byConstruct],
      byConfidence: [...facts.byConfidence],
      errorsBySqlstate: [...facts.errorsBySqlstate],
      serviceMinNs: Number.isFinite(facts.serviceMinNs) ? facts.serviceMinNs : null,
      histogram: Buffer.from(facts.histogram.encode()).toString('base64'),
      pools: [...facts.pools],
      tags: [...facts.tags].map(([key, values]): [string, string[]] => [key, [...values]]),
      evidence: [...facts.evidence],
    })),
  };
}

/** `value` as JSON.parse gives it. Throws valibot's ValiError or RangeError on what encodeStatementsReport did not make. */
export function decodeStatementsReport(value: unknown): StatementsReport {
  const encoded = v.parse(reportSchema, value);
  return {
    window: encoded.window,
    observed: { ...encoded.observed, notObservedByReason: new Map(encoded.observed.notObservedByReason) },
    sums: new Map(encoded.sums),
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

function decodeHistogram(base64: string): LogHistogram {
  const histogram = new LogHistogram();
  histogram.mergeEncoded(Buffer.from(base64, 'base64'));
  return histogram;
}
