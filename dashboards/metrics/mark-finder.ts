// When a mark was set last, by kind, looked up in the store: marks of people come by another process.
// Invariant: every kind has a time, 0 while there is no mark, so that the first one shows as a change. Not here: names of marks, which are no labels.

import type { Reader } from '../../storage/sqlite/read/reader.js';
import { latestMarks } from '../../storage/sqlite/tables/marks.js';
import { StoreError } from '../../storage/store-error.js';

const KINDS = ['manual', 'ddl', 'app-version'] as const;

/** For MetricsExporter: kind → Unix ms. */
export function markFinder(reader: Reader): () => ReadonlyMap<string, number> {
  return () => {
    const times = new Map<string, number>(KINDS.map((kind) => [kind, 0]));
    try {
      for (const { kind, atMs } of reader.read(latestMarks)) if (times.has(kind)) times.set(kind, atMs);
    } catch (error) {
      // As with summaries: a scrape does not fail for it.
      if (!(error instanceof StoreError)) throw error;
    }
    return times;
  };
}
