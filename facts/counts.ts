// Counting by key, without zeros.
// Invariant: a key in such a map has a count that is not 0. Not here: anything about statements.

/** Adds to a count, leaving out what is zero. */
export function addTo<Key>(counts: Map<Key, number>, key: Key, more: number): void {
  if (more !== 0) counts.set(key, (counts.get(key) ?? 0) + more);
}

/** Adds every count of `more`. */
export function addAll<Key>(counts: Map<Key, number>, more: ReadonlyMap<Key, number>): void {
  for (const [key, count] of more) addTo(counts, key, count);
}

/** The key with the biggest count, the first of equal ones; undefined when empty. */
export function mostOf(counts: ReadonlyMap<string, number>): string | undefined {
  let most: string | undefined;
  for (const [key, count] of counts) if (most === undefined || count > counts.get(most)!) most = key;
  return most;
}
