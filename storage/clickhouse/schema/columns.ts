// Columns that tables of the fleet's store have in common, with the codecs that fit them.
// Invariant: a codec changes no value. Not here: which table has which (rollups.ts, others.ts).

import type { FleetColumn } from './table.js';

/** For numbers that are small most often. */
const SMALL = 'T64, ZSTD(1)';
/** For those that ranking reads of all rows of a window: read in less time, and not much larger. */
export const FAST = 'T64, LZ4';

export function counts(...names: readonly string[]): FleetColumn[] {
  return names.map((name) => [name, 'UInt64', SMALL]);
}

export function squares(...names: readonly string[]): FleetColumn[] {
  return names.map((name) => [name, 'Float64', 'ZSTD(1)']);
}

export function texts(...names: readonly string[]): FleetColumn[] {
  return names.map((name) => [name, 'String', 'ZSTD(1)']);
}

export function names(...list: readonly string[]): FleetColumn[] {
  return list.map((name) => [name, 'LowCardinality(String)']);
}

export function histogram(name: string): FleetColumn {
  return [name, 'Map(UInt16, UInt64)', 'ZSTD(1)'];
}

export const BUCKET: readonly FleetColumn[] = [
  ['span_s', 'UInt32', 'LZ4'],
  ['bucket_min', 'UInt32', FAST],
];
export const MINIMUM: FleetColumn = ['service_min_ns', 'Nullable(UInt64)', 'ZSTD(1)'];
export const AT: FleetColumn = ['at_ms', 'UInt64', 'Delta, ZSTD(1)'];
export const SEEN = counts('first_seen_ms', 'last_seen_ms');

export const STATEMENT_KEY = [...texts('fingerprint'), ...names('source')];
