// The relay: all listeners, the link to the observer, health; put together, reconfigured on SIGHUP, taken apart on SIGTERM.
// Invariant: what fails at the start ends it with a clear message and nothing left behind; what fails later never stops the relaying;
// a reload either holds as a whole or changes nothing. Not here: signals (cli/), which kind of observer there is (main.ts).

import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { type Address, formatAddress } from '../config/address.js';
import type { Config } from '../config/config.js';
import { RuntimeError } from '../config/errors.js';
import { limits } from '../config/limits.js';
import type { Log } from '../config/log.js';
import type { Pair } from '../config/pairs.js';
import { packageVersion } from '../config/version.js';
import { Admission } from './admission.js';
import { Clock } from './clock.js';
import { drain } from './drain.js';
import { startHealth } from './health.js';
import { cannotListen } from './listen-error.js';
import { Listener, type ListenerSettings } from './listener.js';
import { ObserverLink } from './observer-link.js';
import { type ObserverEnd, ObserverSwitch } from './observer-switch.js';
import { listenerSettings } from './relay-settings.js';
import { TextTable } from './session/prepared.js';
import { TrackerCounters } from './session/session-state.js';
import type { TapShared } from './tap.js';
import { startTicks } from './ticks.js';
import { clientTable, serverTable } from './wire/message-codes.js';

export interface RelayOptions {
  log: Log;
  observerEnd: (link: ObserverLink) => ObserverEnd;
}

export class RelayService {
  readonly #log: Log;
  readonly #clock = new Clock();
  readonly #counters = new TrackerCounters();
  readonly #link: ObserverLink;
  readonly #switch: ObserverSwitch;
  readonly #shared: TapShared;
  readonly #listeners: Listener[] = [];
  readonly #admission = new Admission();
  #config: Config;
  #lastSessionId = 0;
  #health: Server | undefined;
  #stopTicks: () => void = () => {};
  #stopping = false;
  #end: (exitCode: number) => void = () => {};
  /** Resolves with the exit code when the process may end. */
  readonly ended: Promise<number>;

  constructor(config: Config, { log, observerEnd }: RelayOptions) {
    this.#config = config;
    this.#log = log;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const texts = new TextTable(limits.internedTextBytesMax);
    this.#link = new ObserverLink({
      relayId: randomBytes(8).toString('hex'),
      version: packageVersion(),
      limits,
      clock: this.#clock,
      texts,
      sessions: () => this.#announced(),
      log,
    });
    this.#shared = {
      events: this.#link,
      counters: this.#counters,
      limits,
      texts,
      clientTable: clientTable({ headBytesMax: limits.textHeadBytesMax, tailBytesMax: limits.textTailBytesMax }),
      serverTable: serverTable(),
      clock: this.#clock,
      link: this.#link,
      log,
    };
    this.#switch = new ObserverSwitch(config.observe, { observer: observerEnd(this.#link), link: this.#link, log });
  }

  /** Resolves with the addresses it listens on, in the order of the pairs. Throws UsageError or RuntimeError. */
  async start(): Promise<Address[]> {
    const config = this.#config;
    const settings = listenerSettings(config, this.#log);
    const bound: Address[] = [];
    try {
      for (const [index, pair] of config.pairs.entries()) {
        const listener = this.#listenerFor(pair.listen, settings[index]);
        bound.push(
          await listener.listen().catch((error) => {
            throw cannotListen(error, pair.origin.listen === 'default' ? '--listen' : pair.origin.listen, pair.listen);
          }),
        );
        this.#listeners.push(listener);
      }
      const ready = () => this.#listeners.every((listener) => listener.listening);
      this.#health = await startHealth({ address: config.health, ready }).catch((error) => {
        throw cannotListen(error, '--health', config.health);
      });
      const refused = await this.#switch.start();
      if (refused !== undefined) {
        throw new RuntimeError('the observer cannot work', {
          where: 'see its message above',
          hint: 'mend that and start again',
          cause: refused,
        });
      }
    } catch (error) {
      this.#closeAll();
      throw error;
    }
    this.#stopTicks = startTicks({
      listeners: this.#listeners,
      link: this.#link,
      counters: this.#counters,
      clock: this.#clock,
      log: this.#log,
      observing: this.#switch,
      admission: this.#admission,
    });
    for (const [index, pair] of config.pairs.entries()) {
      this.#log.info('relaying', {
        listen: formatAddress(bound[index]),
        upstream: formatAddress(pair.upstream),
        tls: config.tlsCert !== '',
        upstreamTls: pair.upstreamTls.mode,
        health: formatAddress(config.health),
      });
    }
    return bound;
  }

  /** SIGHUP: certificates are read again, new sessions get the new upstreams. Throws UsageError and changes nothing for a fault. */
  reload(config: Config): void {
    if (this.#stopping) return;
    const settings = listenerSettings(config, this.#log);
    this.#warnOfFixed(config);
    for (const [index, pair] of config.pairs.entries()) {
      const isSame = (before: Pair | undefined) =>
        before !== undefined && formatAddress(before.listen) === formatAddress(pair.listen);
      // By place in the list first: several may have asked for any free port.
      const known = isSame(this.#config.pairs[index]) ? index : this.#config.pairs.findIndex(isSame);
      if (known >= 0) this.#listeners[known].settings = settings[index];
    }
    // What listens stays as it was started, and so does the way to the observer, and a later reload is compared with that.
    const { pairs, health, socket } = this.#config;
    this.#config = { ...config, pairs, health, socket };
    this.#switch.reload(
      config,
      [...this.#relays()].map(({ tap }) => tap),
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
    this.#log.info('draining', { sessions: [...this.#relays()].length });
    void this.#finish();
  }

  async #finish(): Promise<void> {
    for (const listener of this.#listeners) listener.draining = true;
    await drain(() => this.#relays(), { timeoutMs: this.#config.drainTimeoutMs, closeMs: limits.closeMs });
    this.#stopTicks();
    await this.#switch.stop();
    this.#closeAll();
    this.#end(0);
  }

  #warnOfFixed(config: Config): void {
    const listens = ({ pairs }: Config) => pairs.map(({ listen }) => formatAddress(listen)).join(', ');
    const fixed: Array<[what: string, now: string, wanted: string]> = [
      ['listen', listens(this.#config), listens(config)],
      ['health', formatAddress(this.#config.health), formatAddress(config.health)],
      ['socket', this.#config.socket, config.socket],
    ];
    for (const [what, now, wanted] of fixed) {
      if (now !== wanted) this.#log.warn('this option changes only with a restart', { option: what, now, wanted });
    }
  }

  #listenerFor(listen: Address, settings: ListenerSettings): Listener {
    return new Listener({
      listen,
      settings,
      shared: this.#shared,
      admission: this.#admission,
      observe: () => this.#switch.on,
      nextSessionId: () => ++this.#lastSessionId,
      log: this.#log,
    });
  }

  *#relays() {
    for (const listener of this.#listeners) yield* listener.relays;
  }

  *#announced() {
    for (const { tap } of this.#relays()) {
      if (tap.announced) yield { opened: tap.opened, state: tap.session.state };
    }
  }

  #closeAll(): void {
    for (const listener of this.#listeners) {
      listener.stopListening();
      for (const relay of listener.relays) relay.close();
    }
    this.#health?.close();
    this.#health?.closeAllConnections();
  }
}
