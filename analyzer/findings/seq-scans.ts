// Knows the statements whose plans read a whole table, since this process began.
// Invariant: bounded: the oldest goes. Not here: the rule (kinds/seq-scan.ts), keeping plans
// (storage/sqlite/tables/samples.ts).

import { limits } from '../../config/limits.js';
import type { PlanRow } from '../../facts/flush.js';
import { readsWholeTable } from './kinds/seq-scan.js';

export class SeqScans {
  readonly #fingerprints = new Set<string>();

  get fingerprints(): ReadonlySet<string> {
    return this.#fingerprints;
  }

  /** The newest plan of a statement counts; one that could not be had says nothing. */
  note({ fingerprint, plan }: Pick<PlanRow, 'fingerprint' | 'plan'>): void {
    if (plan === '') return;
    this.#fingerprints.delete(fingerprint);
    if (!readsWholeTable(plan)) return;
    if (this.#fingerprints.size >= limits.seqScansMax) {
      const [oldest] = this.#fingerprints;
      this.#fingerprints.delete(oldest);
    }
    this.#fingerprints.add(fingerprint);
  }
}
