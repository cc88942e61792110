// Keeps the catalogue of texts within its bound, some statements at a time: the oldest go.
// Invariant: those seen least recently of a whole round go first, and only those that no rollup names any more.
// Not here: forgetting one (../tables/catalogue.ts), when (retention.ts).

import type { Rows } from '../file/rows.js';
import { catalogueEntries, forgetStatement, type SeenStatement, seenAfter } from '../tables/catalogue.js';

/** Statements that are looked at in one step: some milliseconds. */
const LOOKED_AT = 2000;
/** A round remembers so many, the least recently seen; the next round finds the next ones. */
const REMEMBERED_MAX = 5000;

export interface CatalogueStep {
  entriesMax: number;
  /** Unix ms: those seen since then stay. */
  beforeMs: number;
  /** By performance.now(): nothing is begun after that, but one step is. */
  untilMs: number;
}

export class CatalogueBound {
  /** Where the round stands; undefined = it is over, and those that it found are to go. */
  #after: string | undefined = '';
  #found: SeenStatement[] = [];

  /** Inside a transaction. Returns true when statements left the catalogue. */
  step(rows: Rows, step: CatalogueStep): boolean {
    const excess = catalogueEntries(rows) - step.entriesMax;
    if (excess <= 0) return false;
    if (this.#after !== undefined) this.#look(rows, this.#after, step.beforeMs);
    if (this.#after !== undefined) return false;
    let forgotten = 0;
    do {
      const oldest = this.#found.shift();
      if (oldest === undefined) break;
      if (forgetStatement(rows, oldest.fingerprint, step.beforeMs)) forgotten++;
    } while (forgotten < excess && performance.now() < step.untilMs);
    if (this.#found.length === 0) this.#after = '';
    return forgotten > 0;
  }

  #look(rows: Rows, after: string, beforeMs: number): void {
    const seen = seenAfter(rows, after, LOOKED_AT);
    for (const one of seen) if (one.seenMs < beforeMs) this.#found.push(one);
    this.#after = seen.length < LOOKED_AT ? undefined : seen.at(-1)?.fingerprint;
    if (this.#after !== undefined && this.#found.length < 2 * REMEMBERED_MAX) return;
    this.#found.sort((a, b) => a.seenMs - b.seenMs);
    this.#found.length = Math.min(this.#found.length, REMEMBERED_MAX);
  }
}
