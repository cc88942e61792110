// What is counted of one statement with one set of comment tags in one minute.
// Invariant: a type alone; the sums can be added to those of another minute. Not here: counting (analyzer/rollup/tag-rollups.ts).

import type { LogHistogram } from './histogram.js';

export interface TagRollup {
  minute: number;
  fingerprint: string;
  source: string;
  /** Canonical JSON object of the tag set, keys sorted; '(other)' beyond the cap. */
  tagSet: string;
  calls: number;
  batchedCalls: number;
  errors: number;
  rows: number;
  /** Requests of the application that ran it; 0 where comments name none. */
  requests: number;
  /** Calls and errors, batched ones included. */
  serviceTotalNs: number;
  /** Not batched only; min is Infinity while there is none. */
  serviceMinNs: number;
  serviceMaxNs: number;
  histogram: LogHistogram;
}
