// The SQL function that adds two encoded histograms: for upserts and for roll-up.
// It is a merge of two rising lists of (index, count).
// Invariant: the result is what LogHistogram would encode after both; order does not matter.
// Source of the form: LogHistogram.encode.
// Not here: percentiles.

import type Database from 'better-sqlite3';
import { DamagedHistogram } from '../../../facts/histogram.js';

/** A position in one encoded list. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  index = 0;
  count = 0;
  done = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.advance();
  }

  advance(): void {
    if (this.#at >= this.#bytes.length) {
      this.done = true;
      return;
    }
    this.index += this.#varint();
    this.count = this.#varint();
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#at >= this.#bytes.length || scale > 2 ** 49) throw new DamagedHistogram();
      const byte = this.#bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }
}

/** The sum of two encoded histograms. Throws RangeError on other bytes. */
export function mergeHistograms(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const a = new Cursor(one);
  const b = new Cursor(other);
  const out: number[] = [];
  let previous = 0;
  while (!a.done || !b.done) {
    const takeA = !a.done && (b.done || a.index <= b.index);
    const takeB = !b.done && (a.done || b.index <= a.index);
    const index = takeA ? a.index : b.index;
    pushVarint(out, index - previous);
    pushVarint(out, (takeA ? a.count : 0) + (takeB ? b.count : 0));
    previous = index;
    if (takeA) a.advance();
    if (takeB) b.advance();
  }
  return Buffer.from(out);
}

function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

/** Makes merge_histograms(blob, blob) known to SQL on this connection; it throws DamagedHistogram. */
export function registerHistogramFunctions(db: Database.Database): void {
  db.function('merge_histograms', { deterministic: true }, mergeHistograms);
}
