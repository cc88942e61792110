// Starts the observer as a child process and starts it again when it dies; with one relay over an inherited socket pair.
// Invariant: at most one observer runs; a restart waits longer each time it fails soon (back-off), and nothing waits for it.
// An observer that says at its first start that it cannot work (exit code 2 or 3) ends the start of `run`; later it is only retried.
// Not here: what travels on the link (link.ts), how several relays share an observer (shared-observer.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { partOf } from '../../config/concerns.js';
import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import { Backoff } from './backoff.js';
import type { ObserverLink } from './link.js';
import type { ObserverEnd } from './observer-end.js';

/** Inherited descriptor in the observer process: its link, or its supervisor's channel. */
const LINK_FD = 3;
const OBSERVER_MAIN = fileURLToPath(new URL('../../observer/main.js', import.meta.url));
/** Half of the young generation: what most statements leave behind dies at once, and V8 keeps what a burst made it grow to (16 MiB by itself). */
const SEMI_SPACE_MIB = 4;
/** How long a start waits for the first word of the observer before it goes on without. */
const FIRST_WORD_MS = 10_000;

/** How an observer and the process that starts it are connected. */
export interface ObserverWay {
  readonly stdio: 'pipe' | 'ipc';
  /** What it is started with besides the configuration. */
  startOptions(): object;
  attach(child: ChildProcess): void;
  /** What of the configuration changes while it runs. */
  configure(changed: object): void;
  /** It shall store what it has and end. */
  end(): void;
  /** Called when it works. */
  onLive: () => void;
}

/** One relay, and its observer at the other end of a connected pair of sockets. */
export class PairedWay implements ObserverWay {
  readonly stdio = 'pipe';
  readonly #link: ObserverLink;

  constructor(link: ObserverLink) {
    this.#link = link;
  }

  set onLive(act: () => void) {
    this.#link.onLive = act;
  }

  startOptions(): object {
    return {};
  }

  attach(child: ChildProcess): void {
    // Node makes a 'pipe' beyond stdio a connected pair of Unix sockets: two ways, and no path that another process could open.
    const link = child.stdio[LINK_FD] as unknown as Duplex | null;
    if (link !== null && link !== undefined) this.#link.attach(link);
  }

  configure(changed: object): void {
    this.#link.configure(changed);
  }

  /** It ends when its link does, which was ended before. */
  end(): void {}
}

export class ObserverProcess implements ObserverEnd {
  readonly #way: ObserverWay;
  readonly #log: Log;
  #config: Config;
  #child: ChildProcess | undefined;
  #stopping = false;
  readonly #backoff = new Backoff();
  #timer: NodeJS.Timeout | undefined;
  restartsTotal = 0;
  readonly lastWordMs = 10_000;
  #spawnedTotal = 0;
  /** It worked once: from then on its death is survived. */
  #everLive = false;
  /** Its exit code when it ended before it ever worked; its message is on stderr already. */
  #onRefused: (exitCode: number) => void = () => {};

  constructor(config: Config, { way, log }: { way: ObserverWay; log: Log }) {
    this.#config = config;
    this.#way = way;
    this.#log = log;
  }

  start(which: 'first' | 'later'): Promise<number | undefined> {
    this.#stopping = false;
    if (which === 'later') this.#everLive = true;
    this.#backoff.reset();
    return new Promise((resolve) => {
      const settle = (refused: number | undefined) => {
        clearTimeout(timer);
        if (refused === undefined) this.#everLive = true;
        resolve(refused);
      };
      const timer = setTimeout(() => {
        this.#log.warn('the observer has not answered yet: going on without it');
        settle(undefined);
      }, FIRST_WORD_MS);
      this.#onRefused = settle;
      this.#way.onLive = () => settle(undefined);
      this.#spawn();
    });
  }

  /** Whether `config` has something that a running observer cannot take. */
  isStartedAgainFor(config: Config): boolean {
    return !alike(partOf(config, 'observer'), partOf(this.#config, 'observer'));
  }

  configure(config: Config): boolean {
    const before = this.#config;
    const again = this.isStartedAgainFor(config);
    this.#config = config;
    if (again) return true;
    const live = partOf(config, 'live');
    if (!alike(live, partOf(before, 'live'))) {
      this.#way.configure(live);
      this.#log.info('the observer takes the new rules', { rules: config.rules.length });
    }
    return false;
  }

  /** An observer that hangs for good is replaced. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** No more restarts. The observer ends by itself when the link does; `deadlineMs` later it is killed. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    this.#way.end();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #spawn(): void {
    this.#backoff.started();
    const heap = [`--max-old-space-size=${this.#config.observerHeapMb}`, `--max-semi-space-size=${SEMI_SPACE_MIB}`];
    const child = spawn(process.execPath, [...heap, OBSERVER_MAIN], {
      stdio: ['ignore', 'inherit', 'inherit', this.#way.stdio],
      env: {
        ...process.env,
        PGWITNESS_OBSERVER_OPTIONS: JSON.stringify({ config: this.#config, ...this.#way.startOptions() }),
        PGWITNESS_OBSERVER_RESTARTS: String(this.#spawnedTotal++),
      },
    });
    this.#child = child;
    const ended = (code: number | null, signal: string | null) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#stopping) return;
      if (!this.#everLive && (code === 2 || code === 3)) {
        this.#onRefused(code);
        return;
      }
      const inMs = this.#backoff.ended();
      this.#log.warn('the observer ended: traffic goes on, it is started again', { code, signal, inMs });
      this.#timer = setTimeout(() => {
        this.restartsTotal++;
        this.#spawn();
      }, inMs);
    };
    child.on('exit', ended);
    child.on('error', (error) => {
      this.#log.error('the observer process cannot be started', { error: String(error) });
      if (child.pid === undefined) ended(null, null);
    });
    this.#way.attach(child);
  }
}

function alike(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
