// Switches observing on and off, and starts and ends the observer in the right order.
// Invariant: for traffic a change holds at once. The observer follows, one change after another, and the link accounts
// for what the observer had not stored. During a pause the observer stays, and nothing that passes is read.
// Not here: running the observer (link/observer-process.ts, link/observer-socket.ts), sessions (tap.ts).

import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import type { ObserverLink } from '../link/link.js';
import type { ObserverEnd } from '../link/observer-end.js';
import type { Tap } from './tap.js';
import type { WaitingChunks } from './waiting-chunks.js';

/** How long an observer may take to end after its link, ms. */
const STOP_MS = 10_000;

export interface ObserverSwitchParts {
  observer: ObserverEnd;
  link: Pick<ObserverLink, 'end' | 'detach'>;
  waiting: Pick<WaitingChunks, 'lookAtAll'>;
  log: Log;
}

export class ObserverSwitch {
  readonly observer: ObserverEnd;
  readonly #link: Pick<ObserverLink, 'end' | 'detach'>;
  readonly #waiting: Pick<WaitingChunks, 'lookAtAll'>;
  readonly #log: Log;
  /** As configured. */
  #on: boolean;
  #paused = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(on: boolean, { observer, link, waiting, log }: ObserverSwitchParts) {
    this.#on = on;
    this.observer = observer;
    this.#link = link;
    this.#waiting = waiting;
    this.#log = log;
  }

  /** True when observing is configured, paused or not. */
  get configured(): boolean {
    return this.#on;
  }

  /** True when sessions are observed now. */
  get on(): boolean {
    return this.#on && !this.#paused;
  }

  /** Stops observing all sessions until `resume` (relay/loop-breaker.ts). */
  pause(taps: Iterable<Tap>): void {
    this.#paused = true;
    if (this.#on) for (const tap of taps) tap.switchOff('loop_late');
  }

  resume(taps: Iterable<Tap>): void {
    this.#paused = false;
    if (this.#on) for (const tap of taps) tap.switchOn();
  }

  /** Resolves with the exit code of an observer that cannot work; else with undefined. */
  start(): Promise<number | undefined> {
    return this.#on ? this.observer.start('first') : Promise.resolve(undefined);
  }

  /** Takes a new configuration. `taps`: those of all open sessions. */
  reload(config: Config, taps: Iterable<Tap>): void {
    // Bytes that passed before belong to the old configuration.
    this.#waiting.lookAtAll();
    const changed = this.observer.configure(config);
    if (config.observe !== this.#on) this.#turn(config.observe, taps);
    else if (changed && this.#on) this.#restart();
  }

  /** Sends what the link still has, then ends the observer. */
  async stop(): Promise<void> {
    await this.#work;
    if (this.#on) await this.#endLink();
    await this.observer.stop(STOP_MS);
  }

  #turn(on: boolean, taps: Iterable<Tap>): void {
    this.#on = on;
    for (const tap of taps) {
      if (this.on) tap.switchOn();
      else tap.switchOff(on ? 'loop_late' : 'observe_off');
    }
    this.#log.info(on ? 'observing again' : 'no longer observing: traffic is relayed as before');
    this.#then(() => (on ? this.observer.start('later') : this.#end()));
  }

  #restart(): void {
    this.#log.info('the observer is started again with the new configuration');
    this.#then(async () => {
      await this.#end();
      await this.observer.start('later');
    });
  }

  #endLink(): Promise<void> {
    this.#waiting.lookAtAll();
    return this.#link.end(this.observer.lastWordMs);
  }

  async #end(): Promise<void> {
    await this.#endLink();
    this.#link.detach();
    await this.observer.stop(STOP_MS);
  }

  #then(act: () => Promise<unknown>): void {
    this.#work = this.#work
      .then(act)
      .catch((error) => this.#log.error('changing the observer failed', { error: String(error) }));
  }
}
