// The tables of the fleet's store without levels: texts, pools, samples, marks, losses.
// Invariant: names and units are those of SQLite's columns. Not here: their SQL (table.ts), sums by time (rollups.ts).

import { AT, BUCKET, counts, names, SEEN, STATEMENT_KEY, texts } from './columns.js';
import type { FleetTable } from './table.js';

const IDENTITY = ['service', 'environment'];
const OF_INSTANCE = { of: 'instance', shardBy: 'instance' } as const;
const OF_STATEMENT = { of: 'instance', shardBy: 'fingerprint' } as const;
const WHILE_SENT = { ageing: { by: 'sending' } } as const;
/** Most questions are about the twenty statements of a page. */
const OF_FEW = { ...WHILE_SENT, granuleRows: 256 } as const;

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
    ...OF_FEW,
  },
  {
    name: 'statement_variant',
    of: 'all',
    shardBy: 'fingerprint',
    columns: texts('fingerprint', 'key_hash', 'query'),
    key: ['fingerprint', 'key_hash'],
    ...OF_FEW,
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
    key: ['fingerprint', 'source', 'construct', ...IDENTITY],
    ...OF_FEW,
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

/** What a sidecar says of a pool. */
export const POOL_DESCRIPTION = [
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
] as const;

const REST: readonly FleetTable[] = [
  {
    name: 'pool',
    ...OF_INSTANCE,
    columns: [...texts('pool_id', ...POOL_DESCRIPTION), ...SEEN, ...counts('opened', 'closed')],
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

export const OTHERS: readonly FleetTable[] = [...STATEMENTS, ...REST];
