// Assembles a relay from listeners, link and health; reloads it on SIGHUP, ends it on SIGTERM.
// Invariant: a failure at the start ends the relay with a clear message and leaves nothing behind. A later failure
// never stops the relaying. A reload holds as a whole or changes nothing.
// Not here: signals (cli/), the kind of observer (main.ts), several relays (supervisor/supervisor.ts).

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../../config/config.js';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import type { Address } from '../../config/values/address.js';
import { ExitCode } from '../../config/values/errors.js';
import { packageVersion } from '../../config/version.js';
import { drain } from '../connection/drain.js';
import { Clock } from '../link/clock.js';
import { ObserverLink } from '../link/link.js';
import type { ObserverEnd } from '../link/observer-end.js';
import { Admission } from '../listen/admission.js';
import { cannotListen, cannotListenFor } from '../listen/listen-error.js';
import { Listener, type ListenerSettings } from '../listen/listener.js';
import { TrackerCounters } from '../session/session-state.js';
import { TextTable } from '../session/texts.js';
import type { RelayFigures } from '../stream/relay-status.js';
import { ObserverSwitch } from '../watch/switch.js';
import { type TapShared, tapShared } from '../watch/tap.js';
import { listenerOf, warnOfFixed, withFixed } from './fixed-options.js';
import { startHealth } from './health.js';
import { Readiness } from './readiness.js';
import { listenerSettings } from './settings.js';
import { logRelaying, observerRefused, randomRelayId } from './start-up.js';
import { Ticks } from './ticks.js';

export interface RelayOptions {
  log: Log;
  observerEnd: (link: ObserverLink) => ObserverEnd;
  /** Set for one of several relays: its supervisor listens, answers for health and hands connections over. */
  supervised?: Supervised;
}

export interface Supervised {
  relayId: string;
  /** The cap of all relays together. The configuration has this relay's share. */
  connectionsMaxOfAll: number;
  /** Called once a second. `trouble`: what /readyz says beside "ok"; '' = nothing. */
  onStatus: (status: RelayFigures, trouble: string) => void;
  /** Called when a connection has closed. */
  onLeft: () => void;
}

export class Relay {
  readonly #log: Log;
  readonly #clock = new Clock();
  readonly #counters = new TrackerCounters();
  readonly #link: ObserverLink;
  readonly #switch: ObserverSwitch;
  readonly #shared: TapShared;
  readonly #listeners: Listener[] = [];
  readonly #admission = new Admission();
  readonly #supervised: Supervised | undefined;
  #config: Config;
  #lastSessionId = 0;
  #health: Server | undefined;
  #ticks: Ticks | undefined;
  #stopping = false;
  #end: (exitCode: number) => void = () => {};
  /** Resolves with the exit code when the process may end. */
  readonly ended: Promise<number>;

  constructor(config: Config, { log, observerEnd, supervised }: RelayOptions) {
    this.#config = config;
    this.#log = log;
    this.#supervised = supervised;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const texts = new TextTable(limits.internedTextBytesMax);
    this.#link = new ObserverLink({
      relayId: supervised?.relayId ?? randomRelayId(),
      version: packageVersion(),
      limits,
      clock: this.#clock,
      texts,
      sessions: () => this.#announced(),
      log,
    });
    this.#shared = tapShared({ link: this.#link, clock: this.#clock, counters: this.#counters, texts, log });
    this.#switch = new ObserverSwitch(config.observe, {
      observer: observerEnd(this.#link),
      link: this.#link,
      waiting: this.#shared.waiting,
      log,
    });
  }

  /** Resolves with the listening addresses by pair; none under a supervisor. Throws UsageError or RuntimeError. */
  async start(): Promise<Address[]> {
    const config = this.#config;
    const settings = this.#settingsOf(config, this.#supervised?.connectionsMaxOfAll);
    const bound: Address[] = [];
    try {
      for (const [index, pair] of config.pairs.entries()) {
        const listener = this.#listenerFor(pair.listen, settings[index]);
        if (this.#supervised === undefined) bound.push(await listener.listen().catch(cannotListenFor(pair)));
        this.#listeners.push(listener);
      }
      if (this.#supervised === undefined) {
        const readiness = new Readiness(() => !this.#switch.configured || this.#switch.observer.wasLive);
        const ready = () => readiness.ready && this.#listeners.every((listener) => listener.listening);
        const trouble = () => this.#trouble;
        this.#health = await startHealth({ address: config.health, ready, trouble }).catch((error) => {
          throw cannotListen(error, '--health', config.health);
        });
      }
      this.#ticks = new Ticks({
        listeners: this.#listeners,
        link: this.#link,
        counters: this.#counters,
        clock: this.#clock,
        log: this.#log,
        observing: this.#switch,
        admission: this.#admission,
        onStatus: (status) => this.#supervised?.onStatus(status, this.#trouble),
      });
      this.#ticks.start();
      const refused = await this.#switch.start();
      if (refused !== undefined) throw observerRefused(refused);
    } catch (error) {
      this.#closeAll();
      await this.#switch.observer.stop(0);
      throw error;
    }
    if (this.#supervised === undefined) logRelaying(config, { bound, log: this.#log });
    return bound;
  }

  /** What /readyz says beside "ok"; '' = nothing. */
  get #trouble(): string {
    return this.#switch.configured ? troubleOf(this.#link) : '';
  }

  /** Open connections of clients. */
  get connectionCount(): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.connectionCount, 0);
  }

  /** Takes a connection that the supervisor accepted for a pair. */
  take(pair: number, client: Socket): void {
    this.#listeners[pair].take(client);
  }

  /**
   * SIGHUP: reads certificates again; new sessions get the new upstreams. Throws UsageError for a fault, and then
   * changes nothing. `connectionsMaxOfAll`: the cap of all relays, from a supervisor.
   */
  reload(config: Config, connectionsMaxOfAll?: number): void {
    if (this.#stopping) return;
    const settings = this.#settingsOf(config, connectionsMaxOfAll);
    warnOfFixed({ now: this.#config, wanted: config, log: this.#log });
    for (const [index, pair] of config.pairs.entries()) {
      const known = listenerOf(pair, index, this.#config.pairs);
      if (known >= 0) this.#listeners[known].settings = settings[index];
    }
    this.#config = withFixed({ now: this.#config, wanted: config });
    this.#switch.reload(
      config,
      [...this.#connections()].map(({ tap }) => tap),
    );
    this.#log.info('the configuration was read again', { observe: config.observe });
  }

  /** SIGTERM and SIGINT: drain, flush, end. A second call ends at once. */
  stop(): void {
    if (this.#stopping) {
      this.#switch.observer.kill();
      this.#end(0);
      return;
    }
    this.#stopping = true;
    this.#log.info('draining', { connections: [...this.#connections()].length });
    void this.#finish();
  }

  async #finish(): Promise<void> {
    for (const listener of this.#listeners) listener.draining = true;
    await drain(() => this.#connections(), { timeoutMs: this.#config.drainTimeoutMs, closeMs: limits.closeMs });
    this.#ticks?.stop();
    await this.#switch.stop();
    this.#closeAll();
    this.#end(this.#lastWord());
  }

  /** The exit code: what nobody stored is said here, since nobody else knows of it. */
  #lastWord(): number {
    const executions = this.#link.unstored;
    if (executions === 0) return ExitCode.ok;
    this.#log.error('ended with executions that no observer has stored: they are in no report', { executions });
    return ExitCode.runtime;
  }

  #settingsOf(config: Config, connectionsMaxOfAll: number | undefined): ListenerSettings[] {
    return listenerSettings(config, { log: this.#log, connectionsMaxOfAll });
  }

  #listenerFor(listen: Address, settings: ListenerSettings): Listener {
    return new Listener({
      listen,
      settings,
      shared: this.#shared,
      admission: this.#admission,
      observe: () => this.#switch.on,
      nextSessionId: () => ++this.#lastSessionId,
      onLeft: this.#supervised?.onLeft,
      log: this.#log,
    });
  }

  *#connections() {
    for (const listener of this.#listeners) yield* listener.connections;
  }

  *#announced() {
    for (const { tap } of this.#connections()) {
      if (tap.announced) yield tap;
    }
  }

  #closeAll(): void {
    this.#ticks?.stop();
    for (const listener of this.#listeners) {
      listener.stopListening();
      for (const connection of listener.connections) connection.close();
    }
    this.#health?.close();
    this.#health?.closeAllConnections();
  }
}

function troubleOf(link: ObserverLink): string {
  if (link.storeFails) return 'what is counted cannot be stored: it waits in memory (see the log of the observer)';
  return link.attached ? '' : 'no observer runs: what passes is counted as not observed';
}
