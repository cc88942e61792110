// Adds up many encoded histograms of one thing.
// Invariant: the sum is what LogHistogram.mergeEncoded would make of them, in any order. It takes some kilobytes
// however little it holds, so there is one of each of a few hundred things, not of every statement.
// Not here: the form of the bytes, percentiles (facts/histogram.ts).

import { DamagedHistogram, type LogHistogram, restEnd, restOf } from '../../facts/histogram.js';

/** Indexes of durations up to some seconds; longer ones make room for themselves. */
const INDEXES = 1280;
/** More than the index of any duration. */
const INDEX_MAX = 4095;

export class HistogramSum {
  /** By index: many times as fast as a map, where most indexes come again and again. */
  #counts = new Float64Array(INDEXES);

  /** Throws RangeError on bytes that LogHistogram.encode did not make. */
  add(bytes: Uint8Array): void {
    const { length } = bytes;
    let counts = this.#counts;
    let index = 0;
    let at = 0;
    while (at < length) {
      let value = bytes[at++];
      if (value >= 0x80) {
        value = restOf(bytes, at, value);
        at = restEnd;
      }
      index += value;
      if (at >= length) throw new DamagedHistogram();
      value = bytes[at++];
      if (value >= 0x80) {
        value = restOf(bytes, at, value);
        at = restEnd;
      }
      if (index >= counts.length) counts = this.#grow(index);
      counts[index] += value;
    }
  }

  addTo(histogram: LogHistogram): void {
    const counts = this.#counts;
    for (let index = 0; index < counts.length; index++) {
      if (counts[index] > 0) histogram.addBucket(index, counts[index]);
    }
  }

  #grow(index: number): Float64Array<ArrayBuffer> {
    if (index > INDEX_MAX) throw new DamagedHistogram();
    const counts = new Float64Array(Math.min(2 * index, INDEX_MAX + 1));
    counts.set(this.#counts);
    this.#counts = counts;
    return counts;
  }
}
