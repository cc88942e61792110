// Joins intake, pipeline and store: takes batches, flushes, acknowledges, resumes sessions.
// Invariant: the last sequence of a relay is stored in the same transaction as everything that its batches said; a
// flush that fails keeps everything for the next one. Not here: the steps of a statement (analyzer/pipeline.ts), what
// waits for a flush (flush-parts.ts), the process (main.ts).

import type { Pipeline } from '../analyzer/pipeline.js';
import type { ConnectionsNow } from '../analyzer/pools/pool.js';
import type { Log } from '../config/log.js';
import type { PlanRow, Store } from '../facts/flush.js';
import type { Pending } from '../facts/pending.js';
import type { PoolMinute } from '../facts/pool-minute.js';
import type { RollupRow } from '../facts/rollup-row.js';
import type { Observation, RelayStatus } from '../proxy/stream/observation.js';
import { StoreError } from '../storage/store-error.js';
import { BatchProgress } from './batch-progress.js';
import { FlushParts } from './flush-parts.js';
import type { IntakeTarget } from './intake/intake.js';
import { Losses } from './losses.js';
import type { Relays } from './relays.js';

/** Is told what the metrics show besides counted executions. */
export interface HealthListener {
  setPoolConnections(pools: Iterable<ConnectionsNow & { name: string }>): void;
  /** What one flush adds to a pool. */
  recordPool(pool: { name: string; owner: string }, minute: PoolMinute): void;
  setNotObserved(reason: string, total: number): void;
  /** Connections whose owner was revised so far. */
  setRevisions(total: number): void;
  /** All relays as one. */
  setRelayStatus(status: RelayStatus): void;
  setRelaysConnected(count: number): void;
  /** What one flush adds, once per rollup row: for statements that have metrics of their own. */
  recordTop(row: RollupRow, nowMs: number): void;
}

export interface ObserverOptions {
  pipeline: Pipeline;
  store: Store;
  relays: Relays;
  health: HealthListener;
  log: Log;
  /** Where plans come from, if they are collected. */
  plans?: Pending<PlanRow>;
  /** Called with each relay's last stored sequence. */
  acknowledge: (relayId: string, sequence: number) => void;
}

const MAINTAIN_EVERY_MS = 5_000;

export class Observer implements IntakeTarget {
  readonly #options: ObserverOptions;
  readonly #losses = new Losses();
  readonly #progress: BatchProgress;
  readonly parts: FlushParts;
  #orphansTaken = false;
  /** Undefined until the first flush, so that upkeep of a large store cannot delay the first answer to a relay. */
  #maintainedMs: number | undefined;
  #failing = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { pipeline, relays, plans } = options;
    this.#progress = new BatchProgress(options.acknowledge);
    this.parts = new FlushParts({ pipeline, relays, plans, losses: this.#losses, progress: this.#progress });
  }

  /** `nowMs`: of a recording, where its time stands. */
  relayBegins(relayId: string, nowMs = Date.now()): number {
    const { store, pipeline, relays, log } = this.#options;
    // A relay that comes back after its link broke gets the acknowledgement of what it sent before.
    this.flush(nowMs);
    this.#progress.begins(relayId);
    relays.begins(relayId);
    this.#takeOrphans(nowMs);
    let restored = 0;
    for (const stored of this.#attempt(() => store.openSessions(relayId)) ?? []) {
      if (pipeline.sessions.get(relayId, stored.sessionId) !== undefined) continue;
      if (pipeline.restore(stored, nowMs) !== undefined) restored++;
    }
    if (restored > 0) log.info('open sessions restored', { sessions: restored });
    return this.#attempt(() => store.lastSequence(relayId)) ?? 0;
  }

  /** Closes the sessions of relays that ended without their observer. Runs once, when all running relays have come. */
  #takeOrphans(nowMs: number): void {
    const { store, pipeline, relays } = this.#options;
    if (this.#orphansTaken || !relays.complete) return;
    const orphans = this.#attempt(() => store.takeOrphanSessions(relays.connected));
    if (orphans === undefined) return;
    this.#orphansTaken = true;
    const killed = new Map<string, number>();
    for (const stored of orphans) {
      const gone = stored.relayId;
      const session = pipeline.sessions.get(gone, stored.sessionId) ?? pipeline.restore(stored, nowMs);
      if (session === undefined) continue;
      killed.set(gone, Math.max(killed.get(gone) ?? 0, session.member.countedToMs));
      pipeline.close(session, session.member.countedToMs);
    }
    for (const [gone, lastSeenMs] of killed) {
      const lastSeen = new Date(lastSeenMs).toISOString();
      this.#options.log.warn('the last run was killed: what it saw after its last flush is not counted', { lastSeen });
      this.#losses.killed(gone, lastSeenMs);
    }
  }

  /** The supervisor says that one of several relays was killed or crashed. */
  relayDied(relayId: string, atMs: number): void {
    this.#options.log.warn('a relay was killed: what it had not sent is not counted', { relayId });
    this.#losses.killed(relayId, atMs);
  }

  observe(relayId: string, observation: Observation): void {
    if (observation.kind === 'loss') {
      const total = this.#losses.take(relayId, observation);
      if (total !== undefined) this.#options.health.setNotObserved(observation.reason, total);
    } else if (observation.kind === 'relay-status') this.#relaySays(relayId, observation);
    else this.#options.pipeline.observe(relayId, observation);
  }

  batchTaken(relayId: string, sequence: number): void {
    this.#progress.taken(relayId, sequence);
  }

  relayEnds(relayId: string, nowMs = Date.now()): void {
    const { pipeline, relays } = this.#options;
    for (const session of [...pipeline.sessions.of(relayId)]) pipeline.close(session, nowMs);
    pipeline.relayEnded(relayId);
    relays.ends(relayId);
    this.#progress.ends(relayId);
    this.#tellRelays();
  }

  #relaySays(relayId: string, status: RelayStatus): void {
    this.#options.relays.says(relayId, status);
    this.#tellRelays();
  }

  #tellRelays(): void {
    const { relays, health } = this.#options;
    const status = relays.together;
    if (status !== undefined) health.setRelayStatus(status);
    health.setRelaysConnected(relays.connected.length);
  }

  /** Stores what waits, and acknowledges it. Returns false when the store refused. */
  flush(nowMs: number): boolean {
    const { pipeline, store, log } = this.#options;
    this.#takeOrphans(nowMs);
    pipeline.tick(nowMs);
    try {
      store.flush(this.parts.flushAt(nowMs));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (!this.#failing)
        log.error('storing failed and will be tried again', { code: error.code, error: error.message });
      this.#failing = true;
      return false;
    }
    if (this.#failing) log.info('storing works again');
    this.#failing = false;
    this.#tellCounted(nowMs);
    this.parts.stored();
    pipeline.counting.rollups.closeMinutes(nowMs);
    this.#tellMetrics(nowMs);
    this.#maintainedMs ??= nowMs;
    if (nowMs - this.#maintainedMs >= MAINTAIN_EVERY_MS) {
      this.#maintainedMs = nowMs;
      this.#attempt(() => store.maintain(nowMs));
    }
    return true;
  }

  /** The store moved a damaged database aside and began anew, perhaps within a flush. */
  storeBeganAnew(): void {
    this.parts.storeAgain();
  }

  /** Tells the metrics what this flush added, before its holders begin anew. */
  #tellCounted(nowMs: number): void {
    const { pipeline, health } = this.#options;
    for (const row of pipeline.counting.rollups.pending()) health.recordTop(row, nowMs);
    for (const { pool, minute } of pipeline.pools.minutes.withPools()) {
      health.recordPool({ name: pool.name, owner: pool.identity.owner }, minute);
    }
  }

  #tellMetrics(nowMs: number): void {
    const { pipeline, health } = this.#options;
    const connections = [...pipeline.pools.all()].map((pool) => ({
      name: pool.name,
      ...pool.connectionsAt(nowMs),
    }));
    health.setPoolConnections(connections);
    health.setRevisions(pipeline.counters.revisionsTotal);
  }

  #attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#options.log.error('the store failed', { code: error.code, error: error.message });
      return undefined;
    }
  }
}
