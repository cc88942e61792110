// The name of one unit of work: dimensions that its statements give.
// Invariant: it depends on when statements started, not on when they came.
// Not here: which dimensions there are (../../attribution/comments/tag-set.ts).

import { isBefore } from './statement-sums.js';

export class UnitName {
  /** Of the first that names a route, else of the first tagged one; '' = none is. */
  tagSet = '';
  /** When that started. */
  ms = Number.POSITIVE_INFINITY;
  hasRoute = false;
  /** The first that came and names a route, as comments alone give it; '' = none yet. */
  given = '';

  /** What runs before a URL is resolved has tags, but no route: the first that has one names the unit. */
  offer(tagSet: string, startMs: number): void {
    const isRoute = tagSet === this.tagSet ? this.hasRoute : namesRoute(tagSet);
    if (isRoute === this.hasRoute) {
      if (!isBefore(startMs, tagSet, this.ms, this.tagSet)) return;
    } else if (this.hasRoute) return;
    this.tagSet = tagSet;
    this.ms = startMs;
    this.hasRoute = isRoute;
  }

  clear(): void {
    this.tagSet = this.given = '';
    this.ms = Number.POSITIVE_INFINITY;
    this.hasRoute = false;
  }
}

/** The set says what its request is, rather than which application it is of. */
export function namesRoute(tagSet: string): boolean {
  return tagSet !== '' && ROUTE.test(tagSet);
}

const ROUTE = /[{,]"(?:route|job|command|controller)":/;
