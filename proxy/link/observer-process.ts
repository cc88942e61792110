// Starts the observer as a child process, and starts it again whenever it ends.
// Invariant: at most one observer runs. Each restart soon after the last one waits longer (back-off), and traffic never
// waits for the observer. An observer that refuses its configuration or its directory at the first start (exit code 2
// or 3) ends the start of `run`; later it is only started again. One whose disk cannot be used is always started again.
// Not here: what travels on the link (link.ts), how several relays share an observer (supervisor/shared-launcher.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { partOf } from '../../config/changes.js';
import type { Config } from '../../config/config.js';
import type { Log } from '../../config/log.js';
import { ExitCode, STORE_UNUSABLE } from '../../config/values/errors.js';
import { Backoff } from './backoff.js';
import type { ObserverLink } from './link.js';
import type { ObserverEnd } from './observer-end.js';

/** The descriptor that the observer process inherits: its link, or its supervisor's channel. */
const LINK_FD = 3;
const OBSERVER_MAIN = fileURLToPath(new URL('../../observer/main.js', import.meta.url));
/** Half of the young generation. Garbage of statements dies at once, and V8 would keep 16 MiB after a burst. */
const SEMI_SPACE_MIB = 4;
/** How long a start waits for the observer's first answer. Then it goes on without. */
const FIRST_WORD_MS = 10_000;

/** Launches an observer process: how it is connected to the process that starts it. */
export interface ObserverLauncher {
  readonly stdio: 'pipe' | 'ipc';
  /** Start options besides the configuration. */
  startOptions(): object;
  attach(child: ChildProcess): void;
  /** Sends options that changed while the observer runs. */
  configure(changed: object): void;
  /** Makes the observer store what it has and end. */
  end(): void;
  /** Called when the observer works. */
  onLive: () => void;
}

/** Connects one relay and its observer by a connected pair of sockets. */
export class PairedLauncher implements ObserverLauncher {
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
    // Node makes a 'pipe' beyond stdio a connected pair of Unix sockets: duplex, and no other process can open it.
    const link = child.stdio[LINK_FD] as unknown as Duplex | null;
    if (link !== null && link !== undefined) this.#link.attach(link);
  }

  configure(changed: object): void {
    this.#link.configure(changed);
  }

  /** Nothing to do: the observer ends when its link ends, and the link has ended before. */
  end(): void {}
}

export class ObserverProcess implements ObserverEnd {
  readonly #launcher: ObserverLauncher;
  readonly #log: Log;
  #config: Config;
  #child: ChildProcess | undefined;
  #stopping = false;
  readonly #backoff = new Backoff();
  #timer: NodeJS.Timeout | undefined;
  restartsTotal = 0;
  readonly lastWordMs = 10_000;
  #spawnedTotal = 0;
  /** It has worked once. From then on an end is followed by a restart. */
  #everLive = false;
  wasLive = false;
  /** Gets the exit code of an observer that ended before it ever worked. Its message is on stderr already. */
  #onRefused: (exitCode: number) => void = () => {};
  /** Called when the observer cannot use its data directory now. */
  #onUnusable: () => void = () => {};

  constructor(config: Config, { launcher, log }: { launcher: ObserverLauncher; log: Log }) {
    this.#config = config;
    this.#launcher = launcher;
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
      this.#onUnusable = () => settle(undefined);
      this.#launcher.onLive = () => {
        this.wasLive = true;
        settle(undefined);
      };
      this.#spawn();
    });
  }

  /** True when `config` has a change that a running observer cannot take. */
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
      this.#launcher.configure(live);
      this.#log.info('the observer takes the new rules', { rules: config.rules.length });
    }
    return false;
  }

  /** Kills an observer that hangs. It is started again. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Ends the observer for good. After `deadlineMs` it is killed. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    this.#launcher.end();
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
      stdio: ['ignore', 'inherit', 'inherit', this.#launcher.stdio],
      env: {
        ...process.env,
        PGWITNESS_OBSERVER_OPTIONS: JSON.stringify({ config: this.#config, ...this.#launcher.startOptions() }),
        PGWITNESS_OBSERVER_RESTARTS: String(this.#spawnedTotal++),
      },
    });
    this.#child = child;
    const ended = (code: number | null, signal: string | null) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#stopping) return;
      if (!this.#everLive && (code === ExitCode.usage || code === ExitCode.runtime)) {
        this.#onRefused(code);
        return;
      }
      const inMs = this.#backoff.ended();
      const message =
        code === STORE_UNUSABLE
          ? 'the observer cannot use its data directory: traffic goes on unobserved, it is started again'
          : 'the observer ended: traffic goes on, it is started again';
      this.#log.warn(message, { code, signal, inMs });
      if (code === STORE_UNUSABLE) this.#onUnusable();
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
    this.#launcher.attach(child);
  }
}

function alike(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
