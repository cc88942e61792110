// The numbers of one row as bytes of the journal.
// Invariant: a field that has its first value takes no byte; the others are as they are, to the last bit.
// Not here: what identifies the row (packed-entry.ts), reading them (sum-table.ts).

import type { LogHistogram } from '../../../facts/histogram.js';
import type { ByteWriter } from './packed-bytes.js';
import type { Field } from './row-forms.js';

/** Of a row without its buckets and SQLSTATEs: 20 fields and more. */
const ROW_BYTES = 320;

/** A row as it is added up; names are those of its fields. */
export type Sums = Record<string, number>;

export interface Beside {
  histogram?: LogHistogram;
  errorsBySqlstate?: Map<string, number>;
}

export function packRow(writer: ByteWriter, fields: readonly Field[], row: Sums & Beside): void {
  const { histogram, errorsBySqlstate } = row;
  writer.reserve(ROW_BYTES + 16 * (histogram?.buckets.size ?? 0));
  let mask = 0;
  let floats = 0;
  for (let at = 0; at < fields.length; at++) {
    const { name, merge } = fields[at];
    const value = row[name];
    if (Number.isNaN(value) || value === (merge === 'min' ? Number.POSITIVE_INFINITY : 0)) continue;
    mask |= 1 << at;
    if (!isWhole(value)) floats |= 1 << at;
  }
  writer.whole(mask);
  writer.whole(floats);
  for (let at = 0; at < fields.length; at++) {
    const bit = 1 << at;
    if ((mask & bit) === 0) continue;
    const value = row[fields[at].name];
    if ((floats & bit) === 0) writer.whole(value);
    else writer.float(value);
  }
  if (histogram !== undefined) {
    writer.whole(histogram.buckets.size);
    for (const [index, count] of histogram.buckets) {
      writer.whole(index);
      writer.whole(count);
    }
  }
  if (errorsBySqlstate === undefined) {
    writer.whole(0);
    return;
  }
  writer.whole(errorsBySqlstate.size);
  for (const [sqlstate, count] of errorsBySqlstate) {
    writer.reserve(ROW_BYTES + 3 * sqlstate.length);
    writer.text(sqlstate);
    writer.whole(count);
  }
}

export function isWhole(value: number): boolean {
  return value >= 0 && Number.isSafeInteger(value);
}
