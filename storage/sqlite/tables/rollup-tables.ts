// The rollup tables, column by column, and the SQL that adds to them: from a flush, or from a finer level.
// Invariant: a row only grows by its columns' merge rules, so adding in any order gives the same row.
// Not here: the tables' definition (migrations/), which buckets to add to (levels.ts).

/** How two values of one column become one. */
type Merge = 'sum' | 'min' | 'max' | 'histogram';

export interface RollupTable {
  name: string;
  /** What identifies a row beside its span and bucket. */
  keys: readonly string[];
  /** In the order in which values are bound after span, bucket and keys. */
  columns: Readonly<Record<string, Merge>>;
}

export const ROLLUP: RollupTable = {
  name: 'rollup',
  keys: ['series_id'],
  columns: {
    calls_certain: 'sum',
    calls_strong: 'sum',
    calls_weak: 'sum',
    calls_none: 'sum',
    batched_calls: 'sum',
    errors: 'sum',
    rows: 'sum',
    requests: 'sum',
    request_bytes: 'sum',
    response_bytes: 'sum',
    service_total_ns: 'sum',
    service_min_ns: 'min',
    service_max_ns: 'max',
    first_row_count: 'sum',
    first_row_total_ns: 'sum',
    client_stall_total_ns: 'sum',
    wait_total_ns: 'sum',
    histogram: 'histogram',
  },
};

export const ROLLUP_ERROR: RollupTable = {
  name: 'rollup_error',
  keys: ['series_id', 'sqlstate'],
  columns: { errors: 'sum' },
};

export const SOURCE_ROLLUP: RollupTable = {
  name: 'source_rollup',
  keys: ['source'],
  columns: { calls: 'sum', errors: 'sum', rows: 'sum', service_total_ns: 'sum' },
};

export const TAG_ROLLUP: RollupTable = {
  name: 'tag_rollup',
  keys: ['tag_series_id'],
  columns: {
    calls: 'sum',
    batched_calls: 'sum',
    errors: 'sum',
    rows: 'sum',
    requests: 'sum',
    service_total_ns: 'sum',
    service_min_ns: 'min',
    service_max_ns: 'max',
    histogram: 'histogram',
  },
};

export const POOL_ROLLUP: RollupTable = {
  name: 'pool_rollup',
  keys: ['pool_id'],
  columns: {
    opened: 'sum',
    closed: 'sum',
    lifetime_total_ms: 'sum',
    connections_max: 'max',
    busy_max: 'max',
    active_ms: 'sum',
    idle_ms: 'sum',
    idle_in_transaction_ms: 'sum',
    transactions: 'sum',
    transaction_statements: 'sum',
    transaction_total_ms: 'sum',
    transaction_max_ms: 'max',
    transaction_histogram: 'histogram',
  },
};

export const FLEET_ROLLUP: RollupTable = {
  name: 'fleet_rollup',
  keys: [],
  columns: { connections_max: 'max', busy_max: 'max' },
};

export const ROLLUP_TABLES = [ROLLUP, ROLLUP_ERROR, SOURCE_ROLLUP, TAG_ROLLUP, POOL_ROLLUP, FLEET_ROLLUP] as const;

/** Adds one row; binds span_s, bucket_min, the keys, the columns. */
export function upsertSql(table: RollupTable): string {
  const all = ['span_s', 'bucket_min', ...table.keys, ...Object.keys(table.columns)];
  return `INSERT INTO ${table.name} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')}) ${mergeSql(table)}`;
}

/** Adds every row of one bucket to a coarser one; binds to_span, to_bucket, from_span, from_bucket. */
export function foldSql(table: RollupTable): string {
  const rest = [...table.keys, ...Object.keys(table.columns)].join(', ');
  return `INSERT INTO ${table.name} (span_s, bucket_min, ${rest}) SELECT ?, ?, ${rest} FROM ${table.name}
    WHERE span_s = ? AND bucket_min = ? ${mergeSql(table)}`;
}

/** The columns summed up over rows, each under its own name, as a select list. Histograms are left out. */
export function sumsSql(table: RollupTable): string {
  return Object.entries(table.columns)
    .filter(([, merge]) => merge !== 'histogram')
    .map(([column, merge]) => `${merge}(${column}) AS ${column}`)
    .join(', ');
}

function mergeSql(table: RollupTable): string {
  const sets = Object.entries(table.columns).map(([column, merge]) => `${column} = ${mergedValue(column, merge)}`);
  return `ON CONFLICT (${['span_s', 'bucket_min', ...table.keys].join(', ')}) DO UPDATE SET ${sets.join(', ')}`;
}

function mergedValue(column: string, merge: Merge): string {
  switch (merge) {
    case 'sum':
      return `${column} + excluded.${column}`;
    case 'min': // NULL says "none yet", and min() of NULL and a value would be NULL.
      return `min(ifnull(${column}, excluded.${column}), ifnull(excluded.${column}, ${column}))`;
    case 'max':
      return `max(${column}, excluded.${column})`;
    case 'histogram':
      return `merge_histograms(${column}, excluded.${column})`;
  }
}
