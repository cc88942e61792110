// The marks of a window.
// Invariant: the oldest comes first. Not here: setting marks (storage/sqlite/write/mark-writer.ts), automatic ones
// (analyzer/notable/marks.ts).

import type { MarkRow } from '../facts/flush.js';
import type { Reader } from '../storage/sqlite/read/reader.js';
import type { TimeBounds } from '../storage/sqlite/read/span.js';
import { markNamed, marksIn } from '../storage/sqlite/tables/marks.js';

/** Oldest first. Throws StoreError. */
export function reportMarks(reader: Reader, bounds: TimeBounds = {}): MarkRow[] {
  const sinceMs = bounds.sinceMs ?? 0;
  const untilMs = bounds.untilMs ?? Number.MAX_SAFE_INTEGER;
  return reader.read((rows) => marksIn(rows, { sinceMs, untilMs }));
}

/** When the last mark of this name was set, in Unix ms. Throws StoreError. */
export function markMoment(reader: Reader, name: string): number | undefined {
  return reader.read((rows) => markNamed(rows, name));
}
