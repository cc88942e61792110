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

/** A pattern for LIKE that a text fits with anything before and after it. */
export function likeOf(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
