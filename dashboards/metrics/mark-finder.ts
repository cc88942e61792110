// Finds in the store when a mark of each kind was set last.
// `pgwitness mark` writes marks from another process.
// Invariant: every kind has a time, 0 while there is no mark, so that the first mark shows as a change.
// Not here: names of marks, which are never labels.

import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { StoreError } from '../../storage/store-error.js';

const KINDS = ['manual', 'ddl', 'app-version'] as const;

/** For MetricsExporter: Unix ms by kind. */
export function markFinder(reader: StoreReader): () => ReadonlyMap<string, number> {
  return () => {
    const times = new Map<string, number>(KINDS.map((kind) => [kind, 0]));
    try {
      for (const { kind, atMs } of reader.read((stored) => stored.latestMarks()))
        if (times.has(kind)) times.set(kind, atMs);
    } catch (error) {
      // A scrape must not fail because of a label; the flush reports the fault of the disk.
      if (!(error instanceof StoreError)) throw error;
    }
    return times;
  };
}
