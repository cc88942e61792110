// The relay process: puts listener, health, link and observer together, and takes them apart on a signal.
// Invariant: what fails here at the start ends the process with a clear message; what fails later never stops the relaying.
// Not here: command-line parsing (cli/run.ts), the observer (analyzer/main.ts).

import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Address, formatAddress } from '../config/address.js';
import type { Config } from '../config/config.js';
import { RuntimeError } from '../config/errors.js';
import { limits } from '../config/limits.js';
import type { Log } from '../config/log.js';
import { packageVersion } from '../config/version.js';
import { Clock } from './clock.js';
import { startHealth } from './health.js';
import { Listener } from './listener.js';
import type { LossReason } from './observation.js';
import { ObserverLink } from './observer-link.js';
import { ObserverProcess } from './observer-process.js';
import { TextTable } from './session/prepared.js';
import { TrackerCounters } from './session/session-state.js';
import type { TapShared } from './tap.js';
import { clientTable, serverTable } from './wire/message-codes.js';

const TICK_MS = 1_000;
/** How long `run` waits for the first word of the observer before it goes on without. */
const OBSERVER_START_MS = 10_000;
/** An observer that acknowledges nothing for this long while something waits is killed and started again. */
const OBSERVER_HANG_MS = 180_000;
const OBSERVER_STOP_MS = 10_000;

export interface Run {
  /** The proxy port. */
  listen: Address;
  /** Resolves with the exit code when the process may end. */
  ended: Promise<number>;
  /** SIGTERM and SIGINT: drain, flush, end. A second call ends at once. */
  stop(): void;
}

/** Starts relay and observer. Throws RuntimeError when a port is taken or the observer says that it cannot work. */
export async function startRun(config: Config, log: Log): Promise<Run> {
  const clock = new Clock();
  const counters = new TrackerCounters();
  const texts = new TextTable(limits.internedTextBytesMax);
  const taps = () => announcedTaps(listener);
  const link = new ObserverLink({
    relayId: randomBytes(8).toString('hex'),
    version: packageVersion(),
    limits,
    clock,
    texts,
    sessions: taps,
    log,
  });
  const shared: TapShared = {
    events: link,
    counters,
    limits,
    texts,
    clientTable: clientTable({ headBytesMax: limits.textHeadBytesMax, tailBytesMax: limits.textTailBytesMax }),
    serverTable: serverTable(),
    clock,
    link,
    log,
  };
  const listener: Listener = new Listener({
    listen: config.listen,
    upstream: config.upstream,
    limits,
    shared,
    observe: () => config.observe,
    log,
  });

  const listen = await listener.listen().catch((error: NodeJS.ErrnoException) => {
    throw cannotListen(error, '--listen', config.listen);
  });
  const health = await startHealth({ address: config.health, ready: () => listener.listening }).catch(
    (error: NodeJS.ErrnoException) => {
      listener.close();
      throw cannotListen(error, '--health', config.health);
    },
  );

  const observer = config.observe ? superviseObserver(config, { link, log }) : undefined;
  if (observer !== undefined) {
    const refused = await observer.started;
    if (refused !== undefined) {
      listener.close();
      health.close();
      throw new RuntimeError('the observer cannot work', {
        where: 'see its message above',
        hint: 'mend that and start again',
        cause: refused,
      });
    }
  }

  const stopTicking = startTicks({ listener, link, counters, clock, log, observer: observer?.process });
  log.info('relaying', {
    listen: formatAddress(listen),
    upstream: formatAddress(config.upstream),
    health: formatAddress(config.health),
  });

  let stopping = false;
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const finish = async () => {
    await listener.drain(config.drainTimeoutMs);
    stopTicking();
    await link.end(OBSERVER_STOP_MS);
    await observer?.process.stop(OBSERVER_STOP_MS);
    health.close();
    health.closeAllConnections();
    end(0);
  };
  return {
    listen,
    ended,
    stop() {
      if (stopping) {
        listener.close();
        observer?.process.kill();
        end(0);
        return;
      }
      stopping = true;
      log.info('draining', { sessions: listener.sessionsOpen });
      void finish();
    },
  };
}

function* announcedTaps(listener: Listener) {
  for (const relay of listener.relays) {
    const { tap } = relay;
    if (tap.announced) yield { opened: tap.opened, state: tap.session.state };
  }
}

/** Starts the observer; `started` resolves with its exit code when it refused, else with undefined. */
function superviseObserver(config: Config, to: { link: ObserverLink; log: Log }) {
  const process = new ObserverProcess({
    options: observerOptions(config),
    heapMb: config.observerHeapMb,
    attach: (socket) => to.link.attach(socket),
    log: to.log,
  });
  const started = new Promise<number | undefined>((resolve) => {
    const timer = setTimeout(() => {
      to.log.warn('the observer has not answered yet: going on without it');
      process.worked();
      resolve(undefined);
    }, OBSERVER_START_MS);
    process.onRefused = (code) => {
      clearTimeout(timer);
      resolve(code);
    };
    to.link.onLive = () => {
      clearTimeout(timer);
      process.worked();
      resolve(undefined);
    };
  });
  process.start();
  return { process, started };
}

function observerOptions(config: Config): object {
  return { config };
}

interface Ticking {
  listener: Listener;
  link: ObserverLink;
  counters: TrackerCounters;
  clock: Clock;
  log: Log;
  observer: ObserverProcess | undefined;
}

/** Once a second: in-flight statements, the relay's status, and the health of the link. Returns what stops it. */
function startTicks({ listener, link, counters, clock, log, observer }: Ticking): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let opaqueMinute = 0;
  const timer = setInterval(() => {
    clock.renew();
    const nowMs = clock.now();
    const wallMs = clock.wall(nowMs);
    let adrift = 0;
    let opaque = 0;
    for (const relay of listener.relays) {
      relay.tap.tick(nowMs);
      if (relay.tap.session.opaque) opaque++;
      else if (relay.tap.session.state.adrift) adrift++;
    }
    const minute = Math.floor(wallMs / 60_000);
    if (opaque > 0 && minute !== opaqueMinute) {
      opaqueMinute = minute;
      const reason: LossReason = 'opaque_session';
      link.lost(reason, opaque);
    }
    link.recover();
    if (link.silentForMs(nowMs) > OBSERVER_HANG_MS && observer !== undefined) {
      log.error('the observer hangs: it is killed and started again', {
        silentMs: Math.round(link.silentForMs(nowMs)),
      });
      observer.kill();
    }
    const cpu = process.cpuUsage();
    link.status({
      atMs: wallMs,
      sessionsOpen: listener.sessionsOpen,
      sessionsTotal: listener.sessionsTotal,
      connectErrorsTotal: listener.connectErrorsTotal,
      clientBytesTotal: listener.clientBytesTotal,
      serverBytesTotal: listener.serverBytesTotal,
      sessionsAdrift: adrift,
      sessionsOpaque: opaque,
      adriftTotal: counters.adriftTotal,
      opaqueTotal: counters.opaqueTotal,
      unmatchedReadyTotal: counters.unmatchedReadyTotal,
      skippedTotal: counters.skippedTotal,
      functionCallsTotal: counters.functionCallsTotal,
      observerRestartsTotal: observer?.restartsTotal ?? 0,
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

function cannotListen(error: NodeJS.ErrnoException, flag: string, address: Address): RuntimeError {
  const place = formatAddress(address);
  if (error.code === 'EADDRINUSE')
    return new RuntimeError('the port is in use', {
      where: `${flag} ${place}`,
      hint: 'stop what listens there, or give another address',
    });
  if (error.code === 'EACCES')
    return new RuntimeError('listening is not allowed', { where: `${flag} ${place}`, hint: 'use a port from 1024 up' });
  return new RuntimeError(`cannot listen: ${error.code ?? error.message}`, {
    where: `${flag} ${place}`,
    hint: 'give an address of this machine',
  });
}
