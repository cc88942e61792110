// The time in which an observer ran, and samples of the connections that went past it.
// Invariant: no literal is in it. Not here: gaps, of which something is known to be missing (flush.ts).

/** A run of the observer, in minutes since the Unix epoch. */
export interface WatchedTime {
  readonly fromMinute: number;
  /** The last minute in which it flushed. */
  readonly untilMinute: number;
}

export interface BypassClient {
  readonly user: string;
  readonly applicationName: string;
  readonly connections: number;
}

/** Sessions of the server that did not come through pgwitness, at one moment of a minute. */
export interface BypassSample {
  readonly minute: number;
  /** null = it could not be told. */
  readonly connections: number | null;
  readonly clients: readonly BypassClient[];
  /** Why it could not be told; '' = it was. */
  readonly reason: string;
}
