// Makes the tag set of a unit from that of a statement to which rules of the user add tags.
// Invariant: an answer is worked out once while it is remembered; memory is bounded.
// Not here: the sets that comments give (analyzer/texts/comment-tags-cache.ts).

import { limits } from '../../config/limits.js';
import { withoutCaller } from '../attribution/comments/tag-set.js';

export class UnitTagSets {
  readonly #known = new Map<string, string>();

  /** @param tagSet canonical JSON object, '' = none. */
  of(tagSet: string): string {
    if (tagSet === '') return '';
    let known = this.#known.get(tagSet);
    if (known === undefined) {
      known = withoutCaller(tagSet);
      if (this.#known.size >= limits.tagSetsMax) this.#known.clear();
      this.#known.set(tagSet, known);
    }
    return known;
  }
}
