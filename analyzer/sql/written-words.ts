// A text that is written byte by byte and compared in words: what skeletons are kept as.
// Invariant: two texts with the same words and one hash have the same bytes.
// Not here: what is written (skeleton.ts, comment-skeleton.ts), where it is kept (fingerprint/skeleton-cache.ts).

export class WrittenWords {
  /** The last one filled up with zeros. Valid until the next text is written. */
  readonly words: Int32Array;
  wordCount = 0;
  hash = 0;
  protected readonly bytes: Uint8Array;

  constructor(bytesMax: number) {
    this.words = new Int32Array(Math.ceil(bytesMax / 4) + 1);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /** So many bytes were written. */
  protected finish(length: number): void {
    const { words, bytes } = this;
    const count = (length + 3) >> 2;
    for (let at = length; at < count * 4; at++) bytes[at] = 0;
    // Texts that end in zeros may have the same words; with another length each step gives another hash.
    let hash = length;
    for (let i = 0; i < count; i++) {
      hash = Math.imul(hash ^ words[i], 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    this.wordCount = count;
    this.hash = hash;
  }
}
