// The marks of a window.
// Invariant: the oldest comes first. Not here: setting marks (storage/sqlite/write/mark-writer.ts), automatic ones
// (analyzer/notable/marks.ts).

import type { MarkRow } from '../facts/flush.js';
import type { TimeBounds } from '../storage/reading/span.js';
import type { StoreReader } from '../storage/reading/stored-facts.js';

/** Oldest first. Throws StoreError. */
export function reportMarks(reader: StoreReader, bounds: TimeBounds = {}): MarkRow[] {
  const sinceMs = bounds.sinceMs ?? 0;
  const untilMs = bounds.untilMs ?? Number.MAX_SAFE_INTEGER;
  return reader.read((stored) => stored.marksIn({ sinceMs, untilMs }));
}

/** When the last mark of this name was set, in Unix ms. Throws StoreError. */
export function markMoment(reader: StoreReader, name: string): number | undefined {
  return reader.read((stored) => stored.markNamed(name));
}
