// One relay process, as its supervisor sees it: started, started again when it ends unasked, handed connections one at a time.
// Invariant: at most one process at a time, and each has a relay id of its own; a connection that the relay said it took is its alone.
// Not here: which relay gets a connection (handover.ts), the process itself (relay-main.ts).

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { Backoff } from '../link/backoff.js';
import { randomRelayId } from '../relay/start-up.js';
import type { RelayFigures } from '../stream/relay-status.js';
import { type FromRelay, RELAY_START, type RelayStart, type ToRelay } from './messages.js';

const RELAY_MAIN = fileURLToPath(new URL('./relay-main.js', import.meta.url));

/** A connection that was accepted for a pair, and not read from. */
export interface Accepted {
  pair: number;
  client: Socket;
}

export interface RelayProcessOptions {
  /** From 1. */
  place: number;
  /** How many connections it may have, as it is now. */
  share: () => number;
  /** What it is started with, as it is now. */
  startWith: () => Omit<RelayStart, 'relayId' | 'place'>;
  /** A connection could not be handed to it. */
  onRefused: (accepted: Accepted) => void;
  /** It may be handed a connection again, or cannot be waited for any longer. */
  onFree: () => void;
  /** It ended unasked. `last`: what it said of itself last. */
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
  /** Connections that it holds. */
  #open = 0;
  /** A connection that is on its way to it. */
  #handing: Accepted | undefined;
  #late: NodeJS.Timeout | undefined;
  /** It did not take a connection in time: its loop stands still, or it has much to do. */
  isLate = false;
  #last: RelayFigures | undefined;
  #silentTicks = 0;
  restartsTotal = 0;
  /** An observer has answered one of its processes. */
  wasObserved = false;
  #onReady: (ready: boolean) => void = () => {};

  constructor(options: RelayProcessOptions) {
    this.#options = options;
    this.#log = options.log.child({ relay: options.place });
  }

  /** Resolves with whether it works; false when its first process ended before. */
  start(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onReady = resolve;
      this.#spawn();
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** A connection is on its way to it. */
  get busy(): boolean {
    return this.#handing !== undefined;
  }

  /** Connections that it could still take, without the one on its way. */
  get places(): number {
    return this.#options.share() - this.#open - (this.busy ? 1 : 0);
  }

  get sessions(): number {
    return this.#open;
  }

  /** Only when it is ready and not busy. */
  hand(accepted: Accepted): void {
    const { pair, client } = accepted;
    this.#handing = accepted;
    this.#late = setTimeout(() => {
      this.isLate = true;
      this.#options.onFree();
    }, limits.handoverMs);
    // Kept open here until the relay says that it has it: what cannot be sent to a process that just died is for another one.
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

  /** Drain and end; it is not started again. Resolves when it ended; `deadlineMs` later it is killed. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    this.send({ kind: 'stop' });
    const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    await new Promise((resolve) => child.once('exit', resolve));
    clearTimeout(timer);
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
  }

  /** Once a second: a process that says nothing for long is replaced, as a liveness probe would. */
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

  #ended(how: { code: number | null; signal: string | null }): void {
    const last = this.#last;
    const sessions = this.sessions;
    const relayId = this.#relayId;
    const wasReady = this.#ready;
    this.#child = undefined;
    this.#ready = false;
    this.#last = undefined;
    this.#open = 0;
    // Whether it read of it already nobody knows.
    this.#handed()?.client.destroy();
    this.#onReady(false);
    if (this.#stopping) return;
    const inMs = this.#backoff.ended();
    this.#log.error('a relay ended: its sessions ended with it, the others go on, it is started again', {
      ...how,
      sessions,
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
