// Computes the wait before a process that ended is started again.
// Invariant: the wait doubles each time the process ends soon, up to a maximum, and starts anew after a healthy life.
// Not here: starting it (observer-process.ts, relay-process.ts).

const MIN_MS = 100;
const MAX_MS = 10_000;
/** A process that lived this long did not end because of its start. */
const HEALTHY_MS = 30_000;

export class Backoff {
  #nextMs = MIN_MS;
  #startedMs = 0;

  /** Forgets all earlier ends. */
  reset(): void {
    this.#nextMs = MIN_MS;
  }

  started(): void {
    this.#startedMs = performance.now();
  }

  /** The process ended. Returns the ms to wait before it is started again. */
  ended(): number {
    if (performance.now() - this.#startedMs > HEALTHY_MS) this.reset();
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, MAX_MS);
    return waitMs;
  }
}
