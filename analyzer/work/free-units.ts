// Keeps units to which nothing leads any more, so that they serve again.
// Most units live for a second and more, and such objects are what a garbage collector works on most.
// Invariant: a unit that an id, a session, an execution without a verdict or a listener may still lead to is not kept.
// Not here: what a unit is (unit.ts), when it is over (units.ts).

import type { Boundary } from '../../facts/rollup-row.js';
import type { KeptStatements } from './kept/kept-statements.js';
import { Unit } from './unit.js';

/** Beyond it they are left to the garbage collector. */
const FREE_MAX = 2_048;

export class FreeUnits {
  readonly #kept: KeptStatements;
  readonly #free: Unit[] = [];

  constructor(kept: KeptStatements) {
    this.#kept = kept;
  }

  /** One that nothing leads to. */
  begin(boundary: Boundary): Unit {
    const unit = this.#free.pop();
    if (unit === undefined) return new Unit(boundary, this.#kept);
    unit.beginAnew(boundary);
    return unit;
  }

  /** One less leads to it. */
  release(unit: Unit): void {
    unit.holders--;
    this.offer(unit);
  }

  /** It ended, or was left by a session. */
  offer(unit: Unit): void {
    if (!unit.ended || unit.holders > 0 || unit.unsettled > 0 || unit.sessions.length > 0) return;
    if (unit.servesOnce || this.#free.length >= FREE_MAX) return;
    // Offered again, it is not kept twice.
    unit.servesOnce = true;
    // What it held of its statements was written or forgotten, and would stay where no other unit begins.
    unit.distinct.clear();
    this.#free.push(unit);
  }
}
