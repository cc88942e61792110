// Whether this relay is observed, and the order in which its observer is ended and begun.
// Invariant: for traffic a change holds at once; the observer follows, one change after another, and what it had not stored is accounted
// for by the link. While observing is paused the observer stays, and what passes is not looked at.
// Not here: what runs the observer (observer-process.ts, observer-socket.ts), sessions (tap.ts).

import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import type { ObserverLink } from '../link/link.js';
import type { ObserverEnd } from '../link/observer-end.js';
import type { Tap } from './tap.js';
import type { WaitingChunks } from './waiting-chunks.js';

/** How long an observer may take to end after its link did, ms. */
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

  /** Whether it should be observed, paused or not. */
  get configured(): boolean {
    return this.#on;
  }

  /** Sessions are observed. */
  get on(): boolean {
    return this.#on && !this.#paused;
  }

  /** The loop is late (loop-breaker.ts): no session is observed until `resume`. */
  pause(taps: Iterable<Tap>): void {
    this.#paused = true;
    if (this.#on) for (const tap of taps) tap.switchOff('loop_late');
  }

  resume(taps: Iterable<Tap>): void {
    this.#paused = false;
    if (this.#on) for (const tap of taps) tap.switchOn();
  }

  /** Resolves with the exit code of an observer that cannot work, else with undefined. */
  start(): Promise<number | undefined> {
    return this.#on ? this.observer.start('first') : Promise.resolve(undefined);
  }

  /** A configuration that was read again; `taps` are those of all open sessions. */
  reload(config: Config, taps: Iterable<Tap>): void {
    // What passed before is the business of the old configuration (of several relays' observer, that of their supervisor).
    this.#waiting.lookAtAll();
    const changed = this.observer.configure(config);
    if (config.observe !== this.#on) this.#turn(config.observe, taps);
    else if (changed && this.#on) this.#restart();
  }

  /** What the link still has is sent, and the observer ends. */
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
    this.#log.info(on ? 'observing again' : 'not observing any longer: a plain relay');
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
