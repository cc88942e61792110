// Looks for damage in the database file, past what connections keep in memory.
// Invariant: looking without a reason reads a small file alone, and now and then.
// Not here: what becomes of a damaged file (sqlite-store.ts).

import { statSync } from 'node:fs';
import { makeStoreError } from './failures.js';
import { requireSoundFile } from './open-database.js';

const LOOK_EVERY_MS = 60_000;
/** Reading so much takes some tens of milliseconds … */
const SMALL_BYTES = 16 * 1024 * 1024;
/** … and this some hundreds, where somebody met damage. In a bigger file the word is taken. */
const READ_BYTES_MAX = 64 * 1024 * 1024;

export class DamageWatch {
  readonly #path: string;
  readonly #everyMs: number;
  #lookedMs = performance.now();

  constructor(path: string, everyMs = LOOK_EVERY_MS) {
    this.#path = path;
    this.#everyMs = everyMs;
  }

  /** Throws StoreError 'corrupt'. */
  lookIfDue(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < this.#everyMs || statSync(this.#path).size > SMALL_BYTES) return;
    this.#lookedMs = nowMs;
    requireSoundFile(this.#path);
  }

  /** Somebody met damage, in the words of `reported`. Throws StoreError 'corrupt' where there is some. */
  look(reported: string): void {
    if (statSync(this.#path).size > READ_BYTES_MAX) throw makeStoreError('corrupt', reported);
    requireSoundFile(this.#path);
  }
}
