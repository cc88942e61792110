// Several relays and their observer: listens for all, answers for health, hands connections over, starts again what ends, passes on signals.
//
//                       ┌─► relay ─┐ link
//   clients ─► front ───┼─► relay ─┼──────► observer      (children of this process; it moves no octet of traffic)
//                       └─► relay ─┘
//
// Invariant: what fails at the start ends it with a clear message and nothing left behind; a relay that ends takes its own sessions and
// nothing else; a reload holds in all of them or changes nothing. Not here: a relay (relay.ts), signals (cli/).

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
import { observerRefused, sayRelaying } from '../relay/start-up.js';
import { type RelayCounts, sumOfCounts } from '../stream/relay-status.js';
import { ObserverSwitch } from '../watch/switch.js';
import { Front } from './front.js';
import { Handover } from './handover.js';
import type { RelayStart } from './messages.js';
import { RelayProcess } from './relay-process.js';
import { SharedLauncher } from './shared-launcher.js';

const TICK_MS = 1_000;
/** What a relay that has drained may take to say its last word to the observer. */
const AFTER_DRAIN_MS = 30_000;

export interface SupervisorOptions {
  log: Log;
  /** A child of this process, or one that runs by itself. */
  observer: 'child' | 'elsewhere';
}

export class Supervisor {
  readonly #log: Log;
  readonly #socket: string;
  readonly #relays: RelayProcess[];
  readonly #handover: Handover;
  readonly #fronts: Front[] = [];
  readonly #launcher: SharedLauncher;
  /** Both: where the observer is a child. */
  readonly #observer: ObserverProcess | undefined;
  readonly #switch: ObserverSwitch | undefined;
  #lag: LoopLag | undefined;
  #config: Config;
  /** By listener, as read last: a relay that is started again gets these upstreams. */
  readonly #pairs: Pair[];
  /** What relays that ended had counted. */
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

  /** Resolves with the addresses it listens on, in the order of the pairs. Throws UsageError or RuntimeError. */
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
      const readiness = new Readiness(() => !this.#config.observe || this.#relays.some((relay) => relay.wasObserved));
      const ready = () => readiness.ready && this.#ready;
      this.#health = await startHealth({ address: config.health, ready }).catch((error) => {
        throw cannotListen(error, '--health', config.health);
      });
      // Together: an observer that takes long to start, on a disk that does, holds no traffic up.
      const observing = this.#switch?.start();
      const working = await Promise.all(this.#relays.map((relay) => relay.start()));
      if (working.includes(false)) {
        throw new RuntimeError('a relay process ended as it was started', {
          where: 'see its message above',
          hint: 'mend that and start again',
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
    sayRelaying(config, { bound, log: this.#log });
    return bound;
  }

  /** SIGHUP, for all of them. Throws UsageError and changes nothing for a fault. */
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
      const { config: ofRelay, connectionsMaxOfAll } = this.#startOf(index + 1);
      relay.send({ kind: 'reload', config: ofRelay, connectionsMaxOfAll, observerAgain });
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
    this.#log.info('draining', { sessions: this.#relays.reduce((sum, relay) => sum + relay.sessions, 0) });
    void this.#finish();
  }

  async #finish(): Promise<void> {
    this.#launcher.relaysEndLinks = true;
    // Those that still drain tell new clients so.
    const deadlineMs = this.#config.drainTimeoutMs + AFTER_DRAIN_MS;
    await Promise.all(this.#relays.map((relay) => relay.stop(deadlineMs)));
    clearInterval(this.#timer);
    await this.#switch?.stop();
    this.#closeAll();
    this.#end(0);
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

  /** Of the connections, rounded so that the shares sum up. */
  #shareOf(place: number): number {
    const { maxConnections, relays } = this.#config;
    return Math.floor(maxConnections / relays) + (place <= maxConnections % relays ? 1 : 0);
  }

  /** What a relay is started with now. */
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

/** The links are the relays' own. */
const NO_LINK = { end: () => Promise.resolve(), detach: () => {} };
const NOTHING_WAITS = { lookAtAll: () => {} };
