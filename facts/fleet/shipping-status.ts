// The state of shipping to the store of a fleet, for metrics.
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
