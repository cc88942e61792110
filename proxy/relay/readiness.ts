// Decides when a start counts as ready: an observer has answered, or the wait took too long.
// Invariant: once ready, always ready, whatever happens to the observer later. Traffic is relayed before that too.
// Not here: the answer to a probe (health.ts).

/** A start waits this long for an observer. Then it is ready without one. */
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
