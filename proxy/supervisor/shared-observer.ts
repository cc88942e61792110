// How a supervisor reaches the observer of several relays: Node's channel for what is said here, a private socket for the relays' links.
// Invariant: what the observer has to know of relays that ended while it was away is told when it is back. Not here: the observer's process
// (observer-process.ts), the links (observer-socket.ts).

import type { ChildProcess } from 'node:child_process';
import type { ObserverWay } from '../link/observer-process.js';
import type { FromObserver, SharedStart, SupervisorStatus, ToObserver } from './messages.js';

export class SharedWay implements ObserverWay {
  readonly stdio = 'ipc';
  readonly #startWith: () => SharedStart;
  readonly #onListening: () => void;
  #child: ChildProcess | undefined;
  #listening = false;
  #untold: ToObserver[] = [];
  onLive: () => void = () => {};
  /** The relays end their links, with what they have left to say, before the observer ends. */
  relaysEndLinks = false;

  /** `onListening`: relays may connect. */
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
    child.on('message', (message: FromObserver) => {
      if (message.kind !== 'listening' || child !== this.#child) return;
      this.#listening = true;
      for (const told of this.#untold.splice(0)) this.#send(told);
      this.onLive();
      this.#onListening();
    });
    child.on('exit', () => {
      if (child === this.#child) this.#listening = false;
    });
  }

  configure(changed: object): void {
    // One that only begins was started with it.
    this.#send({ kind: 'configure', changed });
  }

  relayDied(relayId: string, atMs: number): void {
    const message: ToObserver = { kind: 'relay-died', relayId, atMs };
    if (this.#listening) this.#send(message);
    else if (this.#untold.length < UNTOLD_MAX) this.#untold.push(message);
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

/** Relays start again with back-off, an observer too: more than this is a machine on which nothing works. */
const UNTOLD_MAX = 1_000;
