// The form of a table of the fleet's store, and its SQL.
// Invariant: readers and writers use one name, whichever it is: on a cluster that name is a Distributed table over the
// local ones. Not here: the tables (tables.ts), the steps (migrations.ts).

import { literal } from './literal.js';

/** A column: its name, its type, and the codec that its values compress best with. */
export type FleetColumn = readonly [name: string, type: string, codec?: string];

/** A column that ClickHouse makes of others of its row. Nobody sends it. */
export interface MadeColumn {
  readonly name: string;
  readonly type: string;
  readonly sql: string;
  readonly codec?: string;
}

/** The time that a row ends to be kept by. */
type Ageing =
  /** A row of one level; see RETENTION_DAYS. */
  | { readonly by: 'level' }
  /** A moment: an SQL expression of seconds since the Unix epoch. Kept as long as days. */
  | { readonly by: 'moment'; readonly seconds: string }
  /** When it was sent last. Everything that a sidecar still has is sent again every week. */
  | { readonly by: 'sending' };

export interface FleetTable {
  readonly name: string;
  /** Whose rows they are: columns of the identity come first. A text is the same for all. */
  readonly of: 'instance' | 'all';
  /** Beside the identity and the version. */
  readonly columns: readonly FleetColumn[];
  /**
   * By what rows are sorted, and what makes a row the same one; `instance` and `store` come last if they are not in it,
   * nor in `series`.
   */
  readonly key: readonly string[];
  /** The column that says on which shard a row is: rows that are joined or grouped together share it. */
  readonly shardBy: 'fingerprint' | 'instance';
  readonly ageing: Ageing;
  /** Behind the others, the version too. */
  readonly made?: readonly MadeColumn[];
  /** The fewest rows that are read at once; 8,192 where it is not given. */
  readonly granuleRows?: number;
}

/** Whose rows they are. A new data directory is a new store: its rows are added to those of the old one. */
const IDENTITY: readonly FleetColumn[] = [
  ['service', 'LowCardinality(String)'],
  ['environment', 'LowCardinality(String)'],
  ['instance', 'LowCardinality(String)'],
  ['store', 'UInt64', 'ZSTD(1)'],
];
/** Of two rows with the same key the one with the higher version counts. It is near to the Unix ms of its making. */
const VERSION: FleetColumn = ['version', 'UInt64', 'ZSTD(1)'];

/** In days. */
export interface RetentionDays {
  readonly minutes: number;
  readonly hours: number;
  readonly days: number;
}

export interface Layout {
  /** The name of a cluster in the server's configuration; left out: one node. */
  readonly cluster?: { readonly name: string; readonly hasReplicas: boolean };
  readonly retention: RetentionDays;
}

/** The columns of a table in order, as they are inserted. */
export function columnsOf({ of, columns }: FleetTable): readonly FleetColumn[] {
  return [...(of === 'instance' ? IDENTITY : []), ...columns, VERSION];
}

/** Makes the table where it is missing: one statement on one node, two on a cluster. */
export function createSql(table: FleetTable, layout: Layout): string[] {
  const { name } = table;
  const { cluster } = layout;
  if (cluster === undefined) return [localSql(table, name, layout)];
  const local = `${name}_local`;
  const shard = `cityHash64(${table.shardBy})`;
  return [
    localSql(table, local, layout),
    `CREATE TABLE IF NOT EXISTS ${name}${onCluster(layout)} AS ${local}
ENGINE = Distributed(${literal(cluster.name)}, currentDatabase(), ${local}, ${shard})`,
  ];
}

/**
 * Gives a table that was made without them the columns that ClickHouse makes: rows that are there have them too.
 * `there`: those that need not be added, as table.column.
 */
export function addedSql({ name, made = [] }: FleetTable, layout: Layout, there: ReadonlySet<string>): string[] {
  // What is asked of a cluster's table is sent to the local ones, so they are first.
  const places = layout.cluster === undefined ? [name] : [`${name}_local`, name];
  return places.flatMap((place) =>
    made
      .filter((column) => !there.has(`${place}.${column.name}`))
      .map((column) => `ALTER TABLE ${place}${onCluster(layout)} ADD COLUMN IF NOT EXISTS ${madeSql(column)}`),
  );
}

function madeSql({ name, type, sql, codec }: MadeColumn): string {
  return `${name} ${type} MATERIALIZED ${sql}${codecSql(codec)}`;
}

function codecSql(codec: string | undefined): string {
  return codec === undefined ? '' : ` CODEC(${codec})`;
}

/** Where a cluster has replicas it has a keeper, which brings a statement to every node. */
export function onCluster({ cluster }: Layout): string {
  return cluster?.hasReplicas ? ` ON CLUSTER ${literal(cluster.name)}` : '';
}

function localSql(table: FleetTable, name: string, layout: Layout): string {
  const columns = [
    ...columnsOf(table).map(([column, type, codec]) => `${column} ${type}${codecSql(codec)}`),
    ...(table.made ?? []).map(madeSql),
  ];
  const settings = [
    ...(table.ageing.by === 'sending' ? [] : ['ttl_only_drop_parts = 1']),
    ...(table.ageing.by === 'level' ? MERGED_WHEN_QUIET : []),
    ...(table.granuleRows === undefined ? [] : [`index_granularity = ${table.granuleRows}`, ...SMALL_BLOCKS]),
  ];
  const lines = [
    `CREATE TABLE IF NOT EXISTS ${name}${onCluster(layout)} (`,
    columns.map((column) => `  ${column}`).join(',\n'),
    `) ENGINE = ${engineOf(layout)}`,
    ...ageingSql(table, layout.retention),
    `ORDER BY (${keyOf(table).join(', ')})`,
    ...(settings.length === 0 ? [] : [`SETTINGS ${settings.join(', ')}`]),
  ];
  return lines.join('\n');
}

/**
 * A partition that nothing comes to becomes one part, which FINAL reads without comparing rows: hours of today too,
 * because they come once an hour. Minutes of today come all the time.
 */
const MERGED_WHEN_QUIET = ['min_age_to_force_merge_seconds = 600', 'min_age_to_force_merge_on_partition_only = 1'];
/** Bytes that are decompressed at once: of a few rows little more than those. */
const SMALL_BLOCKS = ['min_compress_block_size = 8192', 'max_compress_block_size = 16384'];

function keyOf({ key, of }: FleetTable): readonly string[] {
  const whose = of === 'instance' && !key.includes('series') ? ['instance', 'store'] : [];
  return [...key, ...whose.filter((column) => !key.includes(column))];
}

function engineOf({ cluster }: Layout): string {
  if (!cluster?.hasReplicas) return 'ReplacingMergeTree(version)';
  return "ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}', version)";
}

/** Gives the table another retention: on one node, or on all that a keeper reaches. */
export function retentionSql(table: FleetTable, layout: Layout): string {
  const name = layout.cluster === undefined ? table.name : `${table.name}_local`;
  return `ALTER TABLE ${name}${onCluster(layout)} MODIFY ${ttlSql(table, layout.retention)}`;
}

/** Parts hold the rows of one stretch of time, so that what is too old goes with whole parts. */
function ageingSql(table: FleetTable, retention: RetentionDays): string[] {
  const ttl = ttlSql(table, retention);
  switch (table.ageing.by) {
    case 'level': {
      const stretch = `if(span_s < 86400, toYYYYMMDD(${BUCKET_AT}), toYYYYMM(${BUCKET_AT}))`;
      return [`PARTITION BY (span_s, ${stretch})`, ttl];
    }
    case 'moment':
      return [`PARTITION BY toYYYYMM(${momentSql(table.ageing.seconds)})`, ttl];
    case 'sending':
      return [ttl];
  }
}

/** Twice as long as until a row is sent again: fewer days would drop what its sidecar still has. */
const SENT_DAYS_MIN = 14;
const BUCKET_AT = "toDateTime(bucket_min * 60, 'UTC')";

function momentSql(seconds: string): string {
  return `toDateTime(${seconds}, 'UTC')`;
}

function ttlSql({ ageing }: FleetTable, { minutes, hours, days }: RetentionDays): string {
  switch (ageing.by) {
    case 'level':
      return `TTL ${BUCKET_AT} + toIntervalDay(multiIf(span_s = 60, ${minutes}, span_s = 3600, ${hours}, ${days}))`;
    case 'moment':
      return `TTL ${momentSql(ageing.seconds)} + toIntervalDay(${days})`;
    case 'sending':
      return `TTL toDateTime(intDiv(version, 1000), 'UTC') + toIntervalDay(${Math.max(days, SENT_DAYS_MIN)})`;
  }
}
