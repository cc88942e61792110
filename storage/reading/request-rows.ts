// Rows that reports are given of requests, by tag set.
// Invariant: a request is in the sums of one tag set; sums add up over segments.
// Not here: grouping by a tag (reports/requests.ts), the route that a tag set names (facts/work/routes.ts).

import type { RequestMeasureName, RequestStatementMeasureName } from '../../facts/measures.js';
import type { Found } from '../../facts/rollup-row.js';
import type { Sums } from '../../facts/sums.js';

/** All of which a request must have; `*` in a value stands for anything. */
export type Tags = ReadonlyArray<readonly [key: string, value: string]>;

/** Requests of one tag set over one segment. */
export interface RequestSeriesSums extends Sums<RequestMeasureName> {
  tagSet: string;
  found: Found;
}

/** One statement within requests, over one segment. */
export interface RequestStatementSums extends Sums<RequestStatementMeasureName> {
  fingerprint: string;
  source: string;
}

export interface RequestPartSums {
  tagSet: string;
  source: string;
  /** Name, or '(other)'. */
  pool: string;
  statements: number;
}

export interface RequestHistograms {
  tagSet: string;
  /** Both as LogHistogram encodes them. */
  statementHistogram: Uint8Array;
  serviceHistogram: Uint8Array;
}
