// Types of single executions, as `pgwitness tail` shows them.
// Invariant: no literal is in them. Not here: keeping executions (analyzer/notable/tail.ts).

export interface ExecutionFacts {
  readonly atMs: number;
  /** Tells sessions of one observer apart. */
  readonly session: string;
  readonly pool: string;
  readonly source: string;
  readonly construct: string;
  readonly fingerprint: string;
  readonly serviceNs: number;
  readonly rows: number;
  /** '' = it completed. */
  readonly sqlstate: string;
  /** 1 for the first statement of a transaction; 0 = outside of one. */
  readonly transactionPosition: number;
  /** Canonical JSON object of its dimensions; '' = none. */
  readonly tagSet: string;
  /** What names the request of the application; '' = nothing does. */
  readonly request: string;
}

export interface TailBatch {
  /** To ask from next time. */
  readonly sequence: number;
  /** Executions between the last batch and this one that were no longer kept. */
  readonly missed: number;
  readonly executions: readonly ExecutionFacts[];
  /** Normalised texts, by fingerprint, that the store does not have yet. */
  readonly texts: ReadonlyMap<string, string>;
}
