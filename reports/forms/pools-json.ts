// The JSON form of a pools report, and back: what `pools --json` prints, /api/v1/pools answers and --url reads.
// Invariant: poolsFromJson(poolsJson(report)) is the report; nothing is rounded. Not here: merging (reports/forms/merge.ts).

import * as v from 'valibot';
import type { PoolFacts, PoolsReport } from '../../facts/answers.js';
import { LogHistogram } from '../../facts/histogram.js';

const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());

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
  connections_max: count,
  /** Most of its sessions busy within one second. */
  busy_max: count,
  opened: count,
  closed: count,
  /** Of closed connections; null when there are none. */
  lifetime_mean_ms: v.nullable(count),
  active_ms: count,
  idle_ms: count,
  idle_in_transaction_ms: count,
  /** That ended, with their durations; statements without BEGIN and COMMIT themselves. */
  transactions: count,
  transaction_statements: count,
  transaction_total_ms: count,
  transaction_max_ms: count,
  transaction_p95_ms: v.nullable(count),
  /** Base64 of the durations' histogram, so that reports merge. */
  transaction_histogram: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/)),
  statements: count,
  /** Executions by source. */
  sources: v.record(v.string(), count),
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
    connections_max: pool.connectionsMax,
    busy_max: pool.busyMax,
    opened: pool.opened,
    closed: pool.closed,
    lifetime_mean_ms: pool.closed === 0 ? null : pool.lifetimeMeanMs,
    active_ms: pool.activeMs,
    idle_ms: pool.idleMs,
    idle_in_transaction_ms: pool.idleInTransactionMs,
    transactions: pool.transactions,
    transaction_statements: pool.transactionStatements,
    transaction_total_ms: pool.transactionTotalMs,
    transaction_max_ms: pool.transactionMaxMs,
    transaction_p95_ms: pool.transactions === 0 ? null : pool.transactionHistogram.percentile(0.95) / 1e6,
    transaction_histogram: Buffer.from(pool.transactionHistogram.encode()).toString('base64'),
    statements: pool.statements,
    sources: Object.fromEntries(pool.sources),
    habits: [...pool.habits],
    evidence: pool.evidence.map(({ rule, saw }) => ({ rule, saw })),
    first_seen: iso(pool.firstSeenMs),
    last_seen: iso(pool.lastSeenMs),
  };
}

/** Throws valibot's ValiError on what poolsJson did not make. */
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
    connectionsMax: pool.connections_max,
    busyMax: pool.busy_max,
    opened: pool.opened,
    closed: pool.closed,
    lifetimeMeanMs: pool.lifetime_mean_ms ?? 0,
    activeMs: pool.active_ms,
    idleMs: pool.idle_ms,
    idleInTransactionMs: pool.idle_in_transaction_ms,
    transactions: pool.transactions,
    transactionStatements: pool.transaction_statements,
    transactionTotalMs: pool.transaction_total_ms,
    transactionMaxMs: pool.transaction_max_ms,
    transactionHistogram: histogramOf(pool.transaction_histogram),
    statements: pool.statements,
    sources: new Map(Object.entries(pool.sources)),
    habits: pool.habits,
    evidence: pool.evidence,
    firstSeenMs: Date.parse(pool.first_seen),
    lastSeenMs: Date.parse(pool.last_seen),
  };
}

function histogramOf(base64: string): LogHistogram {
  const histogram = new LogHistogram();
  histogram.mergeEncoded(Buffer.from(base64, 'base64'));
  return histogram;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
