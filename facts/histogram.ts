// A mergeable histogram of durations with logarithmic buckets: any percentile within 1 %.
// Invariant: bucket i counts durations in (GAMMA^(i-1), GAMMA^i] ns. Merging adds counts, so the order does not matter.
// The idea is DDSketch (Masson, Rim, Lee; VLDB 2019), here with unbounded sparse buckets. Not here: storage.

/** Ratio of neighbouring bucket bounds: the middle of a bucket is within 1 % of anything in it. */
export const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);
/** Middle of bucket (γ^(i-1), γ^i] in the sense of equal relative error to both bounds. */
const MIDDLE = 2 / (GAMMA + 1);

/** Bytes or a text that no histogram was encoded to. */
export class DamagedHistogram extends RangeError {
  constructor() {
    super('histogram bytes are damaged');
  }
}

export class LogHistogram {
  /** Bucket index → count. */
  readonly buckets = new Map<number, number>();
  count = 0;

  /** Adds one duration in nanoseconds; what is below 1 ns counts as 1 ns. */
  add(ns: number): void {
    this.addBucket(bucketOf(ns), 1);
  }

  addBucket(index: number, count: number): void {
    this.buckets.set(index, (this.buckets.get(index) ?? 0) + count);
    this.count += count;
  }

  merge(other: LogHistogram): void {
    for (const [index, count] of other.buckets) this.addBucket(index, count);
  }

  /** Nearest-rank percentile in ns for q in (0, 1], within 1 % of the exact one; 0 when empty. */
  percentile(q: number): number {
    return this.percentiles([q])[0];
  }

  /** As percentile(), for several that rise: a list of statements asks for three of each. */
  percentiles(qs: readonly number[]): number[] {
    const found = qs.map(() => 0);
    let seen = 0;
    let next = 0;
    for (const index of [...this.buckets.keys()].sort((a, b) => a - b)) {
      seen += this.buckets.get(index)!;
      while (next < qs.length && seen >= Math.max(1, Math.ceil(qs[next] * this.count))) {
        found[next++] = middleNs(index);
      }
      if (next === qs.length) break;
    }
    return found;
  }

  /** Sparse form: varint pairs (distance to the previous index, count), indexes rising; no bytes when empty. */
  encode(): Uint8Array {
    const out: number[] = [];
    let previous = 0;
    for (const index of [...this.buckets.keys()].sort((a, b) => a - b)) {
      pushVarint(out, index - previous);
      pushVarint(out, this.buckets.get(index)!);
      previous = index;
    }
    return Uint8Array.from(out);
  }

  /** A histogram of its own with the same counts. */
  copy(): LogHistogram {
    const copy = new LogHistogram();
    copy.merge(this);
    return copy;
  }

  /** encode() as Base64, for JSON. */
  toBase64(): string {
    return Buffer.from(this.encode()).toString('base64');
  }

  /** Throws RangeError on a text that toBase64() did not make. */
  static fromBase64(text: string): LogHistogram {
    if (!BASE64.test(text)) throw new DamagedHistogram();
    const histogram = new LogHistogram();
    histogram.mergeEncoded(Buffer.from(text, 'base64'));
    return histogram;
  }

  /** Adds an encoded histogram. Throws RangeError on bytes that encode() did not make. */
  mergeEncoded(bytes: Uint8Array): void {
    const { buckets } = this;
    const { length } = bytes;
    let index = 0;
    let count = 0;
    let isCount = false;
    for (let at = 0; at < length; isCount = !isCount) {
      let value = bytes[at++];
      if (value >= 0x80) {
        value = restOf(bytes, at, value);
        at = restEnd;
      }
      if (isCount) {
        buckets.set(index, (buckets.get(index) ?? 0) + value);
        count += value;
      } else index += value;
    }
    if (isCount) throw new DamagedHistogram();
    this.count += count;
  }
}

/**
 * Of the durations of an encoded histogram those in the bucket of `ns` and above: as many as can have been so long.
 * Throws RangeError on bytes that encode() did not make.
 */
export function countFrom(bytes: Uint8Array, ns: number): number {
  const least = bucketOf(ns);
  let index = 0;
  let count = 0;
  let isCount = false;
  for (let at = 0; at < bytes.length; isCount = !isCount) {
    let value = bytes[at++];
    if (value >= 0x80) {
      value = restOf(bytes, at, value);
      at = restEnd;
    }
    if (!isCount) index += value;
    else if (index >= least) count += value;
  }
  if (isCount) throw new DamagedHistogram();
  return count;
}

/** Where the number ended that restOf() read. */
export let restEnd = 0;

/** A number of an encoded histogram that takes more than one byte, of which the first was read. */
export function restOf(bytes: Uint8Array, from: number, first: number): number {
  let value = first - 0x80;
  let at = from;
  for (let scale = 128; ; scale *= 128) {
    if (at >= bytes.length || scale > 2 ** 49) throw new DamagedHistogram();
    const byte = bytes[at++];
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  restEnd = at;
  return value;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Index of the bucket of a duration in ns. A clock's nonsense (NaN, negative, infinite) gets a bucket too. */
export function bucketOf(ns: number): number {
  return ns > 1 ? Math.ceil(Math.log(Math.min(ns, Number.MAX_SAFE_INTEGER)) / LOG_GAMMA) : 0;
}

/** The duration in ns that a bucket stands for. */
export function middleNs(index: number): number {
  return GAMMA ** index * MIDDLE;
}

function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}
