// Gives each accepted connection to the relay that holds the fewest, of its share of what all may hold.
// Connections of pools live for long: taking turns would leave a relay that was started again with half of what the others have, and
// letting the relays accept for themselves gives them what the moment decides (bench/handover.mjs).
// Invariant: connections are handed over in the order they came; relays that keep up hold as many each, give or take one; a relay that does
// not take its connection in time is passed over while another one can. Not here: accepting (front.ts), how one is handed over (relay-process.ts).

import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import type { Accepted, RelayProcess } from './relay-process.js';

export class Handover {
  readonly #relays: readonly RelayProcess[];
  readonly #log: Log;
  readonly #waiting: Accepted[] = [];
  #begun = false;

  constructor(relays: readonly RelayProcess[], log: Log) {
    this.#relays = relays;
    this.#log = log;
  }

  offer(accepted: Accepted): void {
    if (this.#waiting.length >= limits.handoverQueueMax) {
      this.#log.warn('no relay takes connections: one was closed', { waiting: this.#waiting.length });
      accepted.client.destroy();
      return;
    }
    this.#waiting.push(accepted);
    this.pump();
  }

  /** It could not be handed over: it is the next again. */
  offerAgain(accepted: Accepted): void {
    this.#waiting.unshift(accepted);
    this.pump();
  }

  /** All relays are there; what came meanwhile is theirs. */
  begin(): void {
    this.#begun = true;
    this.pump();
  }

  /** A relay can take one, or one must not be waited for any longer. */
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

  /** Nobody will take them. */
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

function isBetter(relay: RelayProcess, than: RelayProcess): boolean {
  if (relay.isLate !== than.isLate) return than.isLate;
  const more = relay.places - than.places;
  return more > 0 || (more === 0 && than.busy && !relay.busy);
}
