// Runs one relay process: starts it, restarts it, and hands it connections one at a time.
// Invariant: there is at most one process at a time, and each has its own relay id. A connection that a relay has taken
// is never given to another one.
// Not here: which relay gets a connection (handover.ts), the process itself (relay-main.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { ExitCode } from '../../config/values/errors.js';
import { Backoff } from '../link/backoff.js';
import { randomRelayId } from '../relay/start-up.js';
import type { RelayFigures } from '../stream/relay-status.js';
import { type FromRelay, RELAY_START, type RelayStart, type ToRelay } from './messages.js';

const RELAY_MAIN = fileURLToPath(new URL('./relay-main.js', import.meta.url));

/** A connection that was accepted for a pair. Nothing was read from it. */
export interface Accepted {
  pair: number;
  client: Socket;
}

export interface RelayProcessOptions {
  /** From 1. */
  place: number;
  /** The present cap of its connections. */
  share: () => number;
  /** The present start options. */
  startWith: () => Omit<RelayStart, 'relayId' | 'place'>;
  /** Called when a connection could not be handed over. */
  onRefused: (accepted: Accepted) => void;
  /** Called when it can take a connection again, or is too late with the last one. */
  onFree: () => void;
  /** Called when it ended by itself. `last`: its last status. */
  onEnded: (relayId: string, last: RelayFigures | undefined) => void;
  log: Log;
}

export class RelayProcess {
  readonly #options: RelayProcessOptions;
  readonly #log: Log;
  readonly #backoff = new Backoff();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #relayId = '';
  #ready = false;
  #stopping = false;
  /** Open connections of the process. */
  #open = 0;
  /** The connection on its way to the process. */
  #handing: Accepted | undefined;
  #late: NodeJS.Timeout | undefined;
  /** It did not take a connection in time: its event loop is blocked or busy. */
  isLate = false;
  #last: RelayFigures | undefined;
  #silentTicks = 0;
  restartsTotal = 0;
  /** An observer has answered one of its processes. */
  wasObserved = false;
  /** What is wrong with observing, as it last said; '' = nothing. */
  trouble = '';
  #onReady: (ready: boolean) => void = () => {};

  constructor(options: RelayProcessOptions) {
    this.#options = options;
    this.#log = options.log.child({ relay: options.place });
  }

  /** Resolves with true when it works, and with false when its first process ended before. */
  start(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onReady = resolve;
      this.#spawn();
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** True while a connection is on its way to the process. */
  get busy(): boolean {
    return this.#handing !== undefined;
  }

  /** Connections that it can still take after the one on its way. */
  get places(): number {
    return this.#options.share() - this.#open - (this.busy ? 1 : 0);
  }

  get connections(): number {
    return this.#open;
  }

  /** Call it only when the process is ready and not busy. */
  hand(accepted: Accepted): void {
    const { pair, client } = accepted;
    this.#handing = accepted;
    this.#late = setTimeout(() => {
      this.isLate = true;
      this.#options.onFree();
    }, limits.handoverMs);
    // Kept open here until the relay has taken it: when the process has just died, another relay gets the connection.
    this.#child?.send({ kind: 'client', pair } satisfies ToRelay, client, { keepOpen: true }, (error) => {
      if (error === null || this.#handing !== accepted) return;
      this.#handed();
      this.#ready = false;
      this.#options.onRefused(accepted);
    });
  }

  send(message: ToRelay): void {
    if (this.#child?.connected === true) this.#child.send(message, () => {});
  }

  /** Drains and ends the process for good. Resolves with its exit code. After `deadlineMs` it is killed. */
  async stop(deadlineMs: number): Promise<number> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return ExitCode.ok;
    this.send({ kind: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    const exitCode = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    clearTimeout(timer);
    return exitCode ?? ExitCode.runtime;
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
  }

  /** Called once a second. Replaces a process that has been silent for long, as a liveness probe would. */
  tick(): void {
    if (this.#child === undefined) return;
    this.#silentTicks++;
    if (this.#silentTicks < limits.relaySilentTicksMax) return;
    this.#silentTicks = 0;
    this.#log.error('a relay hangs: it is started again', { silentSeconds: limits.relaySilentTicksMax });
    this.#child?.kill('SIGKILL');
  }

  #spawn(): void {
    const { startWith, place } = this.#options;
    this.#backoff.started();
    this.#relayId = randomRelayId();
    this.#silentTicks = 0;
    const start: RelayStart = { ...startWith(), relayId: this.#relayId, place };
    const child = spawn(process.execPath, [RELAY_MAIN], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, [RELAY_START]: JSON.stringify(start) },
    });
    this.#child = child;
    child.on('error', (error) => {
      this.#log.error('a relay process cannot be started or reached', { error: String(error) });
      if (child.pid === undefined) this.#ended({ code: null, signal: null });
    });
    child.on('message', (message: FromRelay) => this.#message(message));
    child.on('exit', (code, signal) => this.#ended({ code, signal }));
  }

  #message(message: FromRelay): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        this.#onReady(true);
        this.#options.onFree();
        return;
      case 'observed':
        this.wasObserved = true;
        return;
      case 'taken':
        this.#open = message.open;
        this.#handed()?.client.destroy();
        this.#options.onFree();
        return;
      case 'open':
        this.#open = message.open;
        return;
      case 'status':
        this.#last = message.status;
        this.trouble = message.trouble;
        this.#silentTicks = 0;
        return;
      default:
        message satisfies never;
    }
  }

  #handed(): Accepted | undefined {
    const accepted = this.#handing;
    clearTimeout(this.#late);
    this.#handing = undefined;
    this.isLate = false;
    return accepted;
  }

  #ended(exit: { code: number | null; signal: string | null }): void {
    const last = this.#last;
    const connections = this.connections;
    const relayId = this.#relayId;
    const wasReady = this.#ready;
    this.#child = undefined;
    this.#ready = false;
    this.#last = undefined;
    this.trouble = '';
    this.#open = 0;
    // The dead relay may already have read from it, so no other relay can take it.
    this.#handed()?.client.destroy();
    this.#onReady(false);
    if (this.#stopping) return;
    const inMs = this.#backoff.ended();
    this.#log.error('a relay ended: its connections ended with it, the other relays go on, it is started again', {
      ...exit,
      connections,
      inMs,
    });
    this.#timer = setTimeout(() => {
      this.restartsTotal++;
      this.#spawn();
    }, inMs);
    if (wasReady) this.#options.onEnded(relayId, last);
    this.#options.onFree();
  }
}
