// The SQL function that adds two encoded histograms: for upserts and for roll-up.
// It is a merge of two rising lists of (index, count).
// Invariant: the result is what LogHistogram would encode after both; order does not matter.
// Source of the form: LogHistogram.encode.
// Not here: percentiles.

import type Database from 'better-sqlite3';
import { DamagedHistogram } from '../../../facts/histogram.js';

/** The result is never longer than both together, so it is made here and copied once. */
let scratch = new Uint8Array(4096);

/** The sum of two encoded histograms. Throws RangeError on other bytes. */
export function mergeHistograms(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  if (scratch.length < one.length + other.length) scratch = new Uint8Array(2 * (one.length + other.length));
  const a = new Cursor(one);
  const b = new Cursor(other);
  let at = 0;
  let previous = 0;
  while (a.index < END || b.index < END) {
    const index = Math.min(a.index, b.index);
    let count = 0;
    at = putVarint(at, index - previous);
    previous = index;
    if (a.index === index) {
      count = a.count;
      a.advance();
    }
    if (b.index === index) {
      count += b.count;
      b.advance();
    }
    at = putVarint(at, count);
  }
  return scratch.slice(0, at);
}

/** Past the last index. */
const END = Number.POSITIVE_INFINITY;

/** A position in one encoded list. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  index = 0;
  count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.advance();
  }

  advance(): void {
    if (this.#at >= this.#bytes.length) {
      this.index = END;
      return;
    }
    this.index += this.#varint();
    this.count = this.#varint();
  }

  #varint(): number {
    let byte = this.#bytes[this.#at++];
    // Also past the end, where it is undefined.
    if (byte < 0x80) return byte;
    let value = 0;
    for (let scale = 1; byte >= 0x80; scale *= 128) {
      if (scale >= 2 ** 49) throw new DamagedHistogram();
      value += (byte & 0x7f) * scale;
      byte = this.#bytes[this.#at++];
      if (byte < 0x80) return value + byte * scale * 128;
    }
    throw new DamagedHistogram();
  }
}

/** Returns where the next byte goes. */
function putVarint(at: number, value: number): number {
  let [to, rest] = [at, value];
  for (; rest >= 128; rest = Math.floor(rest / 128)) scratch[to++] = (rest % 128) | 0x80;
  scratch[to++] = rest;
  return to;
}

/** Makes merge_histograms(blob, blob) known to SQL on this connection; it throws DamagedHistogram. */
export function registerHistogramFunctions(db: Database.Database): void {
  db.function('merge_histograms', { deterministic: true }, mergeHistograms);
}
