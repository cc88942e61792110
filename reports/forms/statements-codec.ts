// A statements report as JSON that another pgwitness can merge: histograms whole, maps as pairs.
// Invariant: decode(encode(report)) equals the report, and what decode lets through has the types it claims.
// Not here: the JSON that people and scripts read (statements-json.ts).

import * as v from 'valibot';
import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import { LogHistogram } from '../../facts/histogram.js';
import type { StatementMeasureName } from '../../facts/measures.js';
import { addSums, noSums, STATEMENT_RULES, type Sums } from '../../facts/sums.js';
import { decodeObserved, encodeObserved, observedSchema } from '../observed-codec.js';

const measureNames = Object.keys(STATEMENT_RULES) as StatementMeasureName[];
/** A reader refuses another form. The number goes up with every change but to the measures, which it names. */
const FORM = `5 ${measureNames.join(' ')}`;

const count = v.pipe(v.number(), v.minValue(0));
const counts = v.array(v.tuple([v.string(), count]));
const statementSchema = v.object({
  fingerprint: v.string(),
  source: v.string(),
  query: v.string(),
  summary: v.string(),
  byConstruct: counts,
  byConfidence: counts,
  errorsBySqlstate: counts,
  ...measureSchemas(),
  /** LogHistogram.toBase64. */
  histogram: v.string(),
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
  observed: observedSchema,
  statements: v.array(statementSchema),
  sums: v.array(v.tuple([v.string(), v.object({ statements: count, executions: count, serviceTotalNs: count })])),
});

export type EncodedStatementsReport = v.InferOutput<typeof reportSchema>;

/** A value for JSON.stringify. */
export function encodeStatementsReport(report: StatementsReport): EncodedStatementsReport {
  return {
    form: FORM,
    window: report.window,
    observed: encodeObserved(report.observed),
    sums: [...report.sums],
    statements: report.statements.map((facts) => ({
      ...facts,
      byConstruct: [...facts.byConstruct],
      byConfidence: [...facts.byConfidence],
      errorsBySqlstate: [...facts.errorsBySqlstate],
      ...encodedMeasures(facts),
      histogram: facts.histogram.toBase64(),
      pools: [...facts.pools],
      tags: [...facts.tags].map(([key, values]): [string, string[]] => [key, [...values]]),
      evidence: [...facts.evidence],
    })),
  };
}

/** `value` as JSON.parse gives it. Throws valibot's ValiError or RangeError on anything else than an encoded report. */
export function decodeStatementsReport(value: unknown): StatementsReport {
  const encoded = v.parse(reportSchema, value);
  return {
    window: encoded.window,
    observed: decodeObserved(encoded.observed),
    sums: new Map(encoded.sums),
    statements: encoded.statements.map((facts) => ({
      ...facts,
      byConstruct: new Map(facts.byConstruct),
      byConfidence: new Map(facts.byConfidence),
      errorsBySqlstate: new Map(facts.errorsBySqlstate),
      ...decodedMeasures(facts),
      histogram: LogHistogram.fromBase64(facts.histogram),
      pools: new Set(facts.pools),
      tags: new Map(facts.tags.map(([key, values]) => [key, new Set(values)])),
    })),
  };
}

/** JSON has no Infinity, which is the minimum of nothing: null stands for it. */
function measureSchemas(): Record<StatementMeasureName, v.GenericSchema<number | null>> {
  const schemas = measureNames.map((name) => [name, STATEMENT_RULES[name] === 'min' ? v.nullable(count) : count]);
  return Object.fromEntries(schemas) as Record<StatementMeasureName, v.GenericSchema<number | null>>;
}

function encodedMeasures(facts: StatementFacts): Record<StatementMeasureName, number | null> {
  const values = measureNames.map((name) => [name, Number.isFinite(facts[name]) ? facts[name] : null]);
  return Object.fromEntries(values) as Record<StatementMeasureName, number | null>;
}

function decodedMeasures(encoded: Readonly<Record<StatementMeasureName, number | null>>): Sums<StatementMeasureName> {
  const sums = noSums(STATEMENT_RULES);
  addSums(STATEMENT_RULES, sums, encoded);
  return sums;
}
