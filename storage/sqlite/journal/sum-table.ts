// Sums of many rows in a few arrays: as objects they would fill the heap once a minute.
// Invariant: what is read of a row is what was packed of it, added up. Not here: which row it is (merged-rows.ts).

import type { LogHistogram } from '../../../facts/histogram.js';
import type { ByteReader } from './packed-bytes.js';
import type { Beside, Sums } from './packed-row.js';
import type { Field } from './row-forms.js';

const ROWS_AT_FIRST = 1_024;
/** Values of a slab: half a MiB. Slabs need not be copied when rows come. */
const SLAB_BITS = 16;
const SLAB_VALUES = 1 << SLAB_BITS;
const IN_SLAB = SLAB_VALUES - 1;
const NONE = -1;

export class SumTable {
  #rows = 0;
  /** A row's values lie in one slab, as many as it has fields, and begin at #starts. */
  readonly #slabs: Float64Array[] = [];
  #used = SLAB_VALUES;
  #starts = new Int32Array(ROWS_AT_FIRST);
  /** Of each row its first bucket; of each bucket its index, its count, and the next one of its row. */
  #firstBuckets = new Int32Array(ROWS_AT_FIRST);
  #buckets = 0;
  #indexes = new Int32Array(ROWS_AT_FIRST);
  #counts = new Float64Array(ROWS_AT_FIRST);
  #nexts = new Int32Array(ROWS_AT_FIRST);
  /** Few rows have errors. */
  readonly #errors = new Map<number, Map<string, number>>();

  /** Returns the number of a row of nothing. */
  newRow(fields: readonly Field[]): number {
    const row = this.#rows++;
    if (row === this.#starts.length) {
      this.#starts = twice(this.#starts, new Int32Array(2 * row));
      this.#firstBuckets = twice(this.#firstBuckets, new Int32Array(2 * row));
    }
    this.#firstBuckets[row] = NONE;
    if (this.#used + fields.length > SLAB_VALUES) {
      this.#slabs.push(new Float64Array(SLAB_VALUES));
      this.#used = 0;
    }
    this.#starts[row] = ((this.#slabs.length - 1) << SLAB_BITS) | this.#used;
    const slab = this.#slabs[this.#slabs.length - 1];
    for (let at = 0; at < fields.length; at++) {
      if (fields[at].merge === 'min') slab[this.#used + at] = Number.POSITIVE_INFINITY;
    }
    this.#used += fields.length;
    return row;
  }

  /** Adds what packRow() wrote. */
  addPacked(row: number, reader: ByteReader, form: { fields: readonly Field[]; hasHistogram: boolean }): void {
    const { fields, hasHistogram } = form;
    const values = this.#slabOf(row);
    const start = this.#starts[row] & IN_SLAB;
    const mask = reader.whole();
    const floats = reader.whole();
    for (let at = 0; at < fields.length; at++) {
      const bit = 1 << at;
      if ((mask & bit) === 0) continue;
      const value = (floats & bit) === 0 ? reader.whole() : reader.float();
      const place = start + at;
      const { merge } = fields[at];
      if (merge === 'max') values[place] = Math.max(values[place], value);
      else if (merge === 'min') values[place] = Math.min(values[place], value);
      else values[place] += value;
    }
    if (hasHistogram) {
      for (let left = reader.whole(); left > 0; left--) this.#addBucket(row, reader.whole(), reader.whole());
    }
    let left = reader.whole();
    if (left === 0) return;
    const errors = this.#errors.get(row) ?? new Map<string, number>();
    this.#errors.set(row, errors);
    for (; left > 0; left--) {
      const sqlstate = reader.text();
      errors.set(sqlstate, (errors.get(sqlstate) ?? 0) + reader.whole());
    }
  }

  /** Fills an object that is a row of nothing. */
  read(row: number, fields: readonly Field[], into: Sums & Beside): void {
    const values = this.#slabOf(row);
    const start = this.#starts[row] & IN_SLAB;
    for (let at = 0; at < fields.length; at++) into[fields[at].name] = values[start + at];
    if (into.histogram !== undefined) this.#readBuckets(row, into.histogram);
    const errors = this.#errors.get(row);
    if (errors !== undefined) into.errorsBySqlstate = errors;
  }

  #slabOf(row: number): Float64Array {
    return this.#slabs[this.#starts[row] >> SLAB_BITS];
  }

  #readBuckets(row: number, histogram: LogHistogram): void {
    for (let bucket = this.#firstBuckets[row]; bucket !== NONE; bucket = this.#nexts[bucket]) {
      histogram.addBucket(this.#indexes[bucket], this.#counts[bucket]);
    }
  }

  #addBucket(row: number, index: number, count: number): void {
    let last = NONE;
    for (let bucket = this.#firstBuckets[row]; bucket !== NONE; bucket = this.#nexts[bucket]) {
      if (this.#indexes[bucket] === index) {
        this.#counts[bucket] += count;
        return;
      }
      last = bucket;
    }
    const added = this.#buckets++;
    if (added === this.#indexes.length) {
      this.#indexes = twice(this.#indexes, new Int32Array(2 * added));
      this.#counts = twice(this.#counts, new Float64Array(2 * added));
      this.#nexts = twice(this.#nexts, new Int32Array(2 * added));
    }
    this.#indexes[added] = index;
    this.#counts[added] = count;
    this.#nexts[added] = NONE;
    if (last === NONE) this.#firstBuckets[row] = added;
    else this.#nexts[last] = added;
  }
}

/** Copies into the larger one. */
export function twice<Numbers extends Int32Array | Float64Array>(numbers: Numbers, larger: Numbers): Numbers {
  larger.set(numbers);
  return larger;
}
