// Reads the relay's two clocks: the monotonic one for durations, the wall clock for minutes.
// Invariant: no duration comes from the wall clock. The wall clock is the monotonic one plus an offset that is renewed
// once a second, so a step of the system clock changes minutes but no duration.

import { performance } from 'node:perf_hooks';

export class Clock {
  #offsetMs = Date.now() - performance.now();

  /** Monotonic clock, ms with a fraction. */
  now(): number {
    return performance.now();
  }

  /** Wall clock of a monotonic reading, ms since the Unix epoch. */
  wall(nowMs: number): number {
    return nowMs + this.#offsetMs;
  }

  /** Follows the system clock. Called by a timer: per chunk Date.now would cost as much as the other bookkeeping. */
  renew(): void {
    this.#offsetMs = Date.now() - performance.now();
  }
}
