// Finds places by ids, in arrays alone.
// Thousands of ids in a map are touched whenever it grows, and by the garbage collector.
// Invariant: an id is found at the place where it was put last. Not here: what is at a place (ended-units.ts).

/** Spreads ids in a way that nobody who chooses ids can know. Odd. */
const FACTOR = Math.floor(Math.random() * 2 ** 31) * 2 + 1;

export class IdIndex {
  /** By the low bits of the hash: 1 + the place that was put last; 0 = none. */
  readonly #heads: Int32Array;
  /** 1 + the next place with the same low bits. */
  readonly #next: Int32Array;
  readonly #hashes: Int32Array;
  readonly #ids: string[];
  readonly #mask: number;

  /** Places from 0 on. */
  constructor(places: number) {
    const heads = 2 ** Math.ceil(Math.log2(places));
    this.#heads = new Int32Array(heads);
    this.#mask = heads - 1;
    this.#next = new Int32Array(places);
    this.#hashes = new Int32Array(places);
    this.#ids = new Array<string>(places).fill('');
  }

  /** -1 = there is none. */
  find(id: string): number {
    const hash = hashOf(id);
    for (let one = this.#heads[hash & this.#mask]; one > 0; one = this.#next[one - 1])
      if (this.#hashes[one - 1] === hash && this.#ids[one - 1] === id) return one - 1;
    return -1;
  }

  /** Into a place where none is. */
  put(place: number, id: string): void {
    const hash = hashOf(id);
    const head = hash & this.#mask;
    this.#hashes[place] = hash;
    this.#ids[place] = id;
    this.#next[place] = this.#heads[head];
    this.#heads[head] = place + 1;
  }

  /** From a place where one is. */
  remove(place: number): void {
    const head = this.#hashes[place] & this.#mask;
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
}

function hashOf(id: string): number {
  let hash = id.length;
  for (let at = 0; at < id.length; at++) {
    hash = Math.imul(hash ^ id.charCodeAt(at), FACTOR);
    hash ^= hash >>> 15;
  }
  return hash;
}
