// Reads the rows without levels for the store of a fleet: texts, pools, samples, marks, losses.
// Invariant: a row is read whole when what is compared of it changed; what is compared is small. Not here: buckets
// (bucket-rows.ts), what changed (observer/shipping/differences.ts).

import type { Rows, SqlValue } from '../file/rows.js';

export interface OtherTable {
  readonly name: string;
  /** Columns that identify a row: no two rows share them. */
  readonly key: readonly string[];
  /** Columns that say whether it changed. */
  readonly compared: readonly string[];
  /** Where its rows come from; default: the table of its name. */
  readonly from?: string;
}

/** In the order in which they are sent: what is counted is sent after its text. */
export const OTHER_TABLES: readonly OtherTable[] = [
  { name: 'statement', key: ['fingerprint'], compared: ['variants_dropped'] },
  { name: 'statement_variant', key: ['fingerprint', 'key_hash'], compared: [] },
  {
    name: 'statement_source',
    key: ['fingerprint', 'source', 'construct'],
    compared: ['confidence', 'first_seen_ms', 'last_seen_ms', 'calls', 'errors'],
  },
  {
    name: 'pool',
    key: ['pool_id'],
    compared: [
      'name',
      'owner',
      'client_address',
      'server_version',
      'driver',
      'habits',
      'first_seen_ms',
      'last_seen_ms',
      'opened',
      'closed',
    ],
  },
  { name: 'setting', key: ['name'], compared: ['value'] },
  { name: 'counter', key: ['name'], compared: ['value'] },
  { name: 'relay_progress', key: ['relay_id'], compared: ['last_sequence', 'updated_ms', 'ended'] },
  { name: 'watched_time', key: ['from_min'], compared: ['until_min'] },
  { name: 'loss', key: ['minute_min', 'reason', 'counter_id'], compared: ['count'] },
  {
    name: 'lost_statement',
    key: ['minute_min', 'reason', 'fingerprint', 'source', 'construct', 'pool_id'],
    compared: ['count'],
  },
  { name: 'gap', key: ['from_min', 'until_min', 'reason'], compared: ['executions'] },
  { name: 'bypass_sample', key: ['minute_min'], compared: ['connections', 'clients', 'reason'] },
  { name: 'mark', key: ['mark_id'], compared: [] },
  {
    name: 'finding',
    key: ['finding_id'],
    compared: [
      'confidence',
      'found',
      'callers',
      'units',
      'times',
      'times_max',
      'cost_ns',
      'first_seen_ms',
      'last_seen_ms',
      'length(sample)',
    ],
  },
  { name: 'slow_sample', key: ['fingerprint', 'service_ns', 'at_ms'], compared: ['source'] },
  { name: 'plan', key: ['fingerprint'], compared: ['at_ms', 'problem'] },
  {
    name: 'unit_sample',
    key: ['span_s', 'bucket_min', 'request_series_id', 'kind'],
    compared: ['rank', 'at_ms'],
    from: 'unit_sample JOIN request_series USING (request_series_id)',
  },
];

export interface ComparedRow {
  key: SqlValue[];
  /** Key and what is compared, as one text. */
  keyText: string;
  comparedText: string;
}

/** Row by row: nothing else may use the connection meanwhile. */
export function* comparedRows(rows: Rows, { name, key, compared }: OtherTable): Generator<ComparedRow> {
  const columns = [...key, ...compared].map((column, n) => `${column} AS c${n}`).join(', ');
  for (const row of rows.iterate<Record<string, SqlValue>>(`SELECT ${columns} FROM ${name}`)) {
    const values = Object.values(row);
    const own = values.slice(0, key.length);
    yield { key: own, keyText: own.join('\0'), comparedText: values.slice(key.length).join('\0') };
  }
}

/** The row of a key with these columns; undefined = it is gone. */
export function otherRow(
  rows: Rows,
  { name, key, from = name }: OtherTable,
  { values, columns }: { values: readonly SqlValue[]; columns: readonly string[] },
): SqlValue[] | undefined {
  const where = key.map((column) => `${name}.${column} = ?`).join(' AND ');
  const row = rows.get<Record<string, SqlValue>>(`SELECT ${columns.join(', ')} FROM ${from} WHERE ${where}`, ...values);
  return row === undefined ? undefined : columns.map((column) => row[column]);
}
