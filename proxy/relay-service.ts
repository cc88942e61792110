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
import { packageVersion } from '../config/version.js';
import { Clock } from './clock.js';
import { drain } from './drain.js';
import { startHealth } from './health.js';
import { Listener, type ListenerSettings } from './listener.js';
import { ObserverLink } from './observer-link.js';
import { listenerSettings } from './relay-settings.js';
import { TextTable } from './session/prepared.js';
import { TrackerCounters } from './session/session-state.js';
import type { TapShared } from './tap.js';
import { startTicks } from './ticks.js';
import { clientTable, serverTable } from './wire/message-codes.js';

const OBSERVER_STOP_MS = 10_000;

/** Whatever runs the observer: a child process, or somebody at the other end of a path. */
export interface ObserverEnd {
  readonly restartsTotal: number;
  /** How long the end of the link is waited for, ms: for an observer that is not there to come back and be told what was lost. */
  readonly lastWordMs: number;
  /**
   * Resolves with undefined when it works or is not waited for any longer. At the first start of all it resolves with the exit code
   * of an observer that says it cannot work; later such a one is started again and again.
   */
  start(which: 'first' | 'later'): Promise<number | undefined>;
  /** Takes a new configuration; true when it must be started again for it. */
  configure(config: Config): boolean;
  /** The link was ended before. */
  stop(deadlineMs: number): Promise<void>;
  /** It hangs, or time is up. */
  kill(): void;
}

export interface RelayOptions {
  log: Log;
  observerEnd: (link: ObserverLink) => ObserverEnd;
}

export class RelayService {
  readonly #log: Log;
  readonly #clock = new Clock();
  readonly #counters = new TrackerCounters();
  readonly #link: ObserverLink;
  readonly #observer: ObserverEnd;
  readonly #shared: TapShared;
  readonly #listeners: Listener[] = [];
  #config: Config;
  #observing: boolean;
  #lastSessionId = 0;
  #health: Server | undefined;
  #stopTicks: () => void = () => {};
  #stopping = false;
  /** Changes of the observer run one after another. */
  #observerWork: Promise<unknown> = Promise.resolve();
  #end: (exitCode: number) => void = () => {};
  /** Resolves with the exit code when the process may end. */
  readonly ended: Promise<number>;

  constructor(config: Config, { log, observerEnd }: RelayOptions) {
    this.#config = config;
    this.#observing = config.observe;
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
    this.#observer = observerEnd(this.#link);
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
      const refused = this.#observing ? await this.#observer.start('first') : undefined;
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
      observer: this.#observer,
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
      const place = formatAddress(pair.listen);
      const known = this.#config.pairs.findIndex((before) => formatAddress(before.listen) === place);
      if (known >= 0) this.#listeners[known].settings = settings[index];
    }
    // What listens stays as it was started, and a later reload is compared with that.
    const { pairs, health } = this.#config;
    this.#config = { ...config, pairs, health };
    const changed = this.#observer.configure(config);
    if (config.observe !== this.#observing) this.#observe(config.observe);
    else if (changed && this.#observing) this.#restartObserver();
    this.#log.info('the configuration was read again', { observe: config.observe });
  }

  /** SIGTERM and SIGINT: drain, flush, end. A second call ends at once. */
  stop(): void {
    if (this.#stopping) {
      this.#observer.kill();
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
    await this.#observerWork;
    if (this.#observing) await this.#link.end(this.#observer.lastWordMs);
    await this.#observer.stop(OBSERVER_STOP_MS);
    this.#closeAll();
    this.#end(0);
  }

  /** At once for traffic; the observer ends or begins behind it. */
  #observe(on: boolean): void {
    this.#observing = on;
    for (const { tap } of this.#relays()) {
      if (on) tap.switchOn();
      else tap.switchOff();
    }
    this.#log.info(on ? 'observing again' : 'not observing any longer: a plain relay');
    this.#afterObserver(() => (on ? this.#observer.start('later') : this.#endObserver()));
  }

  #restartObserver(): void {
    this.#log.info('the observer is started again with the new configuration');
    this.#afterObserver(async () => {
      await this.#endObserver();
      await this.#observer.start('later');
    });
  }

  async #endObserver(): Promise<void> {
    await this.#link.end(this.#observer.lastWordMs);
    this.#link.detach();
    await this.#observer.stop(OBSERVER_STOP_MS);
  }

  #afterObserver(act: () => Promise<unknown>): void {
    this.#observerWork = this.#observerWork
      .then(act)
      .catch((error) => this.#log.error('changing the observer failed', { error: String(error) }));
  }

  #warnOfFixed(config: Config): void {
    const listens = ({ pairs }: Config) => pairs.map(({ listen }) => formatAddress(listen)).join(', ');
    const fixed: Array<[what: string, now: string, wanted: string]> = [
      ['listen', listens(this.#config), listens(config)],
      ['health', formatAddress(this.#config.health), formatAddress(config.health)],
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
      observe: () => this.#observing,
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

function cannotListen(error: Error & { code?: string }, flag: string, address: Address): Error {
  if (error instanceof RuntimeError) return error;
  const place = formatAddress(address);
  const where = flag.startsWith('-') ? `${flag} ${place}` : `${place} (${flag})`;
  if (error.code === 'EADDRINUSE')
    return new RuntimeError('the port is in use', { where, hint: 'stop what listens there, or give another address' });
  if (error.code === 'EACCES') {
    const hint = address.kind === 'unix' ? 'give a path where this user may write' : 'use a port from 1024 up';
    return new RuntimeError('listening is not allowed', { where, hint });
  }
  const hint = address.kind === 'unix' ? 'give a path in a directory that is there' : 'give an address of this machine';
  return new RuntimeError(`cannot listen: ${error.code ?? error.message}`, { where, hint });
}
