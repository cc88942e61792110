// When a start counts as ready: an observer has answered, or it has been waited for long enough.
// Invariant: once ready, always ready: what becomes of the observer later changes nothing. Traffic is relayed before it is ready too.
// Not here: the answer to a probe (health.ts).

/** How long a start waits for an observer before it is ready without one. */
const WAIT_MS = 5_000;

export class Readiness {
  readonly #observed: () => boolean;
  readonly #untilMs = performance.now() + WAIT_MS;
  #ready = false;

  /** `observed`: an observer has answered, or none is wanted. */
  constructor(observed: () => boolean) {
    this.#observed = observed;
  }

  get ready(): boolean {
    this.#ready ||= this.#observed() || performance.now() >= this.#untilMs;
    return this.#ready;
  }
}
