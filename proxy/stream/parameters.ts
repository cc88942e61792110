// Tells the parameters of one execution from those of another, by a keyed hash that holds no value.
//
// Two lanes of 32 bits take four bytes a step; the key is their start. 53 bits are kept: of a million different sets
// any two are alike with a chance of 6 in 100,000. The key is drawn anew by each observer, so that a hash says nothing
// outside its process; it is not made to withstand somebody who has both.
// Invariant: alike bytes give alike hashes; no hash of a parameter is stored, shown or logged (a recording, which holds
// SQL, has it).
// Not here: which bytes are parameters (proxy/session/requests.ts, analyzer/sql/skeleton.ts).

/** Two whole numbers of 32 bits. */
export type ParameterKey = readonly [low: number, high: number];

/** What tells the parameters of an execution from others. */
export interface ParameterSet {
  /** 0 = unknown. */
  parameterHash: number;
  /** Parameters and literals that were hashed or counted. */
  parameterCount: number;
  /** Not all of them were hashed, so that an equal hash proves nothing. */
  parametersCut: boolean;
}

/** Of an execution whose parameters nobody saw. */
export const UNKNOWN_PARAMETERS: Readonly<ParameterSet> = Object.freeze({
  parameterHash: 0,
  parameterCount: 0,
  parametersCut: false,
});

const LOW_PRIME = 0x9e3779b1 | 0;
const HIGH_PRIME = 0x85ebca77 | 0;
const TWO_32 = 2 ** 32;

/** Hashes bytes, part by part. One instance serves every execution. */
export class KeyedHash {
  #keyLow = 0;
  #keyHigh = 0;
  #low = 0;
  #high = 0;
  /** False before use(): then nothing is to be hashed. */
  isKeyed = false;

  use([low, high]: ParameterKey): void {
    this.#keyLow = low | 0;
    this.#keyHigh = high | 0;
    this.isKeyed = true;
  }

  begin(): void {
    this.#low = this.#keyLow;
    this.#high = this.#keyHigh;
  }

  /** Adds one part, [from, to) of `bytes`, and its length. */
  add(bytes: Uint8Array, from: number, to: number): void {
    let low = this.#low ^ (to - from);
    let high = this.#high;
    let at = from;
    for (const last = to - 3; at < last; at += 4) {
      const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
      low = Math.imul(low ^ word, LOW_PRIME);
      low ^= low >>> 15;
      high = Math.imul(high ^ word, HIGH_PRIME);
      high ^= high >>> 13;
    }
    let rest = 0;
    for (; at < to; at++) rest = (rest << 8) | bytes[at];
    low = Math.imul(low ^ rest, LOW_PRIME);
    high = Math.imul(high ^ rest ^ (to - from), HIGH_PRIME);
    this.#low = low ^ (low >>> 15);
    this.#high = high ^ (high >>> 13);
  }

  /** Of one part: begin(), add() and hash. */
  of(bytes: Uint8Array, from: number, to: number): number {
    this.begin();
    this.add(bytes, from, to);
    return this.hash;
  }

  /** Of all parts since begin(): from 1 to 2^53 - 1. */
  get hash(): number {
    return packed(this.#low, this.#high);
  }

  /** Of two sets as one: the literals of a text and what was bound to it. */
  joined(first: number, second: number): number {
    const low = Math.imul((first | 0) ^ this.#keyLow, LOW_PRIME) ^ (second | 0);
    const high = Math.imul((first / TWO_32) ^ this.#keyHigh, HIGH_PRIME) ^ (second / TWO_32);
    return packed(low, high);
  }
}

function packed(low: number, high: number): number {
  let a = Math.imul(low ^ (low >>> 16), LOW_PRIME) ^ high;
  let b = Math.imul(high ^ (high >>> 16), HIGH_PRIME) ^ low;
  a = Math.imul(a ^ (a >>> 13), HIGH_PRIME);
  b = Math.imul(b ^ (b >>> 13), LOW_PRIME);
  a ^= a >>> 16;
  b ^= b >>> 16;
  return (a >>> 0) + (b & 0x1fffff) * TWO_32 || 1;
}

/** Whether two executions of one statement had the same parameters, as far as that is known. */
export function compareParameters(
  one: Readonly<ParameterSet>,
  other: Readonly<ParameterSet>,
): 'same' | 'distinct' | 'unknown' {
  if (one.parameterHash === 0 || other.parameterHash === 0) return 'unknown';
  if (one.parameterHash !== other.parameterHash) return 'distinct';
  return one.parametersCut || other.parametersCut ? 'unknown' : 'same';
}

/** Passes a set on. Field by field: a set is no object of its own, for every execution would make one. */
export function takeParameters(into: ParameterSet, from: Readonly<ParameterSet>): void {
  into.parameterHash = from.parameterHash;
  into.parameterCount = from.parameterCount;
  into.parametersCut = from.parametersCut;
}
