// Knows which normalised texts the store does not have yet.
// Invariant: a text is in the same flush as the first count under its fingerprint, or in an earlier one. A store that
// began anew (another generation) gets each text with its next execution. Not here: the texts (fingerprint/), the table
// (storage/sqlite/).

import type { CatalogueEntry } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import { UNKNOWN_TEXT } from '../fingerprint/fingerprint.js';
import { GRAMMAR } from '../fingerprint/grammar.js';
import { OTHER } from '../rollup/rollups.js';
import type { Identity } from './facts-of-text.js';

/** Fingerprints that stand for no text. */
const PLACES: readonly CatalogueEntry[] = [
  place(UNKNOWN_TEXT, '(text unknown)'),
  place(OTHER, '(statements beyond the cap of one minute)'),
];

export class Catalogue implements Pending<CatalogueEntry> {
  /** Number of the store; a new one has no texts. */
  #generation = 1;
  /** Number of the interval since the last flush. */
  #interval = 1;
  /** Texts that were executed since the last flush, stored or not. */
  #noted: Identity[] = [];
  #placesStoredIn = 0;

  /** Hot path: once per execution. */
  note(identity: Identity): void {
    const { facts } = identity;
    if (facts.notedIn >= this.#interval) return;
    facts.notedIn = this.#interval;
    this.#noted.push(identity);
  }

  *pending(): Iterable<CatalogueEntry> {
    if (this.#placesStoredIn !== this.#generation) yield* PLACES;
    for (const { fingerprint, query, summary, command, keyHash, facts } of this.#noted) {
      if (facts.storedIn !== this.#generation)
        yield { fingerprint, query, summary, command, keyHash, grammar: GRAMMAR };
    }
  }

  stored(): void {
    this.#placesStoredIn = this.#generation;
    for (const { facts } of this.#noted) facts.storedIn = this.#generation;
    this.#noted = [];
    this.#interval++;
  }

  storeAgain(): void {
    this.#generation++;
  }
}

function place(fingerprint: string, query: string): CatalogueEntry {
  return { fingerprint, query, summary: '', command: '', keyHash: '', grammar: GRAMMAR };
}
