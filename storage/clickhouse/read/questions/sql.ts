// Pieces of ClickHouse's SQL: lists, sums, patterns.
// Not here: conditions (filters.ts, place.ts), literals (../../schema/literal.ts).

import { type Merge, snakeCase } from '../../../../facts/measures.js';
import { type MergeRules, SUM_MAX } from '../../../../facts/sums.js';
import { literal } from '../../schema/literal.js';

/** A list for IN, sorted; never empty, because ClickHouse reads () as nothing. */
export function list(texts: Iterable<string>): string {
  const all = [...texts].sort().map(literal);
  return all.length === 0 ? "('')" : `(${all.join(', ')})`;
}

/** The most that a sum says, as in SQLite; as a floating-point number it leaves no bounds. */
export function totalSql(expression: string): string {
  return `least(toFloat64(${SUM_MAX}), sum(toFloat64(${expression})))`;
}

function mergedSql(expression: string, merge: Merge): string {
  if (merge === 'sum') return totalSql(expression);
  return merge === 'squares' ? `sum(${expression})` : `${merge}(${expression})`;
}

/** Each measure summed up under its own name, as a select list; `from` gives the column of one. */
export function sumsSql<Name extends string>(
  rules: MergeRules<Name>,
  from: (name: Name) => string = snakeCase,
): string {
  return Object.keys(rules)
    .map((name) => `${mergedSql(from(name as Name), rules[name as Name])} AS ${name}`)
    .join(', ');
}

export interface SummedUp {
  /** A select list. */
  readonly sql: string;
  /** Gives a row of the answer its measures. */
  name(row: object): void;
}

/**
 * As sumsSql, for questions of many measures: sums come in one column, because ClickHouse takes as long to plan a
 * question as its words are many. `more`: names and columns of further sums.
 */
export function summedUp<Name extends string>(
  rules: MergeRules<Name>,
  { from = snakeCase, more = {} }: { from?: (name: Name) => string; more?: Readonly<Record<string, string>> },
): SummedUp {
  const names = Object.keys(rules) as Name[];
  const sums = names.filter((name) => rules[name] === 'sum');
  const columns = [...sums.map(from), ...Object.values(more)];
  const others = names.filter((name) => rules[name] !== 'sum');
  const sql = [
    `sumForEach(CAST([${columns.join(', ')}], 'Array(Float64)')) AS sums`,
    ...others.map((name) => `${mergedSql(from(name), rules[name])} AS ${name}`),
  ];
  const named = [...sums, ...Object.keys(more)];
  return {
    sql: sql.join(', '),
    name(row: { sums?: number[] } & Record<string, unknown>) {
      for (const [at, name] of named.entries()) row[name] = Math.min(SUM_MAX, row.sums![at]);
      delete row.sums;
    },
  };
}

/** A pattern for LIKE that a text fits with anything before and after it. */
export function likeOf(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
