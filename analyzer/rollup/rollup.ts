// What is counted per minute: the shapes of rollup rows, and adding an execution to them.
// Invariant: a row only grows; two rows with the same key merge by addition (min/max/histogram included), in any order.
// Not here: which source or pool an execution has (attribution, pools), and where rows go (storage).

import { LogHistogram } from './histogram.js';

/** What identifies a rollup row. Strings are those shown to people. */
export interface RollupKey {
  /** Start of the minute, in minutes since the Unix epoch. */
  minute: number;
  /** Pool id (`Pool.id`), or '(other)'. */
  pool: string;
  source: string;
  construct: string;
  /** 16 characters; see fingerprint/fingerprint.ts. */
  fingerprint: string;
}

export class RollupRow {
  readonly key: RollupKey;
  /** Calls by confidence, in the order of CONFIDENCES. Errors are not in them. */
  callsCertain = 0;
  callsStrong = 0;
  callsWeak = 0;
  callsNone = 0;
  batchedCalls = 0;
  errors = 0;
  /** SQLSTATE → count; undefined until the first error. */
  errorsBySqlstate: Map<string, number> | undefined = undefined;
  rows = 0;
  requestBytes = 0;
  responseBytes = 0;
  /** Calls and errors, batched ones included. */
  serviceTotalNs = 0;
  /** Not batched only; min is Infinity while there is none. */
  serviceMinNs = Number.POSITIVE_INFINITY;
  serviceMaxNs = 0;
  firstRowCount = 0;
  firstRowTotalNs = 0;
  clientStallTotalNs = 0;
  waitTotalNs = 0;
  /** Of serviceNs, not batched only. */
  readonly histogram = new LogHistogram();

  constructor(key: RollupKey) {
    this.key = key;
  }

  get calls(): number {
    return this.callsCertain + this.callsStrong + this.callsWeak + this.callsNone;
  }
}
