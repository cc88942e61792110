// Counts for the metrics, in memory, with a few additions per execution.
// Invariant: the number of series is bounded whatever names traffic brings; nothing here formats, awaits or throws.
// Not here: the exposition format (../exporter.ts), history (storage).

import { limits } from '../../../config/limits.js';
import type { ShippingStatus } from '../../../facts/fleet/shipping-status.js';
import type { ExportedField, RelayFigures } from '../../../proxy/stream/relay-status.js';
import { noHealth, type StoringHealth } from '../../../storage/storing-health.js';
import { DurationTable } from './duration-series.js';
import { HttpCounts } from './http-counts.js';
import { commandLabel, LabelSet } from './labels.js';
import { type MigrationDelta, MigrationTable } from './migration-series.js';
import { type PoolDelta, PoolTable } from './pool-series.js';
import { type RouteDelta, TopRoutes } from './top-routes.js';
import { type TopDelta, topStatements } from './top-statements.js';

export interface RecordedStatement {
  readonly source: string;
  readonly confidence: string;
  readonly poolName: string;
  /** Command tag or first keyword, in upper case. */
  readonly command: string;
  readonly outcome: 'ok' | 'error';
  /** Executions, errors included. */
  readonly calls: number;
  /** Of each call. */
  readonly serviceNs: number;
  /** Pipelined with others: its time is a share of the group's time, so it has no duration of its own. */
  readonly batched: boolean;
  /** Of the request that sent it; '' = unknown. */
  readonly traceId: string;
  /** Unix ms of completion. */
  readonly atMs: number;
}

export interface PoolConnections {
  readonly name: string;
  readonly active: number;
  readonly idle: number;
  readonly idleInTransaction: number;
  /** Of the connection idle in a transaction for longest; 0 = there is none. */
  readonly idleInTransactionLongestMs: number;
}

/** The exported figures of the relays' status, added up; counters are cumulative within their processes. */
export type RelayHealth = Readonly<Pick<RelayFigures, ExportedField>>;

/** The status of the supervisor of several relays. */
export interface SupervisorHealth {
  readonly relayRestartsTotal: number;
  readonly handoverClosedTotal: number;
  readonly loopLagNs: number;
  readonly cpuNs: number;
  readonly residentBytes: number;
}

export interface MetricsOptions {
  /** Reasons of loss, exported as 0 from the start, so that a first loss shows as a rise. */
  readonly notObservedReasons?: readonly string[];
  /** Number of statements, and of routes, with series of their own; default 0. */
  readonly topSeries?: number;
}

/** Sources that a team moves or watches statement by statement; the ORM's own queries are many and alike. */
const TOP_SOURCES: ReadonlySet<string> = new Set(['raw', 'sqlalchemy']);

export class MetricsState {
  readonly top: ReturnType<typeof topStatements>;
  readonly routes: TopRoutes;
  readonly migration = new MigrationTable();
  readonly durations = new DurationTable(limits.durationSeriesMax);
  readonly pools = new PoolTable(limits.metricPoolsMax);
  /** Executions by source and confidence. */
  readonly statements = new Map<string, Map<string, number>>();
  readonly serviceNsBySource = new Map<string, number>();
  readonly notObserved = new Map<string, number>();
  readonly http = new HttpCounts();
  readonly overflow = { duration: 0, source: 0, pool: 0 };
  opaqueSessionMinutes = 0;
  /** Connections whose owner was revised. */
  revisions = 0;
  storing: StoringHealth = noHealth();
  relay: RelayHealth | undefined = undefined;
  relaysConnected = 0;
  /** Undefined with one relay. */
  supervisor: SupervisorHealth | undefined = undefined;
  /** Undefined where nothing is shipped, or before it began. */
  shipping: ShippingStatus | undefined = undefined;
  #connections: readonly PoolConnections[] = [];
  readonly #sourceLabels = new LabelSet(limits.metricSourcesMax);
  readonly #poolLabels = new LabelSet(limits.metricPoolsMax);

  constructor(options: MetricsOptions = {}) {
    this.top = topStatements(options.topSeries ?? 0);
    this.routes = new TopRoutes(options.topSeries ?? 0);
    for (const reason of options.notObservedReasons ?? []) this.setNotObserved(reason, 0);
    // A series from the start, so that a first unknown statement shows as a rise.
    this.statements.set(this.#sourceLabels.of('unknown'), new Map([['none', 0]]));
  }

  /** Hot path: called once per stored execution, or once per group of executions that are alike. */
  recordStatement(statement: RecordedStatement): void {
    const { calls, serviceNs } = statement;
    const source = this.#sourceLabels.of(statement.source);
    const pool = this.#poolLabels.of(statement.poolName);
    if (source !== statement.source && source === 'other') this.overflow.source += calls;
    if (pool !== statement.poolName && pool === 'other') this.overflow.pool += calls;
    let byConfidence = this.statements.get(source);
    if (byConfidence === undefined) {
      byConfidence = new Map();
      this.statements.set(source, byConfidence);
    }
    byConfidence.set(statement.confidence, (byConfidence.get(statement.confidence) ?? 0) + calls);
    this.serviceNsBySource.set(source, (this.serviceNsBySource.get(source) ?? 0) + calls * serviceNs);
    if (statement.batched) return;
    const labels = { source, pool, command: commandLabel(statement.command), outcome: statement.outcome };
    if (!this.durations.add(labels, statement)) this.overflow.duration += calls;
  }

  /** Called at a flush, once per rollup row, for the statements that have series of their own. */
  recordRollup(delta: TopDelta & MigrationDelta, nowMs: number): void {
    this.migration.add(delta);
    if (TOP_SOURCES.has(delta.key.source)) this.top.add(delta, nowMs);
  }

  /** Called at a flush, once per tag set of requests. */
  recordRequests(delta: RouteDelta, nowMs: number): void {
    this.routes.add(delta, nowMs);
  }

  /** Replaces the connections of all pools. */
  setPoolConnections(pools: Iterable<PoolConnections>): void {
    this.#connections = [...pools];
  }

  /** Called at a flush: adds the transactions of a pool that ended, and the time of its connections. */
  recordPool(pool: { readonly name: string; readonly owner: string }, delta: PoolDelta): void {
    this.pools.add({ owner: pool.owner, pool: this.#poolLabels.of(pool.name) }, delta);
  }

  /** Connections by pool label and state; pools beyond the maximum are added up as "other". */
  poolConnections(): Map<string, { active: number; idle: number; idle_in_transaction: number }> {
    const byLabel = new Map<string, { active: number; idle: number; idle_in_transaction: number }>();
    for (const pool of this.#connections) {
      const label = this.#poolLabels.of(pool.name);
      const sum = byLabel.get(label) ?? { active: 0, idle: 0, idle_in_transaction: 0 };
      sum.active += pool.active;
      sum.idle += pool.idle;
      sum.idle_in_transaction += pool.idleInTransaction;
      byLabel.set(label, sum);
    }
    return byLabel;
  }

  /** By pool label: time since the last statement of the connection idle in a transaction for longest. */
  idleInTransactionLongestMs(): Map<string, number> {
    const byLabel = new Map<string, number>();
    for (const { name, idleInTransactionLongestMs } of this.#connections) {
      const label = this.#poolLabels.of(name);
      byLabel.set(label, Math.max(byLabel.get(label) ?? 0, idleInTransactionLongestMs));
    }
    return byLabel;
  }

  /**
   * Sets the total so far for a reason. Reasons that count minutes of sessions, not executions, are kept apart;
   * pauses are reported by the relay's status instead.
   */
  setNotObserved(reason: string, total: number): void {
    if (reason === 'opaque_session') this.opaqueSessionMinutes = total;
    else if (reason !== 'loop_late_session') this.notObserved.set(reason, total);
  }

  setStoring(storing: StoringHealth): void {
    this.storing = storing;
  }

  setShipping(status: ShippingStatus): void {
    this.shipping = status;
  }

  setRevisions(total: number): void {
    this.revisions = total;
  }

  setRelayStatus(status: RelayHealth): void {
    this.relay = status;
  }

  setRelaysConnected(count: number): void {
    this.relaysConnected = count;
  }

  setSupervisor(status: SupervisorHealth): void {
    this.supervisor = status;
  }
}
