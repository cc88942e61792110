// How far the observing side stands back for traffic. Not here: its share of a CPU (observer/intake/cpu-share.ts).

/** Below the relay and below a Postgres beside it: when they want the CPU, traffic goes first. */
export const OBSERVER_NICENESS = 5;
