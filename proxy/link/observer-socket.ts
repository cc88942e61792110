// Connects the link to an observer that listens at a path, again after each interruption.
// Invariant: there is at most one connection, and traffic never waits for it. Nothing is sent to a socket that another
// user could have made, because observations hold SQL.
// Not here: what travels on the link (link.ts), the other end (observer/link-server.ts).

import { connect, type Socket } from 'node:net';
import type { Log } from '../../config/log.js';
import { isPrivate } from '../../config/values/unix-socket.js';
import type { ObserverLink } from './link.js';
import type { ObserverEnd } from './observer-end.js';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

export class ObserverSocket implements ObserverEnd {
  readonly #path: string;
  readonly #link: ObserverLink;
  readonly #log: Log;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MIN_MS;
  #stopped = true;
  #connectedBefore = false;
  #absenceSaid = false;
  wasLive = false;
  /** How often a connection was made after the first one. */
  restartsTotal = 0;
  readonly lastWordMs: number;
  /** Set before a reload that restarts the observer: the link then sends its rest and ends first. */
  isStartedAgain = false;
  #onFirstLive: () => void = () => {};
  readonly #firstLive = new Promise<void>((resolve) => {
    this.#onFirstLive = resolve;
  });

  /** `lastWordMs` is shorter than for a child by default: nobody here starts this observer again. */
  constructor(path: string, { link, log, lastWordMs = 2_000 }: { link: ObserverLink; log: Log; lastWordMs?: number }) {
    this.#path = path;
    this.lastWordMs = lastWordMs;
    this.#link = link;
    this.#log = log;
  }

  /** Does not wait for the observer: relaying does not depend on it. */
  start(): Promise<undefined> {
    this.#stopped = false;
    this.#link.onLive = () => {
      this.#retryMs = RETRY_MIN_MS;
      this.#absenceSaid = false;
      this.#log.info('observed', { socket: this.#path });
      this.wasLive = true;
      this.#onFirstLive();
    };
    this.#connect();
    return Promise.resolve(undefined);
  }

  /** This observer has its own configuration. True only when its supervisor starts it again. */
  configure(): boolean {
    const again = this.isStartedAgain;
    this.isStartedAgain = false;
    return again;
  }

  /** Connects at once: an observer is known to listen now. */
  hurry(): void {
    this.#retryMs = RETRY_MIN_MS;
    if (this.#stopped || this.#socket !== undefined) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /**
   * Resolves when an observer has answered for the first time, at the latest after `deadlineMs`. At once when stopped.
   */
  async firstLive(deadlineMs?: number): Promise<void> {
    if (this.#stopped) return;
    if (deadlineMs === undefined) return this.#firstLive;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.#firstLive, late]);
    clearTimeout(timer);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    return Promise.resolve();
  }

  kill(): void {
    this.#socket?.destroy();
  }

  #connect(): void {
    if (!isPrivate(this.#path)) {
      this.#again('there is no private socket (mode 0600, in a directory of mode 0700)');
      return;
    }
    const socket = connect({ path: this.#path });
    this.#socket = socket;
    let why = 'the observer closed the link';
    socket.once('connect', () => {
      if (this.#connectedBefore) this.restartsTotal++;
      this.#connectedBefore = true;
      this.#link.attach(socket);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
    });
    // The observer closes its side after we closed ours: that is no absence.
    socket.once('end', () => {
      if (socket.writableEnded) why = '';
    });
    socket.once('close', () => this.#again(why));
  }

  #again(why: string): void {
    this.#socket = undefined;
    if (this.#stopped) return;
    // Logged once per absence: it may last for days, and there is an attempt every two seconds.
    if (!this.#absenceSaid && why !== '') {
      this.#log.warn('no observer: traffic goes on, statements are counted as not observed', {
        socket: this.#path,
        error: why,
      });
    }
    this.#absenceSaid ||= why !== '';
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }
}
