// Random numbers that a seed decides.
// The same seed gives the same case on every machine and release of Node.
// Invariant: every draw moves one 32-bit state; nothing else (time, Math.random) enters.
// Not here: what is drawn (the cases).

/** One stream of draws. The generator is mulberry32: small, fast, and good enough to choose mutations. */
export class Random {
  #state;

  /** @param {number} seed any integer */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** The stream of one case of a run. @param {number} seed @param {number} index */
  static ofCase(seed, index) {
    // Neighbouring cases begin far apart.
    return new Random(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35));
  }

  /** An integer in [0, 2^32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** An integer in [0, bound). @param {number} bound */
  below(bound) {
    return this.next() % bound;
  }

  /** An integer in [from, to]. @param {number} from @param {number} to */
  between(from, to) {
    return from + this.below(to - from + 1);
  }

  /** True once in `times`. @param {number} times */
  oneIn(times) {
    return this.below(times) === 0;
  }

  /** @template T @param {readonly T[]} values @returns {T} */
  pick(values) {
    return values[this.below(values.length)];
  }

  /** @param {number} length */
  bytes(length) {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.next();
    return bytes;
  }
}
