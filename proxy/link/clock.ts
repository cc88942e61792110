// The relay's two clocks: monotonic for durations, wall for minutes.
// Invariant: durations never come from the wall clock, and the wall clock is derived from the monotonic one with an offset that is
// renewed once a second, so that a step of the system clock moves minutes and no duration.

import { performance } from 'node:perf_hooks';

export class Clock {
  #offsetMs = Date.now() - performance.now();

  /** Monotonic, ms with a fraction. */
  now(): number {
    return performance.now();
  }

  /** Wall clock of a monotonic reading, ms since the Unix epoch. */
  wall(nowMs: number): number {
    return nowMs + this.#offsetMs;
  }

  /** Follow the system clock; called by a timer, not per chunk (Date.now costs as much as the rest of the bookkeeping). */
  renew(): void {
    this.#offsetMs = Date.now() - performance.now();
  }
}
