// The protocol of everything that waits for a flush.
// Invariant: each pending() gives every row that waits, until stored(). After that no row is given again, unless the
// store began anew. Not here: the holders (analyzer/, observer/), the part of a flush each fills
// (observer/flush-parts.ts).

/** Holds rows of one part of a flush until they are stored. */
export interface Pending<Row> {
  /** Everything that is not stored yet. Changes nothing: asked again, it gives the same rows again. */
  pending(): Iterable<Row>;
  /** Everything that pending() gave is stored. A flush is synchronous, so nothing came in between. */
  stored(): void;
  /** The store is new and empty: rows given once, or on change, wait again. Holders of deltas leave it out. */
  storeAgain?(): void;
}
