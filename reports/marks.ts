// Marks of a window, and the one that a name means. Not here: setting marks (write/mark-writer.ts), where automatic ones come from (analyzer/notable/marks.ts).

import type { MarkRow } from '../facts/flush.js';
import type { Reader } from '../storage/sqlite/read/reader.js';
import type { TimeBounds } from '../storage/sqlite/read/span.js';
import { latestMark, marksIn } from '../storage/sqlite/tables/marks.js';

/** Oldest first. Throws StoreError. */
export function reportMarks(reader: Reader, bounds: TimeBounds = {}): MarkRow[] {
  const sinceMs = bounds.sinceMs ?? 0;
  const untilMs = bounds.untilMs ?? Number.MAX_SAFE_INTEGER;
  return reader.read((rows) => marksIn(rows, { sinceMs, untilMs }));
}

/** The last mark of exactly this name. */
export function findMark(reader: Reader, name: string): MarkRow | undefined {
  return reader.read((rows) => latestMark(rows, name));
}
