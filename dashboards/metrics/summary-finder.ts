// Finds in the store the summary of a statement that has series of its own.
// Invariant: a store that cannot be read fails no scrape. Not here: keeping what was found (state/top-statements.ts).

import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { StoreError } from '../../storage/store-error.js';

/** For MetricsExporter: '' while the catalogue does not have the statement or cannot be read. */
export function summaryFinder(reader: StoreReader): (fingerprint: string) => string {
  return (fingerprint) => {
    try {
      return reader.read((stored) => stored.textsOf([fingerprint]))[0]?.summary ?? '';
    } catch (error) {
      // A scrape must not fail because of a label; the flush reports the fault of the disk.
      if (error instanceof StoreError) return '';
      throw error;
    }
  };
}
