// Measures how late the event loop of this process was.
// Not here: what follows from it (loop-breaker.ts), where it is reported (ticks.ts, supervisor/supervisor.ts).

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** The histogram holds the time between two looks: this interval plus the loop's delay. */
const RESOLUTION_MS = 20;

export class LoopLag {
  readonly #looks: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#looks.enable();
  }

  /** The longest delay since the last call, in ms. */
  takeMs(): number {
    const lagMs = Math.max(0, this.#looks.max / 1e6 - RESOLUTION_MS);
    this.#looks.reset();
    return lagMs;
  }

  stop(): void {
    this.#looks.disable();
  }
}
