// Queues chunks that were forwarded already and are read a few milliseconds later, in one row.
//
//   tap.client ─┐                                       ┌─► tap.look
//   tap.server ─┴─► │chunk│chunk│ … free places … │ ────┴─► tap.look   all at once: many wait, one is old, or asked
//
// Invariant: chunks are read in the order in which they came, with the time at which they came. All waiting chunks are
// read before a tap answers any question. At most limits.waitingChunksMax wait, of limits.waitingChunkBytesMax each.
// Why: between two system calls the processor's caches are full of the kernel's work. Chunks read in a row find the
// tracker's own code and data there.
// Not here: what a chunk means, which chunks must not wait (tap.ts).

import { limits } from '../../config/limits.js';

/** Reads a chunk. Must not throw. */
export interface Looker {
  look(chunk: Buffer, fromServer: boolean, nowMs: number): void;
}

export class WaitingChunks {
  readonly #lookers: Array<Looker | undefined> = new Array(limits.waitingChunksMax).fill(undefined);
  readonly #chunks: Array<Buffer | undefined> = new Array(limits.waitingChunksMax).fill(undefined);
  readonly #fromServer = new Uint8Array(limits.waitingChunksMax);
  readonly #cameMs = new Float64Array(limits.waitingChunksMax);
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Keeps `chunk`. Nobody may change it afterwards. */
  push(looker: Looker, chunk: Buffer, fromServer: boolean, nowMs: number): void {
    const at = this.#count++;
    this.#lookers[at] = looker;
    this.#chunks[at] = chunk;
    this.#fromServer[at] = fromServer ? 1 : 0;
    this.#cameMs[at] = nowMs;
    if (this.#count === limits.waitingChunksMax) this.lookAtAll();
    else this.#timer ??= setTimeout(this.lookAtAll, limits.waitingChunkAgeMs);
  }

  /** Reads all waiting chunks before it returns. */
  readonly lookAtAll = (): void => {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const count = this.#count;
    // Reset first: a look may ask a tap, which comes back here. The chunks before it were read already.
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const looker = this.#lookers[i] as Looker;
      const chunk = this.#chunks[i] as Buffer;
      this.#lookers[i] = undefined;
      this.#chunks[i] = undefined;
      looker.look(chunk, this.#fromServer[i] === 1, this.#cameMs[i]);
    }
  };
}
