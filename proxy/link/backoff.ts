// How long to wait before a process that ended is started again: longer each time it ended soon, from the start after it lived for a while.
// Not here: starting it (observer-process.ts, relay-process.ts).

const MIN_MS = 100;
const MAX_MS = 10_000;
/** Who lived this long did not end because of how it was started. */
const HEALTHY_MS = 30_000;

export class Backoff {
  #nextMs = MIN_MS;
  #startedMs = 0;

  /** As if it had never ended. */
  reset(): void {
    this.#nextMs = MIN_MS;
  }

  started(): void {
    this.#startedMs = performance.now();
  }

  /** It ended: ms to wait before it is started again. */
  ended(): number {
    if (performance.now() - this.#startedMs > HEALTHY_MS) this.reset();
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, MAX_MS);
    return waitMs;
  }
}
