// Once a second: what has been in flight for long, connections that have lasted, the relay's own status, and the health of the link.
// Invariant: of the relaying side it changes nothing but whether the system probes a connection, and what it costs does not depend on
// traffic; whether sessions are observed is in its hands.
// Not here: acting on bytes.

import { performance } from 'node:perf_hooks';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import type { Clock } from '../link/clock.js';
import type { ObserverLink } from '../link/link.js';
import type { Admission } from '../listen/admission.js';
import type { Listener } from '../listen/listener.js';
import type { TrackerCounters } from '../session/session-state.js';
import type { RelayStatus } from '../stream/observation.js';
import type { ObserverSwitch } from '../watch/switch.js';
import { LoopBreaker } from './loop-breaker.js';
import { LoopLag } from './loop-lag.js';

const TICK_MS = 1_000;
/** An observer that acknowledges nothing for this long while something waits is taken for hung. */
const OBSERVER_HANG_MS = 180_000;

export interface Ticking {
  listeners: readonly Listener[];
  link: ObserverLink;
  counters: TrackerCounters;
  clock: Clock;
  log: Log;
  observing: ObserverSwitch;
  admission: Admission;
  /** Told what the observer is told. */
  told?: (status: Omit<RelayStatus, 'kind'>) => void;
}

/** Returns what stops it. */
export function startTicks({ listeners, link, counters, clock, log, observing, admission, told }: Ticking): () => void {
  const { observer } = observing;
  const lag = new LoopLag();
  const breaker = new LoopBreaker(limits);
  let used = performance.eventLoopUtilization();
  let opaqueMinute = 0;
  let pausedMinute = 0;
  const sum = (of: (listener: Listener) => number) => listeners.reduce((total, listener) => total + of(listener), 0);
  function* connections() {
    for (const listener of listeners) yield* listener.connections;
  }
  function* taps() {
    for (const { tap } of connections()) yield tap;
  }
  const timer = setInterval(() => {
    clock.renew();
    const nowMs = clock.now();
    const wallMs = clock.wall(nowMs);
    let adrift = 0;
    let opaque = 0;
    for (const connection of connections()) {
      connection.tick(nowMs);
      const { tap } = connection;
      if (!tap.announced) continue;
      if (tap.session.opaque) opaque++;
      else if (tap.session.state.adrift) adrift++;
    }
    const minute = Math.floor(wallMs / 60_000);
    if (opaque > 0 && minute !== opaqueMinute) {
      opaqueMinute = minute;
      link.lost('opaque_session', opaque);
    }
    const lagMs = lag.takeMs();
    const before = used;
    used = performance.eventLoopUtilization();
    const busyShare = performance.eventLoopUtilization(used, before).utilization;
    const what = breaker.tick({ nowMs, lagMs, busyShare });
    if (what === 'pause') {
      pausedMinute = 0;
      log.error('the event loop is late: observing is paused, traffic goes on', { lagMs: Math.round(lagMs) });
      observing.pause(taps());
    } else if (what === 'resume') {
      log.info('the event loop is in time again: observing goes on');
      observing.resume(taps());
    }
    if (breaker.paused && observing.configured && minute !== pausedMinute) {
      pausedMinute = minute;
      const sessions = sum((listener) => listener.connections.size);
      // Others come and go within the minute: it is never a minute of which all is known.
      link.lost('loop_late_session', Math.max(1, sessions));
    }
    link.recover();
    const silentMs = link.silentForMs(nowMs);
    if (silentMs > OBSERVER_HANG_MS) {
      log.error('the observer hangs: it is started again', { silentMs: Math.round(silentMs) });
      observer.kill();
    }
    const cpu = process.cpuUsage();
    const status = {
      atMs: wallMs,
      sessionsOpen: sum((listener) => listener.connections.size),
      sessionsTotal: sum((listener) => listener.sessionsTotal),
      connectErrorsTotal: sum((listener) => listener.connectErrorsTotal),
      refusedConnectionsTotal: admission.refusedTotal.max_connections,
      refusedPerSourceTotal: admission.refusedTotal.max_connections_per_source,
      refusedNotLoggedInTotal: admission.refusedTotal.not_logged_in,
      clientBytesTotal: sum((listener) => listener.clientBytesTotal),
      serverBytesTotal: sum((listener) => listener.serverBytesTotal),
      sessionsAdrift: adrift,
      sessionsOpaque: opaque,
      adriftTotal: counters.adriftTotal,
      opaqueTotal: counters.opaqueTotal,
      unmatchedReadyTotal: counters.unmatchedReadyTotal,
      skippedTotal: counters.skippedTotal,
      functionCallsTotal: counters.functionCallsTotal,
      observerRestartsTotal: observer.restartsTotal,
      queueBytes: link.queueBytes,
      loopLagNs: lagMs * 1e6,
      observingPaused: breaker.paused ? 1 : 0,
      observingPausesTotal: breaker.pausesTotal,
      cpuNs: (cpu.user + cpu.system) * 1000,
      residentBytes: process.memoryUsage.rss(),
    };
    link.status(status);
    told?.(status);
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    lag.stop();
  };
}
