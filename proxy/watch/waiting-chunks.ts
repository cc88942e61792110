// Chunks that were written on and wait to be looked at: some of all sessions together, a few milliseconds at most.
//
//   tap.client ─┐                                       ┌─► tap.look
//   tap.server ─┴─► │chunk│chunk│ … free places … │ ────┴─► tap.look      all at once: many wait, one is old, or somebody asks
//
// Invariant: what waits is looked at in the order in which it came, with the time at which it came; who asks a tap for anything asks after
// everything that waits was looked at. At most limits.waitingChunksMax wait, of limits.waitingChunkBytesMax each.
// Why: between two system calls the code that understands the traffic finds the processor's caches full of the kernel's work; in a row it
// finds its own.
// Not here: what a chunk means, and which may not wait (tap.ts).

import { limits } from '../../config/limits.js';

/** Whom a chunk is shown to. Must not throw. */
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

  /** Keeps `chunk`, which nobody may change from here on. */
  push(looker: Looker, chunk: Buffer, fromServer: boolean, nowMs: number): void {
    const at = this.#count++;
    this.#lookers[at] = looker;
    this.#chunks[at] = chunk;
    this.#fromServer[at] = fromServer ? 1 : 0;
    this.#cameMs[at] = nowMs;
    if (this.#count === limits.waitingChunksMax) this.lookAtAll();
    else this.#timer ??= setTimeout(this.lookAtAll, limits.waitingChunkAgeMs);
  }

  /** Nothing waits any more when it returns. */
  readonly lookAtAll = (): void => {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const count = this.#count;
    // A look may ask for something, which is answered by what was looked at before it.
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
