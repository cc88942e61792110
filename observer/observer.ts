// Joins intake, pipeline and store: takes batches, resumes sessions, closes those of gone relays.
// Invariant: the last sequence of a relay is stored in the same transaction as everything that its batches said.
// Not here: the steps of a statement (analyzer/pipeline.ts), storing (flush.ts), the process (main.ts).

import type { Pipeline } from '../analyzer/pipeline.js';
import type { Log } from '../config/log.js';
import type { Identity } from '../facts/fleet/identity.js';
import type { BypassSample, PlanRow } from '../facts/flush.js';
import type { Pending } from '../facts/pending.js';
import type { Observation, RelayStatus } from '../proxy/stream/observation.js';
import type { Store } from '../storage/store.js';
import type { StoringHealth } from '../storage/storing-health.js';
import { Acknowledgements } from './accounts/acknowledgements.js';
import { Losses } from './accounts/losses.js';
import type { Relays } from './accounts/relays.js';
import { Storing } from './accounts/storing.js';
import { Unaccounted } from './accounts/unaccounted.js';
import { WatchedTimes } from './accounts/watched-time.js';
import { Flusher, type FlushListener, unstoredOf } from './flush.js';
import { FlushParts } from './flush-parts.js';
import type { IntakeTarget } from './intake/intake.js';

/** Is told what the metrics show besides counted executions. */
export interface HealthListener extends FlushListener {
  setNotObserved(reason: string, total: number): void;
  setStoring(storing: StoringHealth): void;
  /** All relays as one. */
  setRelayStatus(status: RelayStatus): void;
  setRelaysConnected(count: number): void;
}

export interface ObserverOptions {
  pipeline: Pipeline;
  store: Store;
  relays: Relays;
  health: HealthListener;
  log: Log;
  watchesClock?: boolean;
  /** Where plans come from, if they are collected. */
  plans?: Pending<PlanRow>;
  /** Where samples of what bypasses it come from, if they are taken. */
  bypass?: Pending<BypassSample>;
  /** Who observes. */
  identity?: Identity;
  /** Called with each relay's last stored sequence. */
  acknowledge: (relayId: string, sequence: number) => void;
}

export class Observer implements IntakeTarget {
  readonly #options: ObserverOptions;
  readonly #losses = new Losses();
  readonly #unaccounted: Unaccounted;
  readonly #acknowledgements: Acknowledgements;
  readonly #watched = new WatchedTimes();
  readonly parts: FlushParts;
  #orphansTaken = false;
  readonly #storing: Storing;
  readonly #flusher: Flusher;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { pipeline, relays, plans, bypass, identity, log, store, health } = options;
    const unstored = () => unstoredOf(pipeline);
    this.#storing = new Storing({ store, log, health, unstored, startedMs: Date.now() });
    this.#acknowledgements = new Acknowledgements(options.acknowledge);
    this.#unaccounted = new Unaccounted({
      log,
      watchesClock: options.watchesClock ?? true,
      onKilled: (relayId) => this.#acknowledgements.ends(relayId, true),
    });
    this.parts = new FlushParts({
      pipeline,
      relays,
      plans,
      losses: this.#losses,
      gaps: this.#unaccounted,
      watched: this.#watched,
      bypass,
      progress: this.#acknowledgements,
      identity,
    });
    const { parts } = this;
    this.#flusher = new Flusher({ pipeline, parts, storing: this.#storing, unaccounted: this.#unaccounted, health });
    this.#knowCounted();
  }

  /** What earlier processes counted and may go on is known before anything is stored. */
  #knowCounted(): void {
    const { store, pipeline } = this.#options;
    pipeline.counting.units.counted.know(this.#storing.attempt(() => store.countedRequests()) ?? []);
  }

  /** `nowMs`: of a recording, where its time stands. */
  relayBegins(relayId: string, nowMs = Date.now()): number {
    const { store, pipeline, relays, log } = this.#options;
    // Stored at once, so that the next run knows of one that is killed; one that comes back gets its acknowledgement.
    this.#acknowledgements.begins(relayId);
    this.flush(nowMs);
    this.#unaccounted.relayIsBack(relayId);
    relays.begins(relayId);
    this.#takeOrphans(nowMs);
    let restored = 0;
    for (const stored of this.#storing.attempt(() => store.openSessions(relayId)) ?? []) {
      if (pipeline.sessions.get(relayId, stored.sessionId) !== undefined) continue;
      if (pipeline.restore(stored, nowMs) !== undefined) restored++;
    }
    if (restored > 0) log.info('open sessions restored', { sessions: restored });
    return this.#storing.attempt(() => store.lastSequence(relayId)) ?? 0;
  }

  /** Closes the sessions of relays that ended without their observer. Runs once, when all running relays have come. */
  #takeOrphans(nowMs: number): void {
    const { store, pipeline, relays } = this.#options;
    if (this.#orphansTaken || !relays.complete) return;
    const orphans = this.#storing.attempt(() => store.takeOrphanSessions(relays.connected));
    if (orphans === undefined) return;
    this.#orphansTaken = true;
    const gaps = this.#storing.attempt(() => store.closeOrphanRelays(relays.connected, nowMs));
    this.#unaccounted.earlierRunsDied(gaps ?? []);
    for (const stored of orphans) {
      const gone = stored.relayId;
      const session = pipeline.sessions.get(gone, stored.sessionId) ?? pipeline.restore(stored, nowMs);
      if (session === undefined) continue;
      pipeline.close(session, session.member.countedToMs);
    }
  }

  /** The supervisor says that one of several relays was killed or crashed. */
  relayDied(relayId: string, atMs: number): void {
    this.#unaccounted.relayDied(relayId, atMs);
  }

  observe(relayId: string, observation: Observation): void {
    if (observation.kind === 'loss') {
      const total = this.#losses.take(relayId, observation);
      if (total !== undefined) this.#options.health.setNotObserved(observation.reason, total);
    } else if (observation.kind === 'relay-status') this.#relaySays(relayId, observation);
    else this.#options.pipeline.observe(relayId, observation);
  }

  batchTaken(relayId: string, sequence: number): void {
    this.#acknowledgements.taken(relayId, sequence);
    this.#storing.relayHeard();
  }

  relayLeaves(): void {
    this.flush(Date.now());
  }

  /** `orderly`: it said that nothing of it is missing. Else it is given some time to come back. */
  relayEnds(relayId: string, orderly: boolean, nowMs = Date.now()): void {
    const { pipeline, relays } = this.#options;
    for (const session of [...pipeline.sessions.of(relayId)]) pipeline.close(session, nowMs);
    pipeline.relayEnded(relayId);
    relays.ends(relayId);
    this.#acknowledgements.ends(relayId, orderly);
    if (!orderly) this.#unaccounted.relayBrokeOff(relayId, nowMs);
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
  flush(nowMs: number, { isEarly = false } = {}): boolean {
    this.#takeOrphans(nowMs);
    this.#watched.tick(nowMs);
    return this.#flusher.flush(nowMs, { isEarly });
  }

  /** Called some times between flushes: the store is looked after, and its journal written out, a part at a time. */
  turn(nowMs: number): void {
    if (this.#flusher.wantsEarlyFlush) this.flush(nowMs, { isEarly: true });
    else this.#flusher.turn(nowMs);
  }

  /** All of the journal. Returns false when some of it could not be written. */
  writeOutAll(): boolean {
    return this.#storing.writeOutAll();
  }

  /**
   * The last flush of this process. Returns false, and leaves a note for the next one, when counts could not be stored.
   * `linksWereClosed`: by this side, not by the relays.
   */
  lastFlush(nowMs: number, { linksWereClosed }: { linksWereClosed: boolean }): boolean {
    this.#unaccounted.end({ linksWereClosed });
    this.#options.pipeline.counting.endAll();
    const isStored = this.flush(nowMs);
    if (isStored) this.#storing.end();
    else this.#storing.leaveNote(nowMs);
    this.#storing.writeOutAll();
    return isStored;
  }

  /** A reader met damage in the store, in its words. */
  damageMet(reason: string): void {
    this.#storing.damageMet(reason);
  }

  /** Storing works again only in another process. */
  get isStuck(): boolean {
    return this.#storing.isStuck;
  }

  /** Since when nothing is stored, Unix ms; undefined while it is. */
  get unstoredSinceMs(): number | undefined {
    return this.#storing.unstoredSinceMs;
  }

  /** The store moved a damaged database aside and began anew, perhaps within a flush. */
  storeBeganAnew(): void {
    this.parts.storeAgain();
  }
}
