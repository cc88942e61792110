// The minute, in which everything is counted.
// Not here: minutes rolled up into hours and days (storage/sqlite/), moments as people write them
// (config/values/units.ts).

export const MINUTE_MS = 60_000;

/** The minute of a moment, in minutes since the Unix epoch. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / MINUTE_MS);
}
