// Counts different numbers, as a Set would, without an object for each.
// Invariant: serves until the next one is made: all share one table. Not here: which numbers (group.ts).

const SLOTS_FIRST = 1_024;
const MARK_MAX = 2 ** 32 - 1;

let keys = new Float64Array(SLOTS_FIRST);
/** A slot holds a number of the set whose mark it has. */
let marks = new Uint32Array(SLOTS_FIRST);
let mark = 0;

export class NumberSet {
  size = 0;

  /** @param most how many will be added. */
  constructor(most: number) {
    if (most * 2 > keys.length) {
      const slots = 2 ** Math.ceil(Math.log2(most * 2));
      keys = new Float64Array(slots);
      marks = new Uint32Array(slots);
      mark = 0;
    }
    if (mark === MARK_MAX) {
      marks.fill(0);
      mark = 0;
    }
    mark++;
  }

  /** A whole number. */
  add(number: number): void {
    const mask = keys.length - 1;
    let slot = number & mask;
    while (marks[slot] === mark) {
      if (keys[slot] === number) return;
      slot = (slot + 1) & mask;
    }
    marks[slot] = mark;
    keys[slot] = number;
    this.size++;
  }
}
