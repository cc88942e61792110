// Marks of a window, and the one that a name means. Not here: setting marks (sqlite/mark-writer.ts), where automatic ones come from (analyzer/marks.ts).

import type { TimeBounds } from './sqlite/frame.js';
import { latestMark, marksIn } from './sqlite/marks.js';
import type { Reader } from './sqlite/reader.js';
import type { MarkRow } from './store.js';

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
