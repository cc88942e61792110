// A bounded map from cache key to value in which entries that are used stay.
// Invariant: two generations, each at most half of both limits. A hit in the young one only reads. When the young
// one is full it becomes the old one, and the old one is dropped. So entries used since then are kept: nearly LRU,
// without its bookkeeping per hit. Not here: what an entry is.

export interface CacheLimits {
  entriesMax: number;
  bytesMax: number;
}

interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
}

export class IdentityCache<V> {
  readonly #limits: CacheLimits;
  #young = new Map<string, Entry<V>>();
  #old = new Map<string, Entry<V>>();
  #youngBytes = 0;
  #oldBytes = 0;
  /** Entries forgotten since the start. */
  evicted = 0;

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  get entries(): number {
    return this.#young.size + this.#old.size;
  }

  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#oldBytes -= old.bytes;
    this.#add(key, old);
    return old.value;
  }

  /** `bytes`: what key and value hold in memory, about. A value larger than half of all is not kept. */
  set(key: string, value: V, bytes: number): void {
    if (bytes * 2 > this.#limits.bytesMax) {
      this.evicted++;
      return;
    }
    this.#add(key, { value, bytes });
  }

  #add(key: string, entry: Entry<V>): void {
    const isFull =
      (this.#young.size + 1) * 2 > this.#limits.entriesMax ||
      (this.#youngBytes + entry.bytes) * 2 > this.#limits.bytesMax;
    if (isFull) {
      this.evicted += this.#old.size;
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(key, entry);
    this.#youngBytes += entry.bytes;
  }
}
