// The rollup tables as data, and the SQL that adds to them: from a flush, or from a finer level.
// Invariant: a row only grows by its fields' merge rules, so adding in any order gives the same row.
// Not here: measures and their rules (facts/measures.ts), the tables' definition (migrations/), which buckets to add to
// (levels.ts).

import type { LogHistogram } from '../../../facts/histogram.js';
import {
  CALLS_BY_CONFIDENCE,
  type FleetMeasureName,
  type Merge,
  type PoolMeasureName,
  type RequestMeasureName,
  type RequestPartMeasureName,
  type RequestStatementMeasureName,
  type SourceMeasureName,
  type StatementMeasureName,
  snakeCase,
  type TagMeasureName,
} from '../../../facts/measures.js';
import {
  FLEET_RULES,
  POOL_RULES,
  REQUEST_PART_RULES,
  REQUEST_RULES,
  REQUEST_STATEMENT_RULES,
  SOURCE_RULES,
  STATEMENT_RULES,
  SUM_MAX,
  TAG_RULES,
} from '../../../facts/sums.js';
import { FOLDED_BY, type FoldedKey } from '../../reading/levels.js';
import type { SqlValue } from '../file/rows.js';
import { plusSql, totalSql } from './saturating.js';

type ColumnMerge = Merge | 'histogram';

export interface RollupTable<Field extends string = string> {
  name: string;
  /** Columns that identify a row beside its span and bucket. */
  keys: readonly string[];
  /**
   * Fields of a row, each in the column of its name in snake case; in the order in which they are bound after the
   * keys.
   */
  fields: Readonly<Record<Field, ColumnMerge>>;
}

type ConfidenceField = (typeof CALLS_BY_CONFIDENCE)[keyof typeof CALLS_BY_CONFIDENCE];
type RollupField = ConfidenceField | Exclude<StatementMeasureName, 'calls'> | 'histogram';

export const ROLLUP: RollupTable<RollupField> = {
  name: 'rollup',
  keys: ['series_id'],
  fields: { ...rollupFields(), histogram: 'histogram' },
};

export const ROLLUP_ERROR: RollupTable<'errors'> = {
  name: 'rollup_error',
  keys: ['series_id', 'sqlstate'],
  fields: { errors: 'sum' },
};

export const SOURCE_ROLLUP: RollupTable<SourceMeasureName> = {
  name: 'source_rollup',
  keys: ['source'],
  fields: SOURCE_RULES,
};

export const TAG_ROLLUP: RollupTable<TagMeasureName | 'histogram'> = {
  name: 'tag_rollup',
  keys: ['tag_series_id'],
  fields: { ...TAG_RULES, histogram: 'histogram' },
};

export const POOL_ROLLUP: RollupTable<PoolMeasureName | 'transactionHistogram'> = {
  name: 'pool_rollup',
  keys: ['pool_id'],
  fields: { ...POOL_RULES, transactionHistogram: 'histogram' },
};

export const FLEET_ROLLUP: RollupTable<FleetMeasureName> = {
  name: 'fleet_rollup',
  keys: [],
  fields: FLEET_RULES,
};

export const REQUEST_ROLLUP: RollupTable<RequestMeasureName | 'statementHistogram' | 'serviceHistogram'> = {
  name: 'request_rollup',
  keys: ['request_series_id'],
  fields: { ...REQUEST_RULES, statementHistogram: 'histogram', serviceHistogram: 'histogram' },
};

export const REQUEST_PART_ROLLUP: RollupTable<RequestPartMeasureName> = {
  name: 'request_part_rollup',
  keys: ['request_series_id', 'source', 'pool_id'],
  fields: REQUEST_PART_RULES,
};

export const REQUEST_STATEMENT_ROLLUP: RollupTable<RequestStatementMeasureName> = {
  name: 'request_statement_rollup',
  keys: ['tag_series_id'],
  fields: REQUEST_STATEMENT_RULES,
};

export const ROLLUP_TABLES = [
  ROLLUP,
  ROLLUP_ERROR,
  SOURCE_ROLLUP,
  TAG_ROLLUP,
  POOL_ROLLUP,
  FLEET_ROLLUP,
  REQUEST_ROLLUP,
  REQUEST_PART_ROLLUP,
  REQUEST_STATEMENT_ROLLUP,
] as const;

/** Calls of a rollup row, whatever their confidence. */
export const CALLS_SQL = Object.values(CALLS_BY_CONFIDENCE)
  .map((field) => snakeCase(field))
  .join(' + ');

/** Adds one row; binds span_s, bucket_min, the keys, the fields. */
export function upsertSql(table: RollupTable): string {
  const all = ['span_s', 'bucket_min', ...table.keys, ...columnsOf(table)];
  return `INSERT INTO ${table.name} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')}) ${mergeSql(table)}`;
}

/** The key by whose ids the table is folded in parts; undefined = it has few rows, and is folded whole. */
export function foldedKeyOf({ keys }: RollupTable): FoldedKey | undefined {
  return FOLDED_BY.find((key) => key === keys[0]);
}

/**
 * Adds rows of one bucket to a coarser one; binds to_span, to_bucket, from_span, from_bucket, and where it is folded in
 * parts the id behind which they begin and the last one.
 */
export function rollUpSql(table: RollupTable): string {
  const key = foldedKeyOf(table);
  const among = key === undefined ? '' : ` AND ${key} > ? AND ${key} <= ?`;
  const rest = [...table.keys, ...columnsOf(table)].join(', ');
  return `INSERT INTO ${table.name} (span_s, bucket_min, ${rest}) SELECT ?, ?, ${rest} FROM ${table.name}
    WHERE span_s = ? AND bucket_min = ?${among} ${mergeSql(table)}`;
}

/** The columns summed up over rows, each under its field's name, as a select list. Histograms are left out. */
export function sumsSql(table: RollupTable): string {
  return Object.entries(table.fields)
    .filter(([, merge]) => merge !== 'histogram')
    .map(([field, merge]) => {
      const column = snakeCase(field);
      return `${totalOf(column, merge)} AS ${field}`;
    })
    .join(', ');
}

function totalOf(column: string, merge: ColumnMerge): string {
  if (merge === 'sum') return totalSql(column);
  return merge === 'squares' ? `total(${column})` : `${merge}(${column})`;
}

/** The values that a row binds, in the order of the table's fields. */
export function valuesOf<Field extends string>(
  table: RollupTable<Field>,
  row: Readonly<Record<NoInfer<Field>, number | LogHistogram>>,
): SqlValue[] {
  const values: SqlValue[] = [];
  for (const field in table.fields) {
    const value = row[field];
    if (typeof value !== 'number') values.push(value.encode());
    // A minimum of nothing is Infinity, and NULL in SQL.
    else if (table.fields[field] === 'min' && !Number.isFinite(value)) values.push(null);
    else if (table.fields[field] === 'squares') values.push(Number.isFinite(value) ? value : 0);
    else values.push(integer(value));
  }
  return values;
}

/**
 * What a column takes. Shares of a batch's time are fractions. One value that is no number, or larger than a column
 * holds, must not fail the whole flush.
 */
export function integer(value: number): number {
  return Number.isNaN(value) ? 0 : Math.round(Math.max(-SUM_MAX, Math.min(SUM_MAX, value)));
}

function rollupFields(): Record<Exclude<RollupField, 'histogram'>, Merge> {
  const { calls, ...others } = STATEMENT_RULES;
  const byConfidence = Object.values(CALLS_BY_CONFIDENCE).map((field) => [field, calls] as const);
  return { ...(Object.fromEntries(byConfidence) as Record<ConfidenceField, Merge>), ...others };
}

function columnsOf(table: RollupTable): string[] {
  return Object.keys(table.fields).map((field) => snakeCase(field));
}

function mergeSql(table: RollupTable): string {
  const sets = Object.entries(table.fields).map(([field, merge]) => {
    const column = snakeCase(field);
    return `${column} = ${mergedValue(column, merge)}`;
  });
  return `ON CONFLICT (${['span_s', 'bucket_min', ...table.keys].join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
}

function mergedValue(column: string, merge: ColumnMerge): string {
  switch (merge) {
    case 'sum':
      return plusSql(column, `excluded.${column}`);
    case 'squares':
      return `${column} + excluded.${column}`;
    case 'min': // NULL means "none yet", but min() of NULL and a value is NULL.
      return `min(ifnull(${column}, excluded.${column}), ifnull(excluded.${column}, ${column}))`;
    case 'max':
      return `max(${column}, excluded.${column})`;
    case 'histogram':
      return `merge_histograms(${column}, excluded.${column})`;
  }
}
