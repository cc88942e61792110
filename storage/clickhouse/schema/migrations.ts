// The way to the tables of today, from an empty database or an older one, as statements.
// Invariant: each can be applied twice, and by many at once; a node is noted as of a version after all nodes have it.
// Not here: sending them (../connection/prepare.ts).

import { addedSql, createSql, type Layout, onCluster, type RetentionDays, retentionSql } from './table.js';
import { TABLES } from './tables.js';

/**
 * Version 1 had no columns that ClickHouse makes. Tables of statements made by version 1 or 2 stay sorted by other
 * columns: a window of them is read right, and slowly, because whole partitions are.
 */
export const FLEET_SCHEMA_VERSION = 3;

/**
 * One row per fact about the store itself: 'schema', how long levels are kept at least ('minutes_kept_days',
 * 'hours_kept_days', 'days_kept_days'), where they begin since they are kept for longer ('minutes_kept_from_min' and so
 * on), whether some tables may keep rows for longer (RETENTION_CHANGES), and how long they are to be kept then
 * ('minutes_wanted_days' and so on). It is whole on every node.
 */
export const STORE_FACT = 'store_fact';
const FACT_ENGINE = {
  here: 'ReplacingMergeTree(version)',
  everywhere: "ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{table}', '{shard} {replica}', version)",
} as const;

/** Makes the tables that a node lacks. */
export function makingSql(layout: Layout): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${STORE_FACT}${onCluster(layout)} (name String, value UInt64, version UInt64)
ENGINE = ${FACT_ENGINE[layout.cluster?.hasReplicas ? 'everywhere' : 'here']} ORDER BY name`,
    ...TABLES.flatMap((table) => createSql(table, layout)),
  ];
}

/** The columns of a node that ClickHouse makes: table and name, a dot between them. */
export const MADE_COLUMNS_SQL = `SELECT concat(table, '.', name) AS made FROM system.columns
  WHERE database = currentDatabase() AND default_kind = 'MATERIALIZED'`;

/** Gives tables what they lack: who makes new ones need not be allowed to change them. `made`: of MADE_COLUMNS_SQL. */
export function addingSql(layout: Layout, made: ReadonlySet<string>): string[] {
  return TABLES.flatMap((table) => addedSql(table, layout, made));
}

/** Notes what a node is then. `begins`: where levels begin on the other nodes. */
export function notingSql(layout: Layout, begins: KeptFrom = {}): string {
  const facts = [
    ['schema', FLEET_SCHEMA_VERSION],
    ...daysFacts('kept', layout.retention),
    ...fromFacts(begins),
  ] as const;
  return noteSql(facts, FLEET_SCHEMA_VERSION);
}

/** 1 while tables are given another retention; where that stopped halfway it stays, and has to be ended. */
export const RETENTION_CHANGES = 'retention_changes';

export interface RetentionChange {
  /** How long rows were kept so far. */
  readonly kept: RetentionDays;
  /** The first minute that each level has, where rows of before it were dropped. */
  readonly from: KeptFrom;
  /** Makes what is noted the newest. */
  readonly version: number;
}

/**
 * Statements by which a node keeps rows as long as `layout` says, in rounds: one is done on every node before the next
 * begins. Readers ask for rows that every table has, wherever it stops: what is lowered is noted before a row goes,
 * what is raised after all tables keep it; and the first round says what is wanted, for who has to end it.
 */
export function retentionRounds(layout: Layout, { kept, from, version }: RetentionChange): string[][] {
  const { minutes, hours, days } = layout.retention;
  const least = {
    minutes: Math.min(minutes, kept.minutes),
    hours: Math.min(hours, kept.hours),
    days: Math.min(days, kept.days),
  };
  return [
    [noteSql([...daysFacts('kept', least), ...daysFacts('wanted', layout.retention), [RETENTION_CHANGES, 1]], version)],
    TABLES.map((table) => retentionSql(table, layout)),
    [noteSql([...daysFacts('kept', layout.retention), ...fromFacts(from), [RETENTION_CHANGES, 0]], version + 1)],
  ];
}

/** By level; one that has all of its days is left out. */
export type KeptFrom = Partial<RetentionDays>;

/** What a user needs for them, beside what shipping takes. */
export function alterRights(database: string, layout: Layout): string {
  const cluster = layout.cluster?.hasReplicas ? ', CLUSTER ON *.*' : '';
  return `ALTER TTL, ALTER MATERIALIZE TTL ON ${database}.*${cluster}`;
}

function daysFacts(fact: 'kept' | 'wanted', { minutes, hours, days }: RetentionDays): Array<[string, number]> {
  return [
    [`minutes_${fact}_days`, minutes],
    [`hours_${fact}_days`, hours],
    [`days_${fact}_days`, days],
  ];
}

function fromFacts(from: KeptFrom): Array<[string, number]> {
  return Object.entries(from).map(([level, minute]) => [`${level}_kept_from_min`, minute]);
}

function noteSql(facts: ReadonlyArray<readonly [string, number]>, version: number): string {
  return `INSERT INTO ${STORE_FACT} VALUES ${facts.map(([name, value]) => `('${name}', ${value}, ${version})`).join(', ')}`;
}
