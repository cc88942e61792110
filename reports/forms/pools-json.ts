// The JSON form of a pools report, and back: /api/v1/pools, `pools --json`, --url.
// Invariant: poolsFromJson(poolsJson(report)) is the report; nothing is rounded. Not here: merging (merge.ts).

import * as v from 'valibot';
import type { PoolFacts, PoolsReport } from '../../facts/answers.js';
import { LogHistogram } from '../../facts/histogram.js';
import { type PoolMeasureName, type SnakeCase, snakeCase } from '../../facts/measures.js';
import { lifetimeMeanMs } from '../../facts/pool-minute.js';
import { POOL_RULES, type Sums } from '../../facts/sums.js';

const measureNames = Object.keys(POOL_RULES) as PoolMeasureName[];
const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());

const instanceSchema = v.object({
  service: v.string(),
  environment: v.string(),
  instance: v.string(),
  connections_now: count,
  connections_max: count,
  busy_max: count,
  executions: count,
});

const poolSchema = v.object({
  id: v.string(),
  name: v.string(),
  owner: v.string(),
  user: v.string(),
  database: v.string(),
  application_name: v.string(),
  options: v.string(),
  client_network: v.string(),
  client_address: v.string(),
  server_version: v.string(),
  driver: v.string(),
  connections_now: count,
  /** Those of facts/measures.ts. */
  ...measureSchemas(),
  /** Of closed connections; null when there are none. */
  lifetime_mean_ms: v.nullable(count),
  transaction_p95_ms: v.nullable(count),
  /** Base64 of the durations' histogram, so that reports merge. */
  transaction_histogram: v.string(),
  executions: count,
  /** `executions` under its old name, for this version. */
  statements: count,
  /** Executions by source. */
  sources: v.record(v.string(), count),
  /** Left out by sidecars of earlier releases. */
  instances: v.optional(v.array(instanceSchema), []),
  habits: v.array(v.string()),
  evidence: v.array(v.object({ rule: v.string(), saw: v.string() })),
  first_seen: moment,
  last_seen: moment,
});
const reportSchema = v.object({
  window: v.object({ since: moment, until: moment }),
  /** Over all pools at once. */
  connections_max: count,
  busy_max: count,
  pools: v.array(poolSchema),
});

export type PoolJson = v.InferOutput<typeof poolSchema>;
export type PoolsJson = v.InferOutput<typeof reportSchema>;

export function poolsJson(report: PoolsReport): PoolsJson {
  return {
    window: { since: iso(report.window.sinceMs), until: iso(report.window.untilMs) },
    connections_max: report.connectionsMax,
    busy_max: report.busyMax,
    pools: report.pools.map(poolJson),
  };
}

function poolJson(pool: PoolFacts): PoolJson {
  return {
    id: pool.id,
    name: pool.name,
    owner: pool.owner,
    user: pool.user,
    database: pool.database,
    application_name: pool.applicationName,
    options: pool.options,
    client_network: pool.clientNetwork,
    client_address: pool.clientAddress,
    server_version: pool.serverVersion,
    driver: pool.driver,
    connections_now: pool.connectionsNow,
    ...measuresJson(pool),
    lifetime_mean_ms: pool.closed === 0 ? null : lifetimeMeanMs(pool),
    transaction_p95_ms: pool.transactions === 0 ? null : pool.transactionHistogram.percentile(0.95) / 1e6,
    transaction_histogram: pool.transactionHistogram.toBase64(),
    executions: pool.executions,
    statements: pool.executions,
    sources: Object.fromEntries(pool.sources),
    instances: pool.instances.map(({ connectionsNow, connectionsMax, busyMax, ...one }) => ({
      service: one.service,
      environment: one.environment,
      instance: one.instance,
      connections_now: connectionsNow,
      connections_max: connectionsMax,
      busy_max: busyMax,
      executions: one.executions,
    })),
    habits: [...pool.habits],
    evidence: pool.evidence.map(({ rule, saw }) => ({ rule, saw })),
    first_seen: iso(pool.firstSeenMs),
    last_seen: iso(pool.lastSeenMs),
  };
}

/** Throws valibot's ValiError or RangeError on what poolsJson did not make. */
export function poolsFromJson(value: unknown): PoolsReport {
  const json = v.parse(reportSchema, value);
  return {
    window: { sinceMs: Date.parse(json.window.since), untilMs: Date.parse(json.window.until) },
    connectionsMax: json.connections_max,
    busyMax: json.busy_max,
    pools: json.pools.map(poolFromJson),
  };
}

function poolFromJson(pool: PoolJson): PoolFacts {
  return {
    id: pool.id,
    name: pool.name,
    owner: pool.owner,
    user: pool.user,
    database: pool.database,
    applicationName: pool.application_name,
    options: pool.options,
    clientNetwork: pool.client_network,
    clientAddress: pool.client_address,
    serverVersion: pool.server_version,
    driver: pool.driver,
    connectionsNow: pool.connections_now,
    ...measuresFromJson(pool),
    transactionHistogram: LogHistogram.fromBase64(pool.transaction_histogram),
    executions: pool.executions,
    sources: new Map(Object.entries(pool.sources)),
    instances: pool.instances.map(({ connections_now, connections_max, busy_max, ...one }) => ({
      ...one,
      connectionsNow: connections_now,
      connectionsMax: connections_max,
      busyMax: busy_max,
    })),
    habits: pool.habits,
    evidence: pool.evidence,
    firstSeenMs: Date.parse(pool.first_seen),
    lastSeenMs: Date.parse(pool.last_seen),
  };
}

type MeasureKey = SnakeCase<PoolMeasureName>;

function measureSchemas(): Record<MeasureKey, typeof count> {
  return Object.fromEntries(measureNames.map((name) => [snakeCase(name), count])) as Record<MeasureKey, typeof count>;
}

function measuresJson(pool: PoolFacts): Record<MeasureKey, number> {
  const values = measureNames.map((name) => [snakeCase(name), pool[name]]);
  return Object.fromEntries(values) as Record<MeasureKey, number>;
}

function measuresFromJson(pool: PoolJson): Sums<PoolMeasureName> {
  return Object.fromEntries(measureNames.map((name) => [name, pool[snakeCase(name)]])) as Sums<PoolMeasureName>;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
