// Finds places by ids, in arrays alone.
// Thousands of ids in a map are touched whenever it grows, and by the garbage collector.
// Invariant: an id is found where it was put last. Not here: what is at a place (named-units.ts).

import { grown } from './grown.js';

/** Spreads ids in a way that nobody who chooses ids can know. Odd. */
const FACTOR = Math.floor(Math.random() * 2 ** 31) * 2 + 1;
/** A power of two. */
const PLACES_AT_FIRST = 1_024;

export class IdIndex {
  /** By the low bits of the hash: 1 + the place that was put last; 0 = none. As many as there is room for places. */
  #heads = new Int32Array(PLACES_AT_FIRST);
  /** 1 + the next place with the same low bits. */
  #next = new Int32Array(PLACES_AT_FIRST);
  #hashes = new Int32Array(PLACES_AT_FIRST);
  readonly #ids: string[] = [];
  /** The id that was looked for last, and its hash: that of a trace is looked for twice and put. */
  #sought = '';
  #soughtHash = 0;

  /** -1 = there is none. */
  find(id: string): number {
    const hash = this.#hashOf(id);
    this.#sought = id;
    this.#soughtHash = hash;
    for (let one = this.#heads[hash & (this.#heads.length - 1)]; one > 0; one = this.#next[one - 1])
      if (this.#hashes[one - 1] === hash && this.#ids[one - 1] === id) return one - 1;
    return -1;
  }

  /** Into a place where none is. */
  put(place: number, id: string): void {
    while (place >= this.#next.length) this.#grow();
    while (place >= this.#ids.length) this.#ids.push('');
    this.#ids[place] = id;
    this.#hashes[place] = this.#hashOf(id);
    this.#chain(place);
  }

  /** From a place where one is. */
  remove(place: number): void {
    const head = this.#hashes[place] & (this.#heads.length - 1);
    const after = this.#next[place];
    this.#ids[place] = '';
    if (this.#heads[head] === place + 1) {
      this.#heads[head] = after;
      return;
    }
    let before = this.#heads[head] - 1;
    while (this.#next[before] !== place + 1) before = this.#next[before] - 1;
    this.#next[before] = after;
  }

  #hashOf(id: string): number {
    return id === this.#sought ? this.#soughtHash : hashOf(id);
  }

  #chain(place: number): void {
    const head = this.#hashes[place] & (this.#heads.length - 1);
    this.#next[place] = this.#heads[head];
    this.#heads[head] = place + 1;
  }

  #grow(): void {
    const room = 2 * this.#next.length;
    this.#hashes = grown(this.#hashes, room);
    this.#next = new Int32Array(room);
    this.#heads = new Int32Array(room);
    for (let place = 0; place < this.#ids.length; place++) if (this.#ids[place] !== '') this.#chain(place);
  }
}

function hashOf(id: string): number {
  let hash = id.length;
  for (let at = 0; at < id.length; at++) {
    hash = Math.imul(hash ^ id.charCodeAt(at), FACTOR);
    hash ^= hash >>> 15;
  }
  return hash;
}
