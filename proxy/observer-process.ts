// Starts the observer as a child process over an inherited socket pair, and starts it again when it dies.
// Invariant: at most one observer runs; a restart waits longer each time it fails soon (back-off), and nothing waits for it.
// An observer that says at its first start that it cannot work (exit code 2 or 3) ends the start of `run`; later it is only retried.
// Not here: what travels on the link (observer-link.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Log } from '../config/log.js';

/** Inherited descriptor of the link in the observer process. */
export const LINK_FD = 3;
const OBSERVER_MAIN = fileURLToPath(new URL('../analyzer/main.js', import.meta.url));
const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 10_000;
const HEALTHY_MS = 30_000;

export interface ObserverProcessOptions {
  /** JSON for the observer's PGWITNESS_OBSERVER_OPTIONS; see analyzer/main.ts. */
  options: object;
  heapMb: number;
  attach: (link: Duplex) => void;
  log: Log;
}

export class ObserverProcess {
  readonly #options: ObserverProcessOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  #restartMs = RESTART_MIN_MS;
  #timer: NodeJS.Timeout | undefined;
  restartsTotal = 0;
  #everLive = false;
  /** Called when the observer ended before it ever worked; exit code 2 or 3, its message is on stderr already. */
  onRefused: (exitCode: number) => void = () => {};

  constructor(options: ObserverProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { options, heapMb, attach, log } = this.#options;
    const startedMs = performance.now();
    const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, OBSERVER_MAIN], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      env: {
        ...process.env,
        PGWITNESS_OBSERVER_OPTIONS: JSON.stringify(options),
        PGWITNESS_OBSERVER_RESTARTS: String(this.restartsTotal),
      },
    });
    this.#child = child;
    child.on('error', (error) => log.error('the observer process cannot be started', { error: String(error) }));
    child.on('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#stopping) return;
      if (!this.#everLive && (code === 2 || code === 3)) {
        this.onRefused(code);
        return;
      }
      if (performance.now() - startedMs > HEALTHY_MS) this.#restartMs = RESTART_MIN_MS;
      log.warn('the observer ended: traffic goes on, it is started again', { code, signal, inMs: this.#restartMs });
      this.#timer = setTimeout(() => {
        this.restartsTotal++;
        this.start();
      }, this.#restartMs);
      this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MAX_MS);
    });
    // Node makes a 'pipe' beyond stdio a connected pair of Unix sockets: two ways, and no path that another process could open.
    attach(child.stdio[LINK_FD] as unknown as Duplex);
  }

  /** The observer answered: from now on its death is survived. */
  worked(): void {
    this.#everLive = true;
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
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
