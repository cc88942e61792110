// Looks after the relay once a second: long requests, idle connections, its status, its observer.
//
// Invariant: the cost of a tick does not depend on traffic. A tick changes nothing of what is relayed, except that it
// lets the system probe connections that have lasted (TCP keep-alive). It decides whether sessions are observed.
// Not here: handling bytes (connection/), pausing itself (watch/switch.ts).

import { performance } from 'node:perf_hooks';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { minuteOf } from '../../config/values/minute.js';
import type { Connection } from '../connection/forwarding.js';
import type { Clock } from '../link/clock.js';
import type { ObserverLink } from '../link/link.js';
import type { Admission } from '../listen/admission.js';
import type { Listener } from '../listen/listener.js';
import type { TrackerCounters } from '../session/session-state.js';
import type { RelayFigures } from '../stream/relay-status.js';
import type { ObserverSwitch } from '../watch/switch.js';
import type { Tap } from '../watch/tap.js';
import { LoopBreaker } from './loop-breaker.js';
import { LoopLag } from './loop-lag.js';

const TICK_MS = 1_000;
/** An observer that acknowledges nothing for this long while something waits counts as hung. */
const OBSERVER_HANG_MS = 180_000;

export interface TickParts {
  listeners: readonly Listener[];
  link: ObserverLink;
  counters: TrackerCounters;
  clock: Clock;
  log: Log;
  observing: ObserverSwitch;
  admission: Admission;
  /** Gets the same status as the observer. */
  onStatus?: (status: RelayFigures) => void;
}

/** Sessions that are not followed at this tick. */
interface Unfollowed {
  readonly adrift: number;
  readonly opaque: number;
}

export class Ticks {
  readonly #parts: TickParts;
  readonly #lag = new LoopLag();
  readonly #breaker = new LoopBreaker(limits);
  #used = performance.eventLoopUtilization();
  /** The minute whose opaque sessions are counted already. */
  #opaqueMinute = 0;
  /** Of the sessions that ever became opaque, those that were counted. */
  #opaqueTold = 0;
  /** The minute whose sessions are counted already as not observed because of a pause. */
  #pausedMinute = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: TickParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#lag.stop();
  }

  tick(): void {
    const { clock, link, onStatus } = this.#parts;
    clock.renew();
    const nowMs = clock.now();
    const wallMs = clock.wall(nowMs);
    const minute = minuteOf(wallMs);
    const unfollowed = this.#connectionTicks(nowMs);
    this.#countOpaque(unfollowed, minute);
    const lagMs = this.#lag.takeMs();
    this.#breakerTick({ nowMs, lagMs, minute });
    this.#linkHealth(nowMs);
    const status = this.#status({ wallMs, lagMs, unfollowed });
    link.status(status);
    onStatus?.(status);
  }

  *#connections(): Generator<Connection> {
    for (const listener of this.#parts.listeners) yield* listener.connections;
  }

  *#taps(): Generator<Tap> {
    for (const { tap } of this.#connections()) yield tap;
  }

  #sum(figureOf: (listener: Listener) => number): number {
    return this.#parts.listeners.reduce((total, listener) => total + figureOf(listener), 0);
  }

  #connectionTicks(nowMs: number): Unfollowed {
    let adrift = 0;
    let opaque = 0;
    for (const connection of this.#connections()) {
      connection.tick(nowMs);
      const { tap } = connection;
      if (!tap.announced) continue;
      if (tap.session.opaque) opaque++;
      else if (tap.session.state.adrift) adrift++;
    }
    return { adrift, opaque };
  }

  /** Each once a minute, also one that came and went between two ticks. */
  #countOpaque({ opaque }: Unfollowed, minute: number): void {
    const { opaqueTotal } = this.#parts.counters;
    const fresh = opaqueTotal - this.#opaqueTold;
    this.#opaqueTold = opaqueTotal;
    const sessions = minute === this.#opaqueMinute ? fresh : Math.max(opaque, fresh);
    if (sessions === 0) return;
    this.#opaqueMinute = minute;
    this.#parts.link.lost('opaque_session', sessions);
  }

  #breakerTick({ nowMs, lagMs, minute }: { nowMs: number; lagMs: number; minute: number }): void {
    const { log, observing, link } = this.#parts;
    const before = this.#used;
    this.#used = performance.eventLoopUtilization();
    const busyShare = performance.eventLoopUtilization(this.#used, before).utilization;
    const action = this.#breaker.tick({ nowMs, lagMs, busyShare });
    if (action === 'pause') {
      this.#pausedMinute = 0;
      log.error('the event loop is late: observing is paused, traffic goes on', { lagMs: Math.round(lagMs) });
      observing.pause(this.#taps());
    } else if (action === 'resume') {
      log.info('the event loop is in time again: observing goes on');
      observing.resume(this.#taps());
    }
    if (!this.#breaker.paused || !observing.configured || minute === this.#pausedMinute) return;
    this.#pausedMinute = minute;
    const sessions = this.#sum((listener) => listener.connections.size);
    // At least 1: sessions may also come and go within the minute, so the minute is never known as a whole.
    link.lost('loop_late_session', Math.max(1, sessions));
  }

  #linkHealth(nowMs: number): void {
    const { link, log, observing } = this.#parts;
    link.recover();
    const silentMs = link.silentForMs(nowMs);
    if (silentMs <= OBSERVER_HANG_MS) return;
    log.error('the observer hangs: it is started again', { silentMs: Math.round(silentMs) });
    observing.observer.kill();
  }

  #status(now: { wallMs: number; lagMs: number; unfollowed: Unfollowed }): RelayFigures {
    const { admission, counters, link, observing } = this.#parts;
    const cpu = process.cpuUsage();
    return {
      atMs: now.wallMs,
      sessionsOpen: this.#sum((listener) => listener.connections.size),
      sessionsTotal: this.#sum((listener) => listener.sessionsTotal),
      connectErrorsTotal: this.#sum((listener) => listener.connectErrorsTotal),
      refusedConnectionsTotal: admission.refusedTotal.max_connections,
      refusedPerAddressTotal: admission.refusedTotal.max_connections_per_address,
      refusedNotLoggedInTotal: admission.refusedTotal.not_logged_in,
      clientBytesTotal: this.#sum((listener) => listener.clientBytesTotal),
      serverBytesTotal: this.#sum((listener) => listener.serverBytesTotal),
      sessionsAdrift: now.unfollowed.adrift,
      sessionsOpaque: now.unfollowed.opaque,
      adriftTotal: counters.adriftTotal,
      opaqueTotal: counters.opaqueTotal,
      unmatchedReadyTotal: counters.unmatchedReadyTotal,
      skippedTotal: counters.skippedTotal,
      functionCallsTotal: counters.functionCallsTotal,
      observerRestartsTotal: observing.observer.restartsTotal,
      queueBytes: link.queueBytes,
      loopLagNs: now.lagMs * 1e6,
      observingPaused: this.#breaker.paused ? 1 : 0,
      observingPausesTotal: this.#breaker.pausesTotal,
      cpuNs: (cpu.user + cpu.system) * 1000,
      residentBytes: process.memoryUsage.rss(),
    };
  }
}
