// The tables of the fleet's store, version 1: those of SQLite's file, with their series and tag sets written out.
// Invariant: a published version never changes; a change is a new file with the next number. Names and units are those
// of SQLite's columns. Not here: their SQL (table.ts), what fills them (../../../shipping/).
//
// A histogram maps the index of a bucket to its count, so that sumMap adds histograms up. A level (span_s) is whole
// where instance_state says so; see there.

import type { FleetColumn, FleetTable } from './table.js';

const SMALL = 'T64, ZSTD(1)';

function counts(...names: readonly string[]): FleetColumn[] {
  return names.map((name) => [name, 'UInt64', SMALL]);
}

function squares(...names: readonly string[]): FleetColumn[] {
  return names.map((name) => [name, 'Float64', 'ZSTD(1)']);
}

function texts(...names: readonly string[]): FleetColumn[] {
  return names.map((name) => [name, 'String', 'ZSTD(1)']);
}

function names(...list: readonly string[]): FleetColumn[] {
  return list.map((name) => [name, 'LowCardinality(String)']);
}

function histogram(name: string): FleetColumn {
  return [name, 'Map(UInt16, UInt64)', 'ZSTD(1)'];
}

const BUCKET: readonly FleetColumn[] = [
  ['span_s', 'UInt32', 'ZSTD(1)'],
  ['bucket_min', 'UInt32', 'Delta, ZSTD(1)'],
];
const MINIMUM: FleetColumn = ['service_min_ns', 'Nullable(UInt64)', 'ZSTD(1)'];
const AT: FleetColumn = ['at_ms', 'UInt64', 'Delta, ZSTD(1)'];
const SEEN = counts('first_seen_ms', 'last_seen_ms');

/** Rows of one bucket: sorted by time first, because every question has a window. */
function rollup(name: string, keys: readonly FleetColumn[], values: readonly FleetColumn[]): FleetTable {
  const keyNames = keys.map(([key]) => key);
  return {
    name,
    of: 'instance',
    columns: [...BUCKET, ...keys, ...values],
    key: ['span_s', 'bucket_min', 'service', 'environment', ...keyNames],
    shardBy: keyNames.includes('fingerprint') ? 'fingerprint' : 'instance',
    ageing: { by: 'level' },
    bounded: keyNames.includes('fingerprint') ? ['service', 'fingerprint'] : ['service'],
  };
}

const STATEMENT_KEY = [...texts('fingerprint'), ...names('source')];

const ROLLUPS: readonly FleetTable[] = [
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
      ...counts('request_bytes', 'response_bytes', 'service_total_ns'),
      MINIMUM,
      ...counts('service_max_ns', 'first_row_count', 'first_row_total_ns', 'client_stall_total_ns', 'wait_total_ns'),
      histogram('histogram'),
    ],
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

const IDENTITY = ['service', 'environment'];
const OF_INSTANCE = { of: 'instance', shardBy: 'instance' } as const;
const OF_STATEMENT = { of: 'instance', shardBy: 'fingerprint' } as const;
const WHILE_SENT = { ageing: { by: 'sending' } } as const;

function until(seconds: string): Pick<FleetTable, 'ageing'> {
  return { ageing: { by: 'moment', seconds } };
}

const STATEMENTS: readonly FleetTable[] = [
  {
    name: 'statement',
    of: 'all',
    shardBy: 'fingerprint',
    columns: [
      ...texts('fingerprint', 'query', 'summary'),
      ...names('command'),
      ...texts('key_hash'),
      ...names('grammar'),
      ...counts('variants_dropped'),
    ],
    key: ['fingerprint'],
    ...WHILE_SENT,
  },
  {
    name: 'statement_variant',
    of: 'all',
    shardBy: 'fingerprint',
    columns: texts('fingerprint', 'key_hash', 'query'),
    key: ['fingerprint', 'key_hash'],
    ...WHILE_SENT,
  },
  {
    name: 'statement_source',
    ...OF_STATEMENT,
    columns: [
      ...STATEMENT_KEY,
      ...names('construct', 'confidence'),
      ...SEEN,
      ...counts('calls', 'errors'),
      ...texts('evidence'),
    ],
    key: [...IDENTITY, 'fingerprint', 'source', 'construct'],
    ...WHILE_SENT,
  },
  {
    name: 'slow_sample',
    ...OF_STATEMENT,
    columns: [
      ...STATEMENT_KEY,
      AT,
      ...counts('service_ns', 'wait_ns', 'rows'),
      ...names('sqlstate', 'pool_id'),
      ...texts('tag_set', 'trace_id', 'request_id'),
      ...counts('transaction_position'),
    ],
    key: [...IDENTITY, 'fingerprint', 'service_ns', 'at_ms'],
    ...until('intDiv(at_ms, 1000)'),
  },
  {
    name: 'plan',
    ...OF_STATEMENT,
    columns: [...texts('fingerprint'), AT, ...names('server_version'), ...texts('plan', 'problem')],
    key: [...IDENTITY, 'fingerprint'],
    ...WHILE_SENT,
  },
  {
    name: 'lost_statement',
    ...OF_STATEMENT,
    columns: [
      ['minute_min', 'UInt32', 'Delta, ZSTD(1)'],
      ...names('reason'),
      ...STATEMENT_KEY,
      ...names('construct', 'pool_id'),
      ...texts('query', 'summary'),
      ...counts('count'),
    ],
    key: [...IDENTITY, 'minute_min', 'reason', 'fingerprint', 'source', 'construct', 'pool_id'],
    ...until('minute_min * 60'),
  },
];

const OTHERS: readonly FleetTable[] = [
  {
    name: 'pool',
    ...OF_INSTANCE,
    columns: [
      ...texts(
        'pool_id',
        'name',
        'owner',
        'user',
        'database',
        'application_name',
        'options',
        'client_network',
        'client_address',
        'server_version',
        'driver',
        'habits',
        'evidence',
      ),
      ...SEEN,
      ...counts('opened', 'closed'),
    ],
    key: [...IDENTITY, 'pool_id'],
    ...WHILE_SENT,
  },
  {
    name: 'finding',
    ...OF_INSTANCE,
    columns: [
      ...texts('finding_id'),
      ...names('kind', 'confidence', 'found'),
      ...texts('route', 'statements', 'pools', 'callers'),
      ...counts('units', 'times', 'times_max', 'cost_ns'),
      ...SEEN,
      ['sample', 'Nullable(String)', 'ZSTD(1)'],
    ],
    key: [...IDENTITY, 'finding_id'],
    ...WHILE_SENT,
  },
  {
    name: 'unit_sample',
    ...OF_INSTANCE,
    columns: [
      ...BUCKET,
      ...names('found'),
      ...texts('tag_set'),
      ...names('kind'),
      ['rank', 'Float64', 'ZSTD(1)'],
      ...names('boundary'),
      ...texts('request_id'),
      AT,
      ['duration_ms', 'Float64', 'ZSTD(1)'],
      ...counts('service_ns', 'executions'),
      ...texts('statements'),
    ],
    key: ['span_s', 'bucket_min', ...IDENTITY, 'tag_set', 'found', 'kind'],
    ageing: { by: 'level' },
  },
  {
    name: 'mark',
    ...OF_INSTANCE,
    columns: [
      ['mark_id', 'UInt64', 'Delta, ZSTD(1)'],
      AT,
      ...names('kind'),
      ...texts('name', 'fingerprint'),
      ...names('source'),
    ],
    key: [...IDENTITY, 'mark_id'],
    ...until('intDiv(at_ms, 1000)'),
  },
  {
    name: 'loss',
    ...OF_INSTANCE,
    columns: [
      ['minute_min', 'UInt32', 'Delta, ZSTD(1)'],
      ...names('reason'),
      ...texts('counter_id'),
      ...counts('count'),
    ],
    key: [...IDENTITY, 'minute_min', 'reason', 'counter_id'],
    ...until('minute_min * 60'),
  },
  {
    name: 'gap',
    ...OF_INSTANCE,
    columns: [['from_min', 'UInt32'], ['until_min', 'UInt32'], ...names('reason'), ['executions', 'Nullable(UInt64)']],
    key: [...IDENTITY, 'from_min', 'until_min', 'reason'],
    ...until('until_min * 60'),
  },
  {
    name: 'watched_time',
    ...OF_INSTANCE,
    columns: [
      ['from_min', 'UInt32'],
      ['until_min', 'UInt32'],
    ],
    key: [...IDENTITY, 'from_min'],
    ...WHILE_SENT,
  },
  {
    name: 'bypass_sample',
    ...OF_INSTANCE,
    columns: [
      ['minute_min', 'UInt32', 'Delta, ZSTD(1)'],
      ['connections', 'Nullable(UInt64)', 'ZSTD(1)'],
      ...texts('clients', 'reason'),
    ],
    key: [...IDENTITY, 'minute_min'],
    ...until('minute_min * 60'),
  },
  {
    name: 'setting',
    ...OF_INSTANCE,
    columns: [...names('name'), ...texts('value')],
    key: [...IDENTITY, 'name'],
    ...WHILE_SENT,
  },
  {
    name: 'counter',
    ...OF_INSTANCE,
    columns: [...names('name'), ...counts('value')],
    key: [...IDENTITY, 'name'],
    ...WHILE_SENT,
  },
  {
    name: 'relay_progress',
    ...OF_INSTANCE,
    columns: [...texts('relay_id'), ...counts('last_sequence', 'updated_ms', 'ended')],
    key: [...IDENTITY, 'relay_id'],
    ...WHILE_SENT,
  },
  /**
   * How far each store was shipped, in the terms of SQLite's fold_state: hours that start before minutes_folded_to_min
   * are there whole, days that start before hours_folded_to_min too; from minutes_kept_from_min on every minute was
   * sent, likewise hours and days. What is newer than first and last minute was not written yet.
   */
  {
    name: 'instance_state',
    ...OF_INSTANCE,
    columns: [
      ...names('pgwitness_version'),
      ...counts(
        'minutes_folded_to_min',
        'hours_folded_to_min',
        'minutes_kept_from_min',
        'hours_kept_from_min',
        'days_kept_from_min',
      ),
      ['first_min', 'Nullable(UInt64)'],
      ['last_min', 'Nullable(UInt64)'],
      ...counts('shipped_ms', 'rows_dropped'),
    ],
    key: IDENTITY,
    ...WHILE_SENT,
  },
];

export const TABLES_1: readonly FleetTable[] = [...ROLLUPS, ...STATEMENTS, ...OTHERS];
