// The rollup tables of the fleet's store, with series and tag sets written out.
// Invariant: names and units are those of SQLite's columns. Not here: their SQL (table.ts).
//
// A histogram maps the index of a bucket to its count, so that sumMap adds histograms up. Which level (span_s) is whole
// says instance_state (others.ts).

import { BUCKET, counts, FAST, histogram, MINIMUM, names, STATEMENT_KEY, squares, texts } from './columns.js';
import { STRETCH_SQL } from './stretch.js';
import type { FleetColumn, FleetTable, MadeColumn } from './table.js';

/**
 * Sorted by time first, because every question has a window; within a stretch of it by statement, because most
 * questions are about few.
 */
function rollup(
  name: string,
  keys: readonly FleetColumn[],
  values: readonly FleetColumn[],
  made: readonly MadeColumn[] = [],
): FleetTable {
  const keyNames = keys.map(([key]) => key);
  const table = { name, of: 'instance', columns: [...BUCKET, ...keys, ...values], ageing: { by: 'level' } } as const;
  if (!keyNames.includes('fingerprint')) {
    return { ...table, key: ['span_s', 'bucket_min', 'service', 'environment', ...keyNames], shardBy: 'instance' };
  }
  return {
    ...table,
    key: ['stretch', 'fingerprint', 'series', 'bucket_min'],
    shardBy: 'fingerprint',
    made: [STRETCH, seriesOf(keyNames), ...made],
    granuleRows: 2_048,
  };
}

/** Since version 3. */
const STRETCH: MadeColumn = { name: 'stretch', type: 'UInt32', sql: STRETCH_SQL, codec: 'LZ4' };

/**
 * Whose row it is, and of what beside the statement, as one number: of a statement's rows FINAL compares two columns
 * instead of eight or nine. Two series of a statement would have one number as seldom as two directories have one
 * `store`: among 10,000 of them with a probability of 3 in a million million. Since version 3.
 */
function seriesOf(keyNames: readonly string[]): MadeColumn {
  const all = [...keyNames.filter((name) => name !== 'fingerprint'), 'service', 'environment', 'instance', 'store'];
  return { name: 'series', type: 'UInt64', sql: `cityHash64(${all.join(', ')})`, codec: 'ZSTD(1)' };
}

/**
 * What ranking reads of all rows of a window, in few columns: a statement from one source (its fingerprint, a zero
 * byte, the source), which ClickHouse groups by its number in a list of them, and its executions. Since version 2.
 */
const RANKED_BY: readonly MadeColumn[] = [
  { name: 'statement', type: 'LowCardinality(String)', sql: "concat(fingerprint, '\\0', source)" },
  {
    name: 'executions',
    type: 'UInt64',
    sql: 'calls_certain + calls_strong + calls_weak + calls_none + errors',
    codec: FAST,
  },
];

export const ROLLUPS: readonly FleetTable[] = [
  rollup(
    'rollup',
    [...STATEMENT_KEY, ...names('construct', 'pool_id')],
    [
      ...counts(
        'calls_certain',
        'calls_strong',
        'calls_weak',
        'calls_none',
        'batched_calls',
        'errors',
        'rows',
        'requests',
      ),
      ...counts('request_bytes', 'response_bytes'),
      // Of numbers this large T64 makes no fewer bytes.
      ['service_total_ns', 'UInt64', 'LZ4'],
      MINIMUM,
      ...counts('service_max_ns', 'first_row_count', 'first_row_total_ns', 'client_stall_total_ns', 'wait_total_ns'),
      histogram('histogram'),
    ],
    RANKED_BY,
  ),
  rollup('rollup_error', [...STATEMENT_KEY, ...names('construct', 'pool_id', 'sqlstate')], counts('errors')),
  rollup('source_rollup', names('source'), counts('calls', 'errors', 'rows', 'service_total_ns')),
  rollup(
    'tag_rollup',
    [...STATEMENT_KEY, ...texts('tag_set')],
    [
      ...counts('calls', 'batched_calls', 'errors', 'rows', 'requests', 'service_total_ns'),
      MINIMUM,
      ...counts('service_max_ns'),
      histogram('histogram'),
    ],
  ),
  rollup('pool_rollup', names('pool_id'), [
    ...counts('opened', 'closed', 'lifetime_total_ms', 'connections_max', 'busy_max', 'active_ms', 'idle_ms'),
    ...counts('idle_in_transaction_ms', 'transactions', 'transaction_statements', 'transaction_total_ms'),
    ...counts('transaction_max_ms'),
    histogram('transaction_histogram'),
  ]),
  rollup('fleet_rollup', [], counts('connections_max', 'busy_max')),
  rollup(
    'request_rollup',
    [...names('found'), ...texts('tag_set')],
    [
      ...counts('requests', 'idle_requests', 'statements'),
      ...squares('statements_squared'),
      ...counts('statements_max', 'repeated', 'service_total_ns'),
      ...squares('service_squared_ns2'),
      ...counts('service_max_ns', 'rows'),
      ...squares('rows_squared'),
      ...counts('errors'),
      histogram('statement_histogram'),
      histogram('service_histogram'),
    ],
  ),
  rollup(
    'request_part_rollup',
    [...names('found'), ...texts('tag_set'), ...names('source', 'pool_id')],
    counts('statements', 'service_total_ns'),
  ),
  rollup(
    'request_statement_rollup',
    [...STATEMENT_KEY, ...texts('tag_set')],
    [
      ...counts('requests', 'executions'),
      ...squares('executions_squared'),
      ...counts('service_total_ns'),
      ...squares('service_squared_ns2'),
      ...counts('rows'),
      ...squares('rows_squared'),
    ],
  ),
];
