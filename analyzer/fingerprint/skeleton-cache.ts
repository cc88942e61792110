// Remembers texts by their skeletons: those that differ in literals alone are taken apart once.
// Invariant: a skeleton is compared whole, so two skeletons with one hash cost a look-up, not a mistake. Memory is
// two slabs and at most `entriesMax` entries, whatever is sent. Two generations, as in identity-cache.ts.
// Not here: what a skeleton is (sql/skeleton.ts; of a comment attribution/comments/comment-skeleton.ts).

import type { WrittenWords } from '../sql/written-words.js';

type Skeleton = Pick<WrittenWords, 'hash' | 'words' | 'wordCount'>;

export interface SkeletonCacheLimits {
  /** Of both generations. */
  entriesMax: number;
  bytesMax: number;
}

interface Entry<V> {
  readonly value: V;
  /** Where in the slab of its generation. */
  readonly at: number;
  readonly wordCount: number;
}

class Generation<V> {
  readonly entries = new Map<number, Entry<V>>();
  readonly words: Int32Array;
  used = 0;

  constructor(words: number) {
    this.words = new Int32Array(words);
  }
}

export class SkeletonCache<V> {
  readonly #entriesMax: number;
  readonly #words: number;
  #young: Generation<V>;
  #old: Generation<V>;

  constructor({ entriesMax, bytesMax }: SkeletonCacheLimits) {
    this.#entriesMax = entriesMax / 2;
    this.#words = bytesMax >> 3;
    this.#young = new Generation(this.#words);
    this.#old = new Generation(0);
  }

  get(skeleton: Skeleton): V | undefined {
    const young = find(this.#young, skeleton);
    if (young !== undefined) return young;
    const old = find(this.#old, skeleton);
    if (old !== undefined) this.set(skeleton, old);
    return old;
  }

  /** Of two skeletons with one hash the later one is known. */
  set({ hash, words, wordCount }: Skeleton, value: V): void {
    if (wordCount > this.#words) return;
    let young = this.#young;
    if (young.entries.size >= this.#entriesMax || young.used + wordCount > this.#words) {
      this.#old = young;
      young = new Generation(this.#words);
      this.#young = young;
    }
    young.words.set(words.subarray(0, wordCount), young.used);
    young.entries.set(hash, { value, at: young.used, wordCount });
    young.used += wordCount;
  }
}

function find<V>({ entries, words }: Generation<V>, skeleton: Skeleton): V | undefined {
  const entry = entries.get(skeleton.hash);
  if (entry === undefined || entry.wordCount !== skeleton.wordCount) return undefined;
  const { at, wordCount } = entry;
  for (let i = 0; i < wordCount; i++) if (words[at + i] !== skeleton.words[i]) return undefined;
  return entry.value;
}
