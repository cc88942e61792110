// One slow execution, with what leads back to the request that ran it.
// Invariant: a type alone; nothing in it is a literal of the statement. Not here: choosing samples (analyzer/notable/samples.ts).

export interface SlowSample {
  fingerprint: string;
  source: string;
  atMs: number;
  serviceNs: number;
  waitNs: number;
  rows: number;
  /** '' = it completed. */
  sqlstate: string;
  pool: string;
  /** Canonical JSON object, '' = none. */
  tagSet: string;
  traceId: string;
  requestId: string;
  /** 1 for the first statement of a transaction; 0 = outside of one. */
  transactionPosition: number;
}
