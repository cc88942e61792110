// Entries of a catalogue for stores that are made up, as measurements want them.
// Not here: their counts (generate-store.mjs, bench/lib/big-store.mjs).

/** The n-th of many statements that differ. @param {number} n */
export function fingerprintOf(n) {
  return (0xabc0000000000000n + BigInt(n)).toString(16);
}

/** @param {number} n */
export function catalogueEntryOf(n) {
  return {
    fingerprint: fingerprintOf(n),
    query: `SELECT a.id, a.name, b.total FROM table_${n} a JOIN other_${n % 97} b ON b.id = a.other_id WHERE a.id = ?`,
    summary: `SELECT table_${n} other_${n % 97}`,
    command: 'SELECT',
    keyHash: `key-${n}`,
    grammar: 'made up',
  };
}
