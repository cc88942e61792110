// The units that are not over yet, oldest first.
// Invariant: a unit is among them once. While they are gone through, the one at hand may leave.
// A list through the units themselves: one that comes and goes with each request leaves nothing to a garbage collector.
// Not here: when a unit is over (unit-end.ts).

import type { Unit } from './unit.js';

export class OpenUnits implements Iterable<Unit> {
  #oldest: Unit | undefined = undefined;
  #newest: Unit | undefined = undefined;
  size = 0;

  get oldest(): Unit | undefined {
    return this.#oldest;
  }

  /** One that is not among them. */
  add(unit: Unit): void {
    unit.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = unit;
    else this.#newest.newer = unit;
    this.#newest = unit;
    this.size++;
  }

  /** One that is among them. */
  remove(unit: Unit): void {
    const { older, newer } = unit;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    unit.older = unit.newer = undefined;
    this.size--;
  }

  *[Symbol.iterator](): Iterator<Unit> {
    for (let unit = this.#oldest; unit !== undefined; ) {
      const next: Unit | undefined = unit.newer;
      yield unit;
      unit = next;
    }
  }
}
