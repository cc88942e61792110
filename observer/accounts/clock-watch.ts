// Notices that the system's clock was set, by comparing it with the monotonic clock at every flush.
// Invariant: a step of at least STEP_MS is told once, with both moments. Not here: what a step does to minutes
// (analyzer/rollup/rollups.ts).

const STEP_MS = 60_000;
/** For so long after a step nothing is dropped for its age: the clock may be set right again. */
const UNTRUSTED_MS = 3_600_000;

export interface ClockStep {
  /** Unix ms by the clock before and after. */
  fromMs: number;
  toMs: number;
}

export class ClockWatch {
  #wallMs: number | undefined;
  #monotonicMs = 0;
  #steppedMs = Number.NEGATIVE_INFINITY;

  /** @param monotonicMs of performance.now(), for tests. */
  look(wallMs: number, monotonicMs = performance.now()): ClockStep | undefined {
    const expectedMs = this.#wallMs === undefined ? wallMs : this.#wallMs + (monotonicMs - this.#monotonicMs);
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    if (Math.abs(wallMs - expectedMs) < STEP_MS) return undefined;
    this.#steppedMs = monotonicMs;
    return { fromMs: expectedMs, toMs: wallMs };
  }

  /** The age of what is stored can be told. */
  isTrusted(monotonicMs = performance.now()): boolean {
    return monotonicMs - this.#steppedMs >= UNTRUSTED_MS;
  }
}
