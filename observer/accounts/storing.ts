// Keeps account of storing: since when it fails, how often and why.
// Invariant: a failure is counted once per flush that the store refused. Not here: trying again (observer.ts).

import { noFailures, type StoringHealth } from '../../facts/flush.js';

export class Storing {
  readonly #failures = noFailures();
  #failing = false;
  /** Unix ms; of this process's start until the first flush is stored. */
  #storedMs: number;
  #hasStored = false;

  constructor(startedMs: number) {
    this.#storedMs = startedMs;
  }

  /** Unix ms: everything up to then is stored. */
  get storedMs(): number {
    return this.#storedMs;
  }

  get failing(): boolean {
    return this.#failing;
  }

  /** Returns true when storing worked before. */
  failed(code: string): boolean {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
    const began = !this.#failing;
    this.#failing = true;
    return began;
  }

  /** Returns true when storing failed before. */
  stored(nowMs: number): boolean {
    const mended = this.#failing;
    this.#failing = false;
    this.#storedMs = nowMs;
    this.#hasStored = true;
    return mended;
  }

  health(unstoredExecutions: number): StoringHealth {
    const storedMs = this.#hasStored ? this.#storedMs : 0;
    return { failing: this.#failing, storedMs, failures: this.#failures, unstoredExecutions };
  }
}
