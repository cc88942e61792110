// Which normalised texts the store has yet to be given.
// Invariant: a text is in the same flush as the first count under its fingerprint, or in an earlier one; of a store that began anew
// (another generation) everything is given again. Not here: the texts (fingerprint/), the table (storage).

import type { CatalogueEntry } from '../../facts/flush.js';
import { UNKNOWN_TEXT } from '../fingerprint/fingerprint.js';
import { GRAMMAR } from '../fingerprint/grammar.js';
import { OTHER } from '../rollup/rollups.js';
import type { Identity } from './facts-of-text.js';

/** Fingerprints that stand for no text. */
const PLACES: readonly CatalogueEntry[] = [
  place(UNKNOWN_TEXT, '(text unknown)'),
  place(OTHER, '(statements beyond the cap of one minute)'),
];

export class Catalogue {
  #generation = 1;
  #pending: CatalogueEntry[] = [...PLACES];

  /** Hot path: once per execution. */
  note(identity: Identity): void {
    if (identity.facts.storedIn === this.#generation) return;
    identity.facts.storedIn = this.#generation;
    const { fingerprint, query, summary, command, keyHash } = identity;
    this.#pending.push({ fingerprint, query, summary, command, keyHash, grammar: GRAMMAR });
  }

  pending(): readonly CatalogueEntry[] {
    return this.#pending;
  }

  stored(): void {
    this.#pending = [];
  }

  /** The store began anew: what it had is gone. */
  storeAgain(): void {
    this.#generation++;
    this.#pending = [...PLACES];
  }
}

function place(fingerprint: string, query: string): CatalogueEntry {
  return { fingerprint, query, summary: '', command: '', keyHash: '', grammar: GRAMMAR };
}
