// The JSON form of one statement in full, as `show --json` prints it, and of a row in a list.
// Invariant: in full it is the row of `top --json` with more fields. Not here: that row (statements-json.ts).

import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import { meanNs, percentileNs } from '../../facts/latency.js';
import { type SnakeCase, STATEMENT_MEASURES, type StatementMeasureName, snakeCase } from '../../facts/measures.js';
import { ordered, type StatementSort } from '../../facts/statement-order.js';
import { mostOf } from '../../facts/sums.js';
import { shortSql } from '../../facts/words/short-sql.js';
import { TAG_VALUES_SHOWN } from '../statements.js';
import { headOf, type StatementJson, type StatementsJson, statementJson, statementsJson } from './statements-json.js';

/** Measures that the row of a list has, or that a mean is made of. Every other one is in the details by itself. */
const SAID_ELSEWHERE = [
  'calls',
  'batchedCalls',
  'errors',
  'rows',
  'requests',
  'serviceTotalNs',
  'serviceMinNs',
  'serviceMaxNs',
  'firstRowCount',
  'firstRowTotalNs',
] as const satisfies readonly StatementMeasureName[];

type DetailMeasure = Exclude<StatementMeasureName, (typeof SAID_ELSEWHERE)[number]>;
/** `waitTotalNs` is `wait_ms`. */
type DetailName<Name extends string> = Name extends `${infer What}TotalNs`
  ? `${SnakeCase<What>}_ms`
  : Name extends `${infer What}Ns`
    ? `${SnakeCase<What>}_ms`
    : SnakeCase<Name>;
type DetailSums = { [Name in DetailMeasure as DetailName<Name>]: number };

const DETAILS = Object.entries(STATEMENT_MEASURES)
  .filter(([name]) => !(SAID_ELSEWHERE as readonly string[]).includes(name))
  .map(([name, { unit }]) => ({
    measure: name as DetailMeasure,
    key: snakeCase(unit === 'ns' ? name.replace(/(?:Total)?Ns$/, 'Ms') : name),
    divisor: unit === 'ns' ? 1e6 : 1,
  }));

export interface StatementDetailsJson extends StatementJson, DetailSums {
  /** Executions by construct, by confidence, by SQLSTATE. */
  by_construct: Record<string, number>;
  by_confidence: Record<string, number>;
  errors_by_sqlstate: Record<string, number>;
  /** Mean over executions whose first row was timed (results over 8 KiB); null when there were none. */
  first_row_mean_ms: number | null;
  evidence: Array<{ rule: string; saw: string }>;
  /** Other normalised texts with the same fingerprint. */
  variants: string[];
}

/** A row per source of the statement. */
export function statementDetailsJson(
  report: StatementsReport,
): Omit<StatementsJson, 'statements'> & { statements: StatementDetailsJson[] } {
  const { window, observed } = statementsJson({ ...report, statements: [] }, { sort: 'total', limit: 0 });
  return { window, observed, statements: report.statements.map(detailsOf) };
}

function detailsOf(facts: StatementFacts): StatementDetailsJson {
  return {
    ...statementJson(facts),
    by_construct: Object.fromEntries(facts.byConstruct),
    by_confidence: Object.fromEntries(facts.byConfidence),
    errors_by_sqlstate: Object.fromEntries(facts.errorsBySqlstate),
    ...sumsOf(facts),
    first_row_mean_ms: facts.firstRowCount === 0 ? null : facts.firstRowTotalNs / facts.firstRowCount / 1e6,
    evidence: facts.evidence.map(({ rule, saw }) => ({ rule, saw })),
    variants: [...facts.variants],
  };
}

function sumsOf(facts: StatementFacts): DetailSums {
  const sums: Record<string, number> = {};
  for (const { measure, key, divisor } of DETAILS) sums[key] = facts[measure] / divisor;
  return sums as DetailSums;
}

/** Characters of a text in a list; a longer one is folded before it is cut. */
const BRIEF_CHARACTERS = 240;

/** A row as a list shows it: times to a tenth of a microsecond. */
export type BriefStatementJson = Pick<
  StatementJson,
  'fingerprint' | 'source' | 'construct' | 'query' | 'summary' | 'calls' | 'errors' | 'rows' | 'total_ms' | 'mean_ms'
> &
  Pick<StatementJson, 'p95_ms' | 'max_ms' | 'calls_per_request'> & {
    /** The first of the places that sent it ('' = none is known), and how many more there are. */
    caller: string;
    callers_more: number;
  };

export type BriefStatementsJson = Omit<StatementsJson, 'statements'> & {
  /** By source, of all statements that fit, whatever part of them is listed. */
  sums: Record<string, { statements: number; executions: number; total_ms: number }>;
  statements: BriefStatementJson[];
};

/** Rows with long texts cut, and only with what a list shows: 20,000 statements stay a few megabytes. */
export function briefStatements(
  report: StatementsReport,
  options: { sort: StatementSort; limit: number },
): BriefStatementsJson {
  const sums = [...report.sums].map(
    ([source, { statements, executions, serviceTotalNs }]) =>
      [source, { statements, executions, total_ms: short(serviceTotalNs / 1e6) }] as const,
  );
  const rows = ordered(report.statements, options);
  return { ...headOf(report), sums: Object.fromEntries(sums), statements: rows.map(brief) };
}

function brief(facts: StatementFacts): BriefStatementJson {
  const { fingerprint, source, query, summary, calls, errors, rows, requests, histogram } = facts;
  const callers = [...(facts.tags.get('caller') ?? [])].sort();
  const p95Ns = percentileNs(facts, 0.95);
  return {
    fingerprint,
    source,
    construct: mostOf(facts.byConstruct) ?? '',
    query: query.length <= BRIEF_CHARACTERS ? query : cut(shortSql(query)),
    summary,
    calls,
    errors,
    rows,
    total_ms: short(facts.serviceTotalNs / 1e6),
    mean_ms: short(meanNs(facts) / 1e6),
    p95_ms: p95Ns === null ? null : short(p95Ns / 1e6),
    max_ms: histogram.count === 0 ? null : short(facts.serviceMaxNs / 1e6),
    calls_per_request: requests === 0 ? null : short((calls + errors) / requests),
    caller: callers[0] ?? '',
    callers_more: Math.max(0, Math.min(callers.length, TAG_VALUES_SHOWN) - 1),
  };
}

function cut(text: string): string {
  return text.length <= BRIEF_CHARACTERS ? text : `${text.slice(0, BRIEF_CHARACTERS)}…`;
}

function short(ms: number): number {
  return Math.round(ms * 1e4) / 1e4;
}
