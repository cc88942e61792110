// Launches the observer that several relays share: its supervisor talks to it over Node's channel.
// Relays link to it through a private socket.
// Invariant: an observer that was away hears of the relays that ended meanwhile as soon as it is back.
// Not here: the observer's process (link/observer-process.ts), the links (link/observer-socket.ts).

import type { ChildProcess } from 'node:child_process';
import type { ObserverLauncher } from '../link/observer-process.js';
import type { FromObserver, SharedStart, SupervisorStatus, ToObserver } from './messages.js';

export class SharedLauncher implements ObserverLauncher {
  readonly stdio = 'ipc';
  readonly #startWith: () => SharedStart;
  readonly #onListening: () => void;
  #child: ChildProcess | undefined;
  #listening = false;
  #unsent: ToObserver[] = [];
  onLive: () => void = () => {};
  /** The relays send their last batches and end their links before the observer ends. */
  relaysEndLinks = false;

  /** `onListening`: called when relays may connect. */
  constructor({ startWith, onListening }: { startWith: () => SharedStart; onListening: () => void }) {
    this.#startWith = startWith;
    this.#onListening = onListening;
  }

  startOptions(): object {
    return { shared: this.#startWith() };
  }

  attach(child: ChildProcess): void {
    this.#child = child;
    this.#listening = false;
    child.on('message', ({ kind }: FromObserver) => {
      if (kind !== 'listening' || child !== this.#child) return;
      this.#listening = true;
      for (const message of this.#unsent.splice(0)) this.#send(message);
      this.onLive();
      this.#onListening();
    });
    child.on('exit', () => {
      if (child === this.#child) this.#listening = false;
    });
  }

  configure(changed: object): void {
    // A child that is still starting already has this configuration.
    this.#send({ kind: 'configure', changed });
  }

  relayDied(relayId: string, atMs: number): void {
    const message: ToObserver = { kind: 'relay-died', relayId, atMs };
    if (this.#listening) this.#send(message);
    else if (this.#unsent.length < UNSENT_MAX) this.#unsent.push(message);
  }

  supervised(status: SupervisorStatus): void {
    if (this.#listening) this.#send({ kind: 'supervisor', status });
  }

  end(): void {
    this.#send({ kind: 'end', relaysEndLinks: this.relaysEndLinks });
  }

  #send(message: ToObserver): void {
    if (this.#child?.connected === true) this.#child.send(message, () => {});
  }
}

/** Relays and observer restart with back-off, so more messages than this mean a machine on which nothing works. */
const UNSENT_MAX = 1_000;
