// Sums of many rows in a few arrays: as objects they would fill the heap once a minute.
// Invariant: what is read of a row is what was packed of it, added up. Not here: which row it is (merged-rows.ts).

import type { LogHistogram } from '../../../facts/histogram.js';
import type { ByteReader } from './packed-bytes.js';
import type { Beside, Sums } from './packed-row.js';
import { FIELDS_MAX, type Field } from './row-forms.js';

const ROWS_AT_FIRST = 1_024;
const NONE = -1;

export class SumTable {
  #rows = 0;
  #values = new Float64Array(ROWS_AT_FIRST * FIELDS_MAX);
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
    if (row === this.#firstBuckets.length) {
      this.#firstBuckets = twice(this.#firstBuckets, new Int32Array(2 * row));
      this.#values = twice(this.#values, new Float64Array(2 * row * FIELDS_MAX));
    }
    this.#firstBuckets[row] = NONE;
    for (let at = 0; at < fields.length; at++) {
      if (fields[at].merge === 'min') this.#values[row * FIELDS_MAX + at] = Number.POSITIVE_INFINITY;
    }
    return row;
  }

  /** Adds what packRow() wrote. */
  addPacked(row: number, reader: ByteReader, form: { fields: readonly Field[]; hasHistogram: boolean }): void {
    const { fields, hasHistogram } = form;
    const values = this.#values;
    const mask = reader.whole();
    const floats = reader.whole();
    for (let at = 0; at < fields.length; at++) {
      const bit = 1 << at;
      if ((mask & bit) === 0) continue;
      const value = (floats & bit) === 0 ? reader.whole() : reader.float();
      const place = row * FIELDS_MAX + at;
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
    for (let at = 0; at < fields.length; at++) into[fields[at].name] = this.#values[row * FIELDS_MAX + at];
    if (into.histogram !== undefined) this.#readBuckets(row, into.histogram);
    const errors = this.#errors.get(row);
    if (errors !== undefined) into.errorsBySqlstate = errors;
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

function twice<Numbers extends Int32Array | Float64Array>(numbers: Numbers, larger: Numbers): Numbers {
  larger.set(numbers);
  return larger;
}
