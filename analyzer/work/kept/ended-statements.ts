// Keeps the different statements of units that ended, in blocks of a few.
// Invariant: rows hold all of them; a block is of one unit. Not here: whose they are, bounds (named-units.ts).

import { grown } from './grown.js';
import type { StatementSums } from './statement-sums.js';

/** Statements of a block. */
const PLACES = 4;
/** Of a statement. */
const NUMBERS = 3;
const TEXTS = 3;
const BLOCKS_AT_FIRST = 256;

export class EndedStatements {
  #numbers = new Float64Array(BLOCKS_AT_FIRST * PLACES * NUMBERS);
  readonly #texts: string[] = [];
  /** 1 + the next block of the same unit, or the next free one; 0 = it is the last. */
  #next = new Int32Array(BLOCKS_AT_FIRST);
  /** 1 + the first of those that were freed. */
  #free = 0;
  #used = 0;

  /** Returns what read() and free() ask for; 0 = there are none. */
  write(from: StatementSums): number {
    let first = 0;
    for (let place = Math.floor((from.length - 1) / PLACES) * PLACES; place >= 0; place -= PLACES) {
      const block = this.#take();
      const end = Math.min(place + PLACES, from.length);
      for (let one = place, at = block * PLACES; one < end; one++, at++)
        from.write(one, { numbers: this.#numbers, at: at * NUMBERS, texts: this.#texts, textsAt: at * TEXTS });
      this.#next[block] = first;
      first = block + 1;
    }
    return first;
  }

  /** Adds them to sums that have none. */
  read(first: number, count: number, into: StatementSums): void {
    let left = count;
    for (let block = first - 1; block >= 0; block = this.#next[block] - 1)
      for (let at = block * PLACES; at < (block + 1) * PLACES && left > 0; at++, left--)
        into.read({ numbers: this.#numbers, at: at * NUMBERS, texts: this.#texts, textsAt: at * TEXTS });
  }

  free(first: number): void {
    if (first === 0) return;
    let last = first - 1;
    while (this.#next[last] > 0) last = this.#next[last] - 1;
    this.#next[last] = this.#free;
    this.#free = first;
  }

  #take(): number {
    if (this.#free > 0) {
      const block = this.#free - 1;
      this.#free = this.#next[block];
      return block;
    }
    if (this.#used === this.#next.length) this.#grow();
    for (let text = 0; text < PLACES * TEXTS; text++) this.#texts.push('');
    return this.#used++;
  }

  #grow(): void {
    this.#next = grown(this.#next, 2 * this.#next.length);
    this.#numbers = grown(this.#numbers, 2 * this.#numbers.length);
  }
}
