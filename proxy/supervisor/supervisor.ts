// Supervises several relays and their observer: listens for them, restarts them, passes signals on.
//
//                       ┌─► relay ─┐ link
//   clients ─► front ───┼─► relay ─┼──────► observer      (children of this process, which moves no byte of traffic)
//                       └─► relay ─┘
//
// Invariant: a failure at the start ends everything with a clear message and leaves nothing behind. A relay that ends
// takes only its own connections with it. A reload holds in all processes or changes nothing.
// Not here: a relay (relay/relay.ts), signals (cli/).

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import type { Pair } from '../../config/pairs.js';
import { readTlsFiles } from '../../config/tls-files.js';
import type { Address } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';
import { sharedSocketPath } from '../../config/values/unix-socket.js';
import { ObserverProcess } from '../link/observer-process.js';
import { cannotListen, cannotListenFor } from '../listen/listen-error.js';
import { listenerOf, warnOfFixed, withFixed } from '../relay/fixed-options.js';
import { startHealth } from '../relay/health.js';
import { LoopLag } from '../relay/loop-lag.js';
import { Readiness } from '../relay/readiness.js';
import { logRelaying, observerRefused } from '../relay/start-up.js';
import { type RelayCounts, sumOfCounts } from '../stream/relay-status.js';
import { ObserverSwitch } from '../watch/switch.js';
import { Front } from './front.js';
import { Handover } from './handover.js';
import type { RelayStart } from './messages.js';
import { RelayProcess } from './relay-process.js';
import { SharedLauncher } from './shared-launcher.js';

const TICK_MS = 1_000;
/** Time for a drained relay to send its last batch to the observer. */
const AFTER_DRAIN_MS = 30_000;

export interface SupervisorOptions {
  log: Log;
  /** 'child': a child of this process. 'elsewhere': started by somebody else. */
  observer: 'child' | 'elsewhere';
}

export class Supervisor {
  readonly #log: Log;
  readonly #socket: string;
  readonly #relays: RelayProcess[];
  readonly #handover: Handover;
  readonly #fronts: Front[] = [];
  readonly #launcher: SharedLauncher;
  /** Set when the observer is a child, as #switch. */
  readonly #observer: ObserverProcess | undefined;
  readonly #switch: ObserverSwitch | undefined;
  #lag: LoopLag | undefined;
  #config: Config;
  /** By listener, as last reloaded: a restarted relay gets these upstreams. */
  readonly #pairs: Pair[];
  /** Counters of relays that ended. */
  #endedCounts: RelayCounts = {};
  #health: Server | undefined;
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #stopping = false;
  #end: (exitCode: number) => void = () => {};
  /** Resolves with the exit code when the process may end. */
  readonly ended: Promise<number>;

  constructor(config: Config, { log, observer }: SupervisorOptions) {
    this.#config = config;
    this.#pairs = [...config.pairs];
    this.#log = log;
    this.#socket = observer === 'child' ? sharedSocketPath(config.dataDir) : config.socket;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#relays = Array.from({ length: config.relays }, (_, index) => this.#relayProcess(index + 1));
    this.#handover = new Handover(this.#relays, log);
    this.#launcher = new SharedLauncher({
      startWith: () => ({ socket: this.#socket, relays: this.#config.relays, endedRelays: this.#endedCounts }),
      onListening: () => this.#sendAll({ kind: 'observer-listens' }),
    });
    if (observer === 'child') {
      this.#observer = new ObserverProcess(config, { launcher: this.#launcher, log });
      this.#switch = new ObserverSwitch(config.observe, {
        observer: this.#observer,
        link: NO_LINK,
        waiting: NOTHING_WAITS,
        log,
      });
    }
  }

  /** Resolves with the listening addresses, in the order of the pairs. Throws UsageError or RuntimeError. */
  async start(): Promise<Address[]> {
    const config = this.#config;
    readTlsFiles(config);
    const bound: Address[] = [];
    try {
      for (const [index, pair] of config.pairs.entries()) {
        const accepted = (client: Socket) => this.#handover.offer({ pair: index, client });
        const front = new Front({ accepted, log: this.#log });
        bound.push(await front.listen(pair.listen).catch(cannotListenFor(pair)));
        this.#fronts.push(front);
      }
      const readiness = new Readiness(() => !this.#config.observe || this.#relays.every((relay) => relay.wasObserved));
      const ready = () => readiness.ready && this.#ready;
      const trouble = () => this.#relays.find((relay) => relay.trouble !== '')?.trouble ?? '';
      this.#health = await startHealth({ address: config.health, ready, trouble }).catch((error) => {
        throw cannotListen(error, '--health', config.health);
      });
      // Together: an observer that takes long to start, on a disk that does, holds no traffic up.
      const observing = this.#switch?.start();
      const working = await Promise.all(this.#relays.map((relay) => relay.start()));
      if (working.includes(false)) {
        throw new RuntimeError('a relay process ended as it was started', {
          where: 'see its message above',
          hint: 'correct that and start again',
        });
      }
      this.#started = true;
      this.#handover.begin();
      const refused = await observing;
      if (refused !== undefined) throw observerRefused(refused);
    } catch (error) {
      this.#closeAll();
      await this.#switch?.observer.stop(0);
      throw error;
    }
    this.#lag = new LoopLag();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    logRelaying(config, { bound, log: this.#log });
    return bound;
  }

  /** SIGHUP: reloads all processes. Throws UsageError for a fault, and then changes nothing. */
  reload(config: Config): void {
    if (this.#stopping) return;
    readTlsFiles(config);
    warnOfFixed({ now: this.#config, wanted: config, log: this.#log });
    for (const [index, pair] of config.pairs.entries()) {
      const known = listenerOf(pair, index, this.#config.pairs);
      if (known >= 0) this.#pairs[known] = pair;
    }
    const observerAgain = config.observe && this.#observer?.isStartedAgainFor(config) === true;
    this.#config = withFixed({ now: this.#config, wanted: config });
    for (const [index, relay] of this.#relays.entries()) {
      const { config: relayConfig, connectionsMaxOfAll } = this.#startOf(index + 1);
      relay.send({ kind: 'reload', config: relayConfig, connectionsMaxOfAll, observerAgain });
    }
    this.#launcher.relaysEndLinks = !config.observe || observerAgain;
    this.#switch?.reload(config, []);
    this.#log.info('the configuration was read again', { observe: config.observe });
  }

  /** SIGTERM and SIGINT: drain all, flush, end. A second call ends at once. */
  stop(): void {
    if (this.#stopping) {
      for (const relay of this.#relays) relay.kill();
      this.#switch?.observer.kill();
      this.#end(0);
      return;
    }
    this.#stopping = true;
    this.#log.info('draining', { connections: this.#relays.reduce((sum, relay) => sum + relay.connections, 0) });
    void this.#finish();
  }

  async #finish(): Promise<void> {
    this.#launcher.relaysEndLinks = true;
    // New clients are still taken, so that draining relays can tell them 57P03.
    const deadlineMs = this.#config.drainTimeoutMs + AFTER_DRAIN_MS;
    const exitCodes = await Promise.all(this.#relays.map((relay) => relay.stop(deadlineMs)));
    clearInterval(this.#timer);
    await this.#switch?.stop();
    this.#closeAll();
    this.#end(Math.max(...exitCodes));
  }

  get #ready(): boolean {
    const listening = this.#fronts.every((front) => front.listening) && this.#relays.some((relay) => relay.ready);
    return this.#started && !this.#stopping && listening;
  }

  #relayProcess(place: number): RelayProcess {
    return new RelayProcess({
      place,
      share: () => this.#shareOf(place),
      startWith: () => this.#startOf(place),
      onRefused: (accepted) => this.#handover.offerAgain(accepted),
      onFree: () => this.#handover.pump(),
      onEnded: (relayId, last) => {
        this.#endedCounts = sumOfCounts([this.#endedCounts, last ?? {}]);
        this.#launcher.relayDied(relayId, Date.now());
      },
      log: this.#log,
    });
  }

  /** The relay's share of the connections. The shares of all relays add up to the cap. */
  #shareOf(place: number): number {
    const { maxConnections, relays } = this.#config;
    return Math.floor(maxConnections / relays) + (place <= maxConnections % relays ? 1 : 0);
  }

  /** The present start options of a relay. */
  #startOf(place: number): Omit<RelayStart, 'relayId' | 'place'> {
    return {
      config: { ...this.#config, pairs: this.#pairs, maxConnections: this.#shareOf(place) },
      socket: this.#socket,
      connectionsMaxOfAll: this.#config.maxConnections,
    };
  }

  #sendAll(message: Parameters<RelayProcess['send']>[0]): void {
    for (const relay of this.#relays) relay.send(message);
  }

  #tick(): void {
    for (const relay of this.#relays) relay.tick();
    const { user, system } = process.cpuUsage();
    this.#launcher.supervised({
      handoverClosedTotal: this.#handover.closedTotal,
      relayRestartsTotal: this.#relays.reduce((sum, { restartsTotal }) => sum + restartsTotal, 0),
      loopLagNs: (this.#lag?.takeMs() ?? 0) * 1e6,
      cpuNs: (user + system) * 1000,
      residentBytes: process.memoryUsage.rss(),
    });
  }

  #closeAll(): void {
    clearInterval(this.#timer);
    this.#lag?.stop();
    for (const relay of this.#relays) relay.kill();
    for (const front of this.#fronts) front.close();
    this.#handover.close();
    this.#health?.close();
    this.#health?.closeAllConnections();
  }
}

/** The relays have links, the supervisor has none. */
const NO_LINK = { end: () => Promise.resolve(), detach: () => {} };
const NOTHING_WAITS = { lookAtAll: () => {} };
