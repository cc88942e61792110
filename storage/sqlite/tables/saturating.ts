// Sums in SQL that stop at the largest sum, whatever a server claims to have answered.
// Invariant: no sum fails. Where `+` leaves 64 bits it gives a floating-point number, which min() cuts; sum() would
// fail there, total() does not. Not here: which columns are summed (rollup-tables.ts).

import { SUM_MAX } from '../../../facts/sums.js';

const MAX = BigInt(SUM_MAX);

/** An expression over the rows of a group, summed up; 0 where there is no row. */
export function totalSql(expression: string): string {
  return `min(${MAX}, total(${expression}))`;
}

/** A stored value and one that is added to it. */
export function plusSql(stored: string, added: string): string {
  return `min(${MAX}, ${stored} + ${added})`;
}
