// What the statements with metrics of their own are about, looked up in the store's catalogue.
// Not here: keeping what was found (top-statements.ts).

import { textsOf } from '../../storage/sqlite/read/query-catalogue.js';
import type { Reader } from '../../storage/sqlite/read/reader.js';
import { StoreError } from '../../storage/store-error.js';

/** For MetricsExporter: '' while the catalogue does not have the statement or cannot be read. */
export function summaryFinder(reader: Reader): (fingerprint: string) => string {
  return (fingerprint) => {
    try {
      return reader.read((rows) => textsOf(rows, [fingerprint]))[0]?.summary ?? '';
    } catch (error) {
      // A scrape must not fail for want of a label; the flush says what is wrong with the disk.
      if (error instanceof StoreError) return '';
      throw error;
    }
  };
}
