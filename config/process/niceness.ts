// Sets the scheduling priority of the observing side.
// Not here: its share of a CPU (observer/intake/cpu-share.ts).

/** Nicer than the relay and than a Postgres on the same machine, so that traffic gets the CPU first. */
export const OBSERVER_NICENESS = 5;
