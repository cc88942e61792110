// Once a second: what has been in flight for long, the relay's own status, and the health of the link.
// Invariant: it only reads the relaying side, and what it costs does not depend on traffic. Not here: acting on bytes.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Log } from '../config/log.js';
import type { Clock } from './clock.js';
import type { Listener } from './listener.js';
import type { ObserverLink } from './observer-link.js';
import type { ObserverEnd } from './observer-switch.js';
import type { TrackerCounters } from './session/session-state.js';

const TICK_MS = 1_000;
/** An observer that acknowledges nothing for this long while something waits is taken for hung. */
const OBSERVER_HANG_MS = 180_000;

export interface Ticking {
  listeners: readonly Listener[];
  link: ObserverLink;
  counters: TrackerCounters;
  clock: Clock;
  log: Log;
  observer: ObserverEnd;
}

/** Returns what stops it. */
export function startTicks({ listeners, link, counters, clock, log, observer }: Ticking): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let opaqueMinute = 0;
  const sum = (of: (listener: Listener) => number) => listeners.reduce((total, listener) => total + of(listener), 0);
  const timer = setInterval(() => {
    clock.renew();
    const nowMs = clock.now();
    const wallMs = clock.wall(nowMs);
    let adrift = 0;
    let opaque = 0;
    for (const listener of listeners) {
      for (const { tap } of listener.relays) {
        tap.tick(nowMs);
        if (!tap.announced) continue;
        if (tap.session.opaque) opaque++;
        else if (tap.session.state.adrift) adrift++;
      }
    }
    const minute = Math.floor(wallMs / 60_000);
    if (opaque > 0 && minute !== opaqueMinute) {
      opaqueMinute = minute;
      link.lost('opaque_session', opaque);
    }
    link.recover();
    const silentMs = link.silentForMs(nowMs);
    if (silentMs > OBSERVER_HANG_MS) {
      log.error('the observer hangs: it is started again', { silentMs: Math.round(silentMs) });
      observer.kill();
    }
    const cpu = process.cpuUsage();
    link.status({
      atMs: wallMs,
      sessionsOpen: sum((listener) => listener.relays.size),
      sessionsTotal: sum((listener) => listener.sessionsTotal),
      connectErrorsTotal: sum((listener) => listener.connectErrorsTotal),
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
      loopLagNs: delay.max,
      cpuNs: (cpu.user + cpu.system) * 1000,
      residentBytes: process.memoryUsage.rss(),
    });
    delay.reset();
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}
