// Gives each accepted connection to the relay with the most free places.
// Connections of pools live long. Taking turns would leave a restarted relay with half of the others' connections, and
// relays that accept for themselves get uneven numbers (bench/handover.mjs).
// Invariant: connections are handed over in the order in which they came. Relays that keep up hold equal numbers, give
// or take one. A relay that does not take its connection in time is passed over while another one can take it.
// Not here: accepting (front.ts), the handover itself (relay-process.ts).

import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import type { Accepted, RelayProcess } from './relay-process.js';

export class Handover {
  readonly #relays: readonly RelayProcess[];
  readonly #log: Log;
  readonly #waiting: Accepted[] = [];
  #begun = false;
  /** Connections that were closed because too many waited. */
  closedTotal = 0;

  constructor(relays: readonly RelayProcess[], log: Log) {
    this.#relays = relays;
    this.#log = log;
  }

  offer(accepted: Accepted): void {
    if (this.#waiting.length >= limits.handoverQueueMax) {
      this.closedTotal++;
      this.#log.warn('no relay takes connections: a waiting one was closed', { waiting: this.#waiting.length });
      accepted.client.destroy();
      return;
    }
    this.#waiting.push(accepted);
    this.pump();
  }

  /** Puts a connection that could not be handed over first in the queue again. */
  offerAgain(accepted: Accepted): void {
    this.#waiting.unshift(accepted);
    this.pump();
  }

  /** Starts handing over: all relays are ready, and take the connections that came meanwhile. */
  begin(): void {
    this.#begun = true;
    this.pump();
  }

  /** Hands over what it can. Called when a relay became free, or is passed over from now on. */
  pump(): void {
    while (this.#begun) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      const relay = this.#leastLoaded();
      if (relay === undefined || relay.busy) return;
      this.#waiting.shift();
      relay.hand(next);
    }
  }

  /** Closes the waiting connections: nobody will take them. */
  close(): void {
    for (const { client } of this.#waiting.splice(0)) client.destroy();
  }

  #leastLoaded(): RelayProcess | undefined {
    let best: RelayProcess | undefined;
    for (const relay of this.#relays) {
      if (!relay.ready) continue;
      if (best === undefined || isBetter(relay, best)) best = relay;
    }
    return best;
  }
}

function isBetter(relay: RelayProcess, best: RelayProcess): boolean {
  if (relay.isLate !== best.isLate) return best.isLate;
  const more = relay.places - best.places;
  return more > 0 || (more === 0 && best.busy && !relay.busy);
}
