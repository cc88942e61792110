// Joins intake, pipeline and store: takes batches, flushes on time, acknowledges what is stored, and goes on where another left off.
// Invariant: the last sequence of a relay is stored in the same transaction as everything its batches up to there said; a flush that
// fails keeps everything for the next one. Not here: the steps of a statement (pipeline.ts), the process (main.ts).

import type { Pipeline } from '../analyzer/pipeline.js';
import type { ConnectionsNow } from '../analyzer/pools/pools.js';
import { limits } from '../config/limits.js';
import type { Log } from '../config/log.js';
import type { Flush, LossRow, PlanRow, StatementSourceDelta, Store } from '../facts/flush.js';
import type { PoolMinute } from '../facts/pool-minute.js';
import type { RollupRow } from '../facts/rollup-row.js';
import type { Loss, Observation, RelayStatus } from '../proxy/stream/observation.js';
import { StoreError } from '../storage/store-error.js';
import type { IntakeTarget } from './intake.js';
import type { Relays } from './relays.js';

/** What the metrics are told besides counted statements. */
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
  plans?: { pending(): readonly PlanRow[]; stored(count: number): void };
  /** Called with each relay's last stored sequence. */
  acknowledge: (relayId: string, sequence: number) => void;
}

const MAINTAIN_EVERY_MS = 5_000;
/** Counts events, not executions: how many were lost with it cannot be known, but it is at most a flush interval of them. */
const KILLED_REASON = 'killed';

export class Observer implements IntakeTarget {
  readonly #options: ObserverOptions;
  /** Last batch taken of each relay. */
  readonly #taken = new Map<string, number>();
  /** Relays whose link ended: with the next flush nothing of them is left to be stored. */
  readonly #ended = new Set<string>();
  readonly #losses = new Map<string, LossRow>();
  #lossesUnstored: LossRow[] = [];
  readonly #lossTotals = new Map<string, number>();
  #orphansTaken = false;
  /** Not before the first flush: one that begins has relays to answer, and what it owes a large store would keep them waiting. */
  #maintainedMs: number | undefined;
  #failing = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  relayBegins(relayId: string): number {
    const { store, pipeline, relays, log } = this.#options;
    const nowMs = Date.now();
    // A relay that comes back (its link broke) is told of what it sent before as well.
    this.flush(nowMs);
    this.#ended.delete(relayId);
    relays.begins(relayId);
    this.#takeOrphans(nowMs);
    let restored = 0;
    for (const { sessionId, state } of this.#attempt(() => store.openSessions(relayId)) ?? []) {
      if (pipeline.sessions.get(relayId, sessionId) !== undefined) continue;
      if (pipeline.restore(state, nowMs) !== undefined) restored++;
    }
    if (restored > 0) log.info('open sessions restored', { sessions: restored });
    return this.#attempt(() => store.lastSequence(relayId)) ?? 0;
  }

  /** Relays that ended without their observer: their sessions are over. Once, when all relays that still run have come. */
  #takeOrphans(nowMs: number): void {
    const { store, pipeline, relays } = this.#options;
    if (this.#orphansTaken || !relays.complete) return;
    const orphans = this.#attempt(() => store.takeOrphanSessions(relays.connected));
    if (orphans === undefined) return;
    this.#orphansTaken = true;
    const killed = new Map<string, number>();
    for (const { relayId: gone, sessionId, state } of orphans) {
      const session = pipeline.sessions.get(gone, sessionId) ?? pipeline.restore(state, nowMs);
      if (session === undefined) continue;
      killed.set(gone, Math.max(killed.get(gone) ?? 0, session.member.countedToMs));
      pipeline.close(session, session.member.countedToMs);
    }
    for (const [gone, lastSeenMs] of killed) {
      const lastSeen = new Date(lastSeenMs).toISOString();
      this.#options.log.warn('the last run was killed: what it saw after its last flush is not counted', { lastSeen });
      this.#killed(gone, lastSeenMs);
    }
  }

  /** One of several relays was killed or crashed, and this process was told. */
  relayDied(relayId: string, atMs: number): void {
    this.#options.log.warn('a relay was killed: what it had not sent is not counted', { relayId });
    this.#killed(relayId, atMs);
  }

  /** A relay that is stopped closes its sessions. What one that was killed had not sent nobody knows: that is told, as an event. */
  #killed(relayId: string, lastSeenMs: number): void {
    this.#lossesUnstored.push({
      counterId: relayId,
      minute: Math.floor(lastSeenMs / 60_000),
      reason: KILLED_REASON,
      count: 1,
    });
  }

  observe(relayId: string, observation: Observation): void {
    if (observation.kind === 'loss') this.#loss(relayId, observation);
    else if (observation.kind === 'relay-status') this.#relaySays(relayId, observation);
    else this.#options.pipeline.observe(relayId, observation);
  }

  batchTaken(relayId: string, sequence: number): void {
    this.#taken.set(relayId, sequence);
  }

  relayEnds(relayId: string, nowMs = Date.now()): void {
    const { pipeline, relays } = this.#options;
    for (const session of [...pipeline.sessions.of(relayId)]) pipeline.close(session, nowMs);
    pipeline.relayEnded(relayId);
    relays.ends(relayId);
    this.#ended.add(relayId);
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

  /** Stores what came since the last time, and acknowledges it. False when the store would not. */
  flush(nowMs: number): boolean {
    const { pipeline, store, log } = this.#options;
    this.#takeOrphans(nowMs);
    pipeline.tick(nowMs);
    const taken = [...this.#taken];
    const plans = this.#options.plans?.pending() ?? [];
    try {
      store.flush(this.#contents(nowMs, plans));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (!this.#failing) log.error('storing failed: it is tried again', { code: error.code, error: error.message });
      this.#failing = true;
      return false;
    }
    if (this.#failing) log.info('storing works again');
    this.#failing = false;
    for (const row of pipeline.rollups.filled()) this.#options.health.recordTop(row, nowMs);
    pipeline.rollups.drop(nowMs);
    pipeline.tagRollups.drop();
    pipeline.catalogue.stored();
    pipeline.marks.stored();
    pipeline.samples.stored();
    this.#options.plans?.stored(plans.length);
    pipeline.sessions.stored();
    this.#tellPools();
    pipeline.pools.drop();
    this.#lossesUnstored = [];
    for (const [relayId, sequence] of taken) this.#options.acknowledge(relayId, sequence);
    for (const relayId of this.#ended) this.#taken.delete(relayId);
    this.#ended.clear();
    this.#tellMetrics(nowMs);
    this.#maintainedMs ??= nowMs;
    if (nowMs - this.#maintainedMs >= MAINTAIN_EVERY_MS) {
      this.#maintainedMs = nowMs;
      this.#attempt(() => store.maintain(nowMs));
    }
    return true;
  }

  /** The store moved a damaged database aside and began anew. */
  storeBeganAnew(): void {
    this.#options.pipeline.catalogue.storeAgain();
    this.#options.pipeline.sessions.storeAgain();
    for (const pool of this.#options.pipeline.pools.all()) pool.changed = true;
    this.#lossesUnstored = [...this.#losses.values()];
  }

  #contents(nowMs: number, plans: Flush['plans']): Flush {
    const { pipeline } = this.#options;
    const rollups = pipeline.rollups.filled();
    return {
      atMs: nowMs,
      relays: [...this.#taken].map(([relayId, lastSequence]) => ({ relayId, lastSequence })),
      rollups,
      tags: pipeline.tagRollups.filled(),
      catalogue: pipeline.catalogue.pending(),
      statements: statementDeltas(rollups),
      pools: poolRows(pipeline),
      poolMinutes: pipeline.pools.minutes(),
      fleetMinutes: pipeline.pools.fleet(),
      sessionsOpen: sessionStates(pipeline),
      sessionsClosed: pipeline.sessions.closedSinceStored(),
      losses: this.#lossesUnstored,
      marks: pipeline.marks.pending(),
      samples: pipeline.samples.pending(),
      plans,
      counters: this.#counters(),
    };
  }

  *#counters(): Iterable<readonly [string, number]> {
    const { pipeline } = this.#options;
    yield* Object.entries(pipeline.counters);
    yield ['splitMismatchTotal', pipeline.splitMismatchTotal];
    yield ['rollupsCappedTotal', pipeline.rollups.cappedTotal];
    yield ['rollupsLateTotal', pipeline.rollups.lateTotal];
    yield ['tagSetsCappedTotal', pipeline.tagRollups.cappedTotal];
    yield ['poolsCappedTotal', pipeline.pools.cappedTotal];
    for (const [name, value] of Object.entries(this.#options.relays.together ?? {})) {
      if (typeof value === 'number') yield [`relay.${name}`, value];
    }
  }

  #loss(counterId: string, { minute, reason, count }: Loss): void {
    const key = `${counterId} ${minute} ${reason}`;
    const before = this.#losses.get(key);
    if (before !== undefined && before.count >= count) return;
    const row: LossRow = { counterId, minute, reason, count };
    this.#losses.set(key, row);
    this.#lossesUnstored.push(row);
    const total = (this.#lossTotals.get(reason) ?? 0) + count - (before?.count ?? 0);
    this.#lossTotals.set(reason, total);
    this.#options.health.setNotObserved(reason, total);
    // The relay forgets old minutes too; one that comes again is stored as the larger count.
    for (const oldest of this.#losses.keys()) {
      if (this.#losses.size <= limits.lossMinutesMax) break;
      this.#losses.delete(oldest);
    }
  }

  #tellPools(): void {
    const { pools } = this.#options.pipeline;
    const byId = new Map([...pools.all()].map(({ id, name, identity }) => [id, { name, owner: identity.owner }]));
    for (const minute of pools.minutes()) this.#options.health.recordPool(byId.get(minute.pool)!, minute);
  }

  #tellMetrics(nowMs: number): void {
    const { pipeline, health } = this.#options;
    const connections = [...pipeline.pools.all()].map((pool) => ({
      name: pool.name,
      ...pipeline.pools.connectionsOf(pool, nowMs),
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

function* statementDeltas(rollups: readonly RollupRow[]): Iterable<StatementSourceDelta> {
  for (const row of rollups) {
    const { verdict } = row;
    if (verdict === undefined) continue;
    yield {
      fingerprint: row.key.fingerprint,
      source: row.key.source,
      construct: row.key.construct,
      confidence: verdict.confidence,
      firstSeenMs: row.firstSeenMs,
      lastSeenMs: row.lastSeenMs,
      calls: row.calls,
      errors: row.errors,
      evidence: verdict.evidence,
    };
  }
}

function* poolRows(pipeline: Pipeline) {
  for (const pool of pipeline.pools.all()) {
    if (!pool.changed && pool.members.size === 0) continue;
    yield {
      id: pool.id,
      name: pool.name,
      identity: pool.identity,
      firstSeenMs: pool.firstSeenMs,
      lastSeenMs: pool.lastSeenMs,
      clientAddress: pool.clientAddress,
      serverVersion: pool.serverVersion,
      driver: pool.driver,
      habits: pool.habits.words(),
      evidence: pool.evidence,
    };
  }
}

function* sessionStates(pipeline: Pipeline) {
  for (const session of pipeline.sessions.changed()) {
    const { relayId, sessionId } = session.facts;
    yield { relayId, sessionId, state: session.toJson() };
  }
}
