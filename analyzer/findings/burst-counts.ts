// Counts the work of each pool by the statement that it is about.
// Invariant: at most nestingPairsMax pairs are counted. Not here: what is compared with these counts (nesting.ts).

import { limits } from '../../config/limits.js';

export class BurstCounts {
  readonly #byPool = new Map<string, Map<string, { all: number }>>();
  #pairs = 0;

  /** Hot path: once per unit that no tags name. False where it is one pair too many. */
  add({ pool, fingerprint }: { readonly pool: string; readonly fingerprint: string }): boolean {
    let ofPool = this.#byPool.get(pool);
    const known = ofPool?.get(fingerprint);
    if (known !== undefined) {
      known.all++;
      return true;
    }
    if (this.#pairs >= limits.nestingPairsMax) return false;
    this.#pairs++;
    if (ofPool === undefined) {
      ofPool = new Map();
      this.#byPool.set(pool, ofPool);
    }
    ofPool.set(fingerprint, { all: 1 });
    return true;
  }

  of(pool: string, fingerprint: string): number | undefined {
    return this.#byPool.get(pool)?.get(fingerprint)?.all;
  }
}
