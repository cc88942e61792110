// Measures this process, the observer, for its own metrics.
// Invariant: a stall is seen by every scraper that comes at least every LAG_WINDOW_MS. Not here: relay and
// supervisor, which send their numbers in their status.

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { ProcessUse } from './catalogue/family.js';

const LAG_RESOLUTION_MS = 10;
/** The usual time between two scrapes. */
const LAG_WINDOW_MS = 15_000;

export class ObserverProcess implements ProcessUse {
  readonly #lag: IntervalHistogram = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  #lagBeforeNs = 0;
  #lagSinceMs = performance.now();

  constructor() {
    this.#lag.enable();
  }

  close(): void {
    this.#lag.disable();
  }

  /**
   * Worst delay of the last LAG_WINDOW_MS to twice that. The histogram holds times between ticks, resolution
   * included.
   */
  loopLagNs(): number {
    const nowMs = performance.now();
    const currentNs = Math.max(0, this.#lag.max - LAG_RESOLUTION_MS * 1e6);
    const worstNs = Math.max(this.#lagBeforeNs, currentNs);
    if (nowMs - this.#lagSinceMs >= LAG_WINDOW_MS) {
      this.#lagBeforeNs = currentNs;
      this.#lagSinceMs = nowMs;
      this.#lag.reset();
    }
    return worstNs;
  }

  cpuNs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1_000;
  }

  residentBytes(): number {
    return process.memoryUsage.rss();
  }
}
