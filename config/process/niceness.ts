// Sets the scheduling priority of the observing side.
// Invariant: a priority is only given up, never asked for: what was started nicer stays so, and needs no right.
// Not here: its share of a CPU (observer/intake/cpu-share.ts).

import { getPriority, setPriority } from 'node:os';

/** Nicer than the relay and than a Postgres on the same machine, so that traffic gets the CPU first. */
const OBSERVER_NICENESS = 5;

/** Of this process; in a thread, on Linux, of that thread alone. */
export function giveWayToTraffic(): void {
  if (getPriority() < OBSERVER_NICENESS) setPriority(OBSERVER_NICENESS);
}
