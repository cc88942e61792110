// Counts the statements that units keep, and lends the arrays that hold them: they serve again.
// What lives for a second is what a garbage collector works on most.
// Invariant: what is lent has one borrower. Not here: what is kept of a statement (packed-statements.ts).

import { PackedStatements } from './packed-statements.js';

/** With more room it is not lent again. */
const ROOM_MAX = 64;
/** Beyond it they are left to the garbage collector. */
const FREE_MAX = 1_024;

export class KeptStatements {
  readonly #max: number;
  readonly #free: PackedStatements[] = [];
  /** In units. */
  size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.size >= this.#max;
  }

  lend(): PackedStatements {
    return this.#free.pop() ?? new PackedStatements();
  }

  giveBack(statements: PackedStatements): void {
    if (statements.room > ROOM_MAX || this.#free.length >= FREE_MAX) return;
    statements.clear();
    this.#free.push(statements);
  }
}
