// Finds the entry of the ledger that each place of the code goes on with, moved or changed.
// Invariant: an entry is followed by one place at most; where several could be meant, none is.
// Not here: what is written then (update.ts).

import type { CodePlace } from '../catalogue.js';
import { type LedgerEntry, placeAt } from './ledger.js';

/** A place that is to move, with what is known of it. */
export interface ToMove {
  readonly place: CodePlace;
  readonly complexity: string | null;
  /** Of its texts, and of what it was seen to send. */
  readonly fingerprints: readonly string[];
  readonly routes: readonly string[];
}

export interface Followed {
  /** By index of the entry. */
  readonly places: ReadonlyMap<number, ToMove>;
  /** Places without an entry. */
  readonly added: readonly ToMove[];
  /** Indexes of entries whose place is not in the code any more. */
  readonly left: readonly number[];
}

/** By id; then by the same statements in another place; then by file, function and kind, with other texts. */
export function followPlaces(entries: readonly LedgerEntry[], places: readonly ToMove[]): Followed {
  const found = new Map<number, ToMove>();
  let left = entries.map((_, index) => index);
  let added = [...places];
  const keys: ReadonlyArray<readonly [ofEntry: (entry: LedgerEntry) => string, ofPlace: (one: ToMove) => string]> = [
    [({ id }) => id, ({ place }) => place.id],
    [
      ({ kind, statements }) => (statements.length === 0 ? '' : [kind, ...[...statements].sort()].join(' ')),
      ({ place, fingerprints }) =>
        fingerprints.length === 0 ? '' : [place.kind, ...[...new Set(fingerprints)].sort()].join(' '),
    ],
    [
      (entry) => `${placeAt(entry.at).file} ${entry.function} ${entry.kind}`,
      ({ place }) => `${place.file} ${place.function} ${place.kind}`,
    ],
  ];
  for (const [ofEntry, ofPlace] of keys) {
    const byKey = onlyOnes(added, ofPlace);
    const ofLeft = onlyOnes(left, (index) => ofEntry(entries[index]));
    for (const [key, index] of ofLeft) {
      const one = byKey.get(key);
      if (one !== undefined) found.set(index, one);
    }
    left = left.filter((index) => !found.has(index));
    const taken = new Set(found.values());
    added = added.filter((one) => !taken.has(one));
  }
  return { places: found, added, left };
}

/** By their keys, those that share it with no other; '' is no key. */
function onlyOnes<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item> {
  const byKey = new Map<string, Item>();
  const shared = new Set<string>(['']);
  for (const item of items) {
    const key = keyOf(item);
    if (byKey.has(key)) shared.add(key);
    byKey.set(key, item);
  }
  for (const key of shared) byKey.delete(key);
  return byKey;
}
