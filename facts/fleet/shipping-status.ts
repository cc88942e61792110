// The state of shipping to the store of a fleet, for metrics and for people.
// Not here: shipping (observer/shipping/).

export interface ShippingStatus {
  /** host:port/database. */
  place: string;
  /** Rows that the store took in this run, by level; others have none. */
  rows: { minutes: number; hours: number; days: number; others: number };
  /** Attempts that failed in this run, by code. */
  failures: Record<string, number>;
  /** Unix ms; undefined while it works. */
  failingSinceMs: number | undefined;
  /** What failed last and what to do, while it fails. */
  error: string | undefined;
  /** Unix ms of the last sending; 0 = never. */
  sentMs: number;
  /** Unix ms since when the oldest waits of what waits; undefined = nothing does. */
  waitingSinceMs: number | undefined;
  /** Rows that were not sent: the fleet's store keeps none as old. */
  expired: { minutes: number; hours: number; days: number };
  /** Rows that were dropped before they were sent. */
  dropped: { minutes: number; hours: number; days: number };
}

/** How far a data directory is shipped. */
export interface StoredShipping {
  /** host:port/database. */
  place: string;
  /** Unix ms since when the store is not reached; null while it is. */
  failingSinceMs: number | null;
  /** What fails and what to do, while it fails. */
  error: string | null;
  /** Unix ms of the last sending; null = never. */
  sentMs: number | null;
  /** Unix ms of the oldest change that waits; null = none does. */
  waitingSinceMs: number | null;
  /** Rows of minutes, hours and days that wait. */
  waitingRows: number;
  /** Rows that retention dropped before they were sent. */
  droppedRows: number;
  /** Rows that were too old for the store of the fleet. */
  expiredRows: number;
}
